'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { gate } = require('../lib/gate.js');
const { Harper } = require('../lib/harper.js');

// Harper restarts by starting a second Harper, detached and in a session of its own, and ending the
// first. The harness only knows the first: this test is green, and leaves a server behind.
test('the restart operation keeps the data', { timeout: 170_000 }, async (t) => {
  const harper = await Harper.boot();
  t.after(() => harper.stop());
  await harper.rest('/Dog/7', { method: 'PUT', body: { name: 'Rex' } });

  const before = harper.pid();
  await harper.operation({ operation: 'restart' });
  await harper.exited;
  await harper.ready({ mayHaveExited: true });
  await gate(harper.root);

  assert.notEqual(harper.pid(), before);
  assert.deepEqual((await harper.rest('/Dog/7')).body, { id: '7', name: 'Rex' });
});
