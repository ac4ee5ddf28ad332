'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const test = require('node:test');
const { mqttConnect } = require('../lib/client.js');
const { gate } = require('../lib/gate.js');
const { Harper, MQTT } = require('../lib/harper.js');

test('the operations API of a Harper on 127.0.0.1:9925', { timeout: 170_000 }, async (t) => {
  const harper = await Harper.boot();
  t.after(() => harper.stop());
  await gate(harper.root);
  const collar = crypto.randomUUID(); // only our own server can know it

  await t.test('a database and a table are made', async () => {
    await harper.operation({ operation: 'create_database', database: 'dev' });
    await harper.operation({ operation: 'create_table', database: 'dev', table: 'dog', primary_key: 'id' });
    assert.ok((await harper.operation({ operation: 'describe_database', database: 'dev' })).dog);
  });

  await t.test('records are inserted', async () => {
    const records = [{ id: 1, name: 'Penny', collar }, { id: 2, name: 'Kato', collar }];
    const reply = await harper.operation({ operation: 'insert', database: 'dev', table: 'dog', records });
    assert.deepEqual(reply.inserted_hashes, [1, 2]);
  });

  await t.test('they are found by value', async () => {
    const found = await harper.operation({
      operation: 'search_by_value', database: 'dev', table: 'dog',
      search_attribute: 'name', search_value: 'Penny', get_attributes: ['id', 'collar'],
    });
    assert.deepEqual(found, [{ id: 1, collar }]);
  });

  await t.test('they are found through SQL', async () => {
    const found = await harper.operation({ operation: 'sql', sql: 'SELECT name, collar FROM dev.dog WHERE id = 2' });
    assert.deepEqual(found, [{ name: 'Kato', collar }]);
  });

  await t.test('the MQTT broker on 127.0.0.1:1883 accepts a client', async () => {
    assert.equal(await mqttConnect(MQTT), 0);
  });
});
