'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const test = require('node:test');
const { gate } = require('../lib/gate.js');
const { Harper } = require('../lib/harper.js');

test('the REST interface of a Harper on 127.0.0.1:9926', { timeout: 170_000 }, async (t) => {
  const harper = await Harper.boot();
  t.after(() => harper.stop());
  await gate(harper.root);
  const name = `Rex-${crypto.randomUUID()}`; // only our own server can know it

  await t.test('a record is put and read again', async () => {
    assert.equal((await harper.rest('/Dog/7', { method: 'PUT', body: { name } })).status, 204);
    assert.deepEqual((await harper.rest('/Dog/7')).body, { id: '7', name });
  });

  await t.test('it is found by its name', async () => {
    assert.deepEqual((await harper.rest(`/Dog/?name=${name}`)).body, [{ id: '7', name }]);
  });

  await t.test('a record that nobody put is not found', async () => {
    assert.equal((await harper.rest('/Dog/8')).status, 404);
  });

  await t.test('a deleted record is not found', async () => {
    await harper.rest('/Dog/7', { method: 'DELETE' });
    assert.equal((await harper.rest('/Dog/7')).status, 404);
  });
});
