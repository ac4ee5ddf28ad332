'use strict';

const fs = require('node:fs/promises');
const path = require('node:path');

/**
 * Lets a script hold a run in its middle. COLLIDE_GATE names a directory with two named pipes: the run
 * writes one line to `ready`, then waits until somebody opens `go` for writing. Without the variable
 * there is no gate.
 */
async function gate(line) {
  const directory = process.env.COLLIDE_GATE;
  if (!directory) return;
  await fs.appendFile(path.join(directory, 'ready'), `${line}\n`);
  await (await fs.open(path.join(directory, 'go'), 'r')).close();
}

module.exports = { gate };
