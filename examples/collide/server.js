'use strict';

// A note store on two fixed ports: notes on 9926, administration on 9925. Every answer carries the
// identity of the run that started this server, so that a test can tell its own from a stranger's.
//
//   COLLIDE_RUN   the run's identity (default: a random one)
//   COLLIDE_DATA  the directory that the notes are kept in (default: a new one in the temporary directory)

const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const HOST = '127.0.0.1';
const run = process.env.COLLIDE_RUN || crypto.randomBytes(8).toString('hex');
const data = process.env.COLLIDE_DATA || fs.mkdtempSync(path.join(os.tmpdir(), 'collide-'));

function answer(response, status, body) {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-collide-run': run,
    'x-collide-pid': process.pid,
  });
  response.end(JSON.stringify(body));
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

async function notes(request, response) {
  const name = /^\/notes\/(\w+)$/.exec(request.url)?.[1];
  if (!name) return answer(response, 404, { error: 'no such page' });
  const file = path.join(data, name);
  if (request.method === 'PUT') {
    await fs.promises.writeFile(file, await bodyOf(request));
    return answer(response, 201, { name });
  }
  try {
    answer(response, 200, { name, text: await fs.promises.readFile(file, 'utf8') });
  } catch {
    answer(response, 404, { error: `no note '${name}'` });
  }
}

function administration(request, response) {
  answer(response, 200, { run, pid: process.pid, data, uptime: process.uptime() });
}

for (const [port, handler] of [[9926, notes], [9925, administration]]) {
  http.createServer(handler)
    .on('error', (error) => {
      console.error(`collide: cannot listen on ${HOST}:${port}: ${error.code}`);
      process.exit(1);
    })
    .listen(port, HOST);
}

process.on('SIGTERM', () => process.exit(0));
