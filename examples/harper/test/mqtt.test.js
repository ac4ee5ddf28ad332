'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { mqttConnect } = require('../lib/client.js');
const { gate } = require('../lib/gate.js');
const { Harper, MQTT } = require('../lib/harper.js');

test('the MQTT broker of a Harper on 127.0.0.1:1883', { timeout: 170_000 }, async (t) => {
  const harper = await Harper.boot();
  t.after(() => harper.stop());
  await gate(harper.root);

  await t.test('it accepts a client', async () => {
    assert.equal(await mqttConnect(MQTT), 0);
  });

  await t.test('it accepts many at once', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, () => mqttConnect(MQTT)));
    assert.deepEqual(codes, Array(20).fill(0));
  });
});
