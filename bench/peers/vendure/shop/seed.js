// seed.js GOODS.CSV COUNT: tables by synchronisation, the shop's few facts and the goods by Vendure's own importer, the
// search index by its own indexer. Ends when every product can be found.
'use strict';

const { JobQueueService, SearchService, RequestContextService, TransactionalConnection, bootstrap } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config');

const facts = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  countries: [{ name: 'United Kingdom', code: 'GB', zone: 'Europe' }],
  taxRates: [{ name: 'No tax', percentage: 0 }],
  shippingMethods: [{ name: 'Post', price: 0 }],
  paymentMethods: [
    { name: 'Bench', handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] } },
  ],
  collections: [],
};

async function main([goods, count]) {
  const app = await populate(() => bootstrap(config), facts, goods);
  await app.get(JobQueueService).start();
  const context = await app.get(RequestContextService).create({ apiType: 'admin' });
  await app.get(SearchService).reindex(context);
  const { rawConnection } = app.get(TransactionalConnection);
  let row;
  for (const until = Date.now() + 240_000; Date.now() < until;) {
    [row] = await rawConnection.query('SELECT count(*)::int AS found FROM search_index_item');
    if (row.found === Number(count)) {
      await app.close();
      process.exit(0);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`the search index holds ${row.found} of ${count}`);
}

main(process.argv.slice(2)).catch((failure) => {
  console.error(failure);
  process.exit(1);
});
