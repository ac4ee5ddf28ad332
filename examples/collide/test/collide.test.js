'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { gate } = require('../lib/gate.js');
const { Server } = require('../lib/server.js');

test('a note store on 127.0.0.1:9926 and 9925', { timeout: 120_000 }, async (t) => {
  const server = new Server({ leaveBehind: process.env.COLLIDE_LEAVE_BEHIND === '1' });
  t.after(() => server.stop());
  await server.start();
  await gate(`${server.run} ${server.data}`);

  await t.test('what was written is read again', async () => {
    const text = `written by ${server.run}`;
    const written = await server.request(9926, '/notes/greeting', { method: 'PUT', body: text });
    assert.equal(written.status, 201);
    const read = await server.request(9926, '/notes/greeting');
    assert.equal(JSON.parse(read.text).text, text);
  });

  await t.test('a note that nobody wrote is not found', async () => {
    assert.equal((await server.request(9926, '/notes/unwritten')).status, 404);
  });

  await t.test('the administration port knows the run', async () => {
    assert.equal(JSON.parse((await server.request(9925, '/')).text).run, server.run);
  });

  await t.test('a hundred requests at once are all answered by our own server', async () => {
    const ports = Array.from({ length: 100 }, (_, index) => (index % 2 ? 9925 : 9926));
    await Promise.all(ports.map((port) => server.request(port, '/')));
  });
});
