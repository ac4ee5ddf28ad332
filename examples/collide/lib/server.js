'use strict';

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { ask, expectOwn } = require('./client.js');

const PROGRAM = path.join(__dirname, '..', 'server.js');
const PORTS = [9926, 9925];
const START_LIMIT = 15_000; // ms

/**
 * The server of one test run. With `leaveBehind` it gets a session of its own and is never
 * stopped: the forgotten server of a real project.
 */
class Server {
  constructor({ leaveBehind = false } = {}) {
    this.leaveBehind = leaveBehind;
    this.run = crypto.randomBytes(8).toString('hex');
    this.data = fs.mkdtempSync(path.join(os.tmpdir(), 'collide-'));
    this.errors = '';
  }

  async start() {
    this.child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, COLLIDE_RUN: this.run, COLLIDE_DATA: this.data },
      detached: this.leaveBehind,
      stdio: ['ignore', 'ignore', this.leaveBehind ? 'ignore' : 'pipe'],
    });
    this.child.stderr?.on('data', (chunk) => { this.errors += chunk; });
    if (this.leaveBehind) this.child.unref();
    for (const port of PORTS) await this.ready(port);
  }

  /** Waits until something answers at `port`, as most harnesses do; then looks who it is. */
  async ready(port) {
    const deadline = Date.now() + START_LIMIT;
    for (;;) {
      const reply = await ask(port, '/').catch(() => null);
      if (reply) return expectOwn(this.run, port, reply);
      if (this.child.exitCode !== null) throw new Error(`our server ended at once: ${this.errors.trim()}`);
      if (Date.now() > deadline) throw new Error(`nothing answered at port ${port} within ${START_LIMIT / 1000} s`);
      await pause(20);
    }
  }

  async request(port, url, options) {
    return expectOwn(this.run, port, await ask(port, url, options));
  }

  async stop() {
    if (this.leaveBehind) return;
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((resolve) => { this.child.once('exit', resolve); });
      this.child.kill('SIGTERM');
      await gone;
    }
    fs.rmSync(this.data, { recursive: true, force: true });
  }
}

module.exports = { Server };
