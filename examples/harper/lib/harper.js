'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { HOST, PASSWORD, USER, ask } = require('./client.js');

const PROGRAM = path.join(__dirname, '..', 'node_modules', 'harperdb', 'bin', 'harperdb.js');
const APPLICATION = path.join(__dirname, '..', 'kennel');
const OPERATIONS = 9925;
const REST = 9926;
const MQTT = 1883;
const BOOT_LIMIT = 120_000; // ms; 3 to 6 s on an idle machine, above a minute with four at once on a busy one
const STOP_LIMIT = 10_000; // ms; usually below 0.2 s

const ARGUMENTS = [
  `--HDB_ADMIN_USERNAME=${USER}`,
  `--HDB_ADMIN_PASSWORD=${PASSWORD}`,
  '--THREADS_COUNT=1',
  `--NODE_HOSTNAME=${HOST}`,
  `--HTTP_PORT=${HOST}:${REST}`,
  `--OPERATIONSAPI_NETWORK_PORT=${HOST}:${OPERATIONS}`,
  `--MQTT_NETWORK_PORT=${HOST}:${MQTT}`,
];

// What the first boot would otherwise ask at a terminal.
const ANSWERS = { TC_AGREEMENT: 'yes', DEFAULTS_MODE: 'dev', REPLICATION_HOSTNAME: 'localhost' };

/** A Harper server on its usual ports, with a root directory of its own in the temporary directory. */
class Harper {
  static async boot() {
    const harper = new Harper();
    await harper.start();
    return harper;
  }

  constructor() {
    if (!fs.existsSync(PROGRAM)) throw new Error("harperdb is not installed here: 'npm install' does it");
    // Short: Harper puts a Unix socket in it, whose path is cut off at 107 bytes without a word.
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), 'hdb-'));
    fs.cpSync(APPLICATION, path.join(this.root, 'components', 'kennel'), { recursive: true });
  }

  async start() {
    const log = fs.openSync(path.join(this.root, 'boot.log'), 'a');
    this.child = spawn(process.execPath, [PROGRAM, `--ROOTPATH=${this.root}`, ...ARGUMENTS], {
      env: { ...process.env, ...ANSWERS },
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    this.exited = new Promise((resolve) => { this.child.once('exit', resolve); });
    try {
      await this.ready();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Waits until the operations API answers, and fails when it is not our own server that does. */
  async ready({ mayHaveExited = false } = {}) {
    const deadline = Date.now() + BOOT_LIMIT;
    for (;;) {
      const reply = await ask(OPERATIONS, '/', { method: 'POST', body: { operation: 'get_configuration' } })
        .catch(() => null);
      if (reply?.status === 200) return this.expectOwn(reply.body.rootPath);
      if (!mayHaveExited && this.child.exitCode !== null) throw new Error(`Harper ended at once: ${this.lastWords()}`);
      if (Date.now() > deadline) throw new Error(`Harper was not ready within ${BOOT_LIMIT / 1000} s: ${this.lastWords()}`);
      await pause(100);
    }
  }

  expectOwn(root) {
    if (root === this.root) return;
    throw new Error(`${HOST}:${OPERATIONS} was answered by a stranger: a Harper whose root is ${root}, not ours (${this.root})`);
  }

  lastWords() {
    const lines = fs.readFileSync(path.join(this.root, 'boot.log'), 'utf8').trim().split('\n');
    return lines.slice(-5).join(' | ');
  }

  /** The pid that the running server, whoever started it, has written down. */
  pid() {
    return Number(fs.readFileSync(path.join(this.root, 'hdb.pid'), 'utf8'));
  }

  /** Calls the operations API; a refusal is an Error. */
  async operation(body) {
    const reply = await ask(OPERATIONS, '/', { method: 'POST', body });
    if (reply.status !== 200) throw new Error(`${body.operation}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  rest(url, options) {
    return ask(REST, url, options);
  }

  /** Stops the process that `start` started. One that Harper has put in its place is not known here. */
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
      const deadline = new AbortController();
      await Promise.race([this.exited, pause(STOP_LIMIT, null, { signal: deadline.signal }).catch(() => {})]);
      deadline.abort();
      this.child.kill('SIGKILL');
      await this.exited;
    }
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

module.exports = { Harper, MQTT };
