// Vendure's own defaults on PostgreSQL: its search plugin, its job queue, a payment that always settles.
'use strict';

const {
  DefaultJobQueuePlugin, DefaultLogger, DefaultSearchPlugin, LogLevel, dummyPaymentHandler,
} = require('@vendure/core');

const database = new URL(process.env.PEER_DATABASE_URL);
const seeding = process.env.PEER_SEEDING === '1';

exports.config = {
  apiOptions: { hostname: '127.0.0.1', port: Number(process.env.PEER_PORT || 0), adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
  authOptions: {
    tokenMethod: ['bearer'],
    requireVerification: false,
    superadminCredentials: { identifier: 'superadmin', password: 'only for a bench' },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: database.hostname,
    port: Number(database.port),
    username: database.username,
    password: decodeURIComponent(database.password),
    database: database.pathname.slice(1),
    synchronize: seeding,
    logging: false,
  },
  importExportOptions: { importAssetsDir: __dirname },
  logger: new DefaultLogger({ level: seeding ? LogLevel.Error : LogLevel.Warn }),
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  // While seeding, jobs are done in the same process and the index is made once, in the end; else jobs wait in their
  // table for a worker.
  plugins: [DefaultSearchPlugin.init({ bufferUpdates: seeding }), DefaultJobQueuePlugin.init({ pollInterval: seeding ? 50 : 1000 })],
};
