// PEER_PROCESSES web processes on one port, as a cluster; they end with the first.
'use strict';

const cluster = require('node:cluster');
const { bootstrap } = require('@vendure/core');

if (cluster.isPrimary) {
  for (let n = 0; n < Number(process.env.PEER_PROCESSES); n += 1) cluster.fork();
  cluster.on('exit', () => process.exit(1));
} else {
  const { config } = require('./config');
  bootstrap(config).catch((failure) => {
    console.error(failure);
    process.exit(1);
  });
}
