'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { gate } = require('../lib/gate.js');
const { Harper } = require('../lib/harper.js');

test('SQL in a Harper on 127.0.0.1:9925', { timeout: 170_000 }, async (t) => {
  const harper = await Harper.boot();
  t.after(() => harper.stop());
  await gate(harper.root);
  const sql = (text) => harper.operation({ operation: 'sql', sql: text });

  await t.test('a table is made and filled', async () => {
    await harper.operation({ operation: 'create_database', database: 'walk' });
    await harper.operation({ operation: 'create_table', database: 'walk', table: 'tour', primary_key: 'id' });
    const reply = await sql("INSERT INTO walk.tour (id, dog, minutes) VALUES (1, 'Penny', 40), (2, 'Kato', 25)");
    assert.deepEqual(reply.inserted_hashes, [1, 2]);
  });

  await t.test('it is summed up', async () => {
    const [row] = await sql('SELECT SUM(minutes) AS walked FROM walk.tour');
    assert.equal(row.walked, 65);
  });

  await t.test('a changed record is read as it is now', async () => {
    await sql('UPDATE walk.tour SET minutes = 30 WHERE id = 2');
    assert.deepEqual(await sql('SELECT minutes FROM walk.tour WHERE id = 2'), [{ minutes: 30 }]);
  });
});
