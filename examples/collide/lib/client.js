'use strict';

const http = require('node:http');

const HOST = '127.0.0.1';

/** One HTTP request on a connection of its own. Resolves to {status, headers, text}. */
function ask(port, url, { method = 'GET', body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: HOST, port, path: url, method, agent: false, timeout: 5000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${HOST}:${port} did not answer within 5 s`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** Throws a sentence when `reply`, which came from `port`, was not sent by the run `run`. */
function expectOwn(run, port, reply) {
  const other = reply.headers['x-collide-run'];
  if (other === run) return reply;
  const who = other
    ? `the server of run ${other} (pid ${reply.headers['x-collide-pid']})`
    : 'a program that is no collide server';
  throw new Error(`${HOST}:${port} was answered by a stranger: ${who}, not by our own run ${run}`);
}

module.exports = { HOST, ask, expectOwn };
