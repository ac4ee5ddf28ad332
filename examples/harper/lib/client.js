'use strict';

const http = require('node:http');
const net = require('node:net');

const HOST = '127.0.0.1';
const USER = 'admin';
const PASSWORD = 'kennel-club';
const ANSWER_LIMIT = 20_000; // ms; a loaded machine's first query takes seconds

/** One request with JSON in and out, on a connection of its own. Resolves to {status, body}. */
function ask(port, path, { method = 'GET', body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: HOST, port, path, method, agent: false, timeout: ANSWER_LIMIT,
      auth: `${USER}:${PASSWORD}`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode, body: parsed(text) }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${HOST}:${port} did not answer in time`)));
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const field = (text) => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);

/** Connects as an MQTT 3.1.1 client and resolves to the broker's return code; 0 is "accepted". */
function mqttConnect(port) {
  const body = Buffer.concat([
    field('MQTT'), Buffer.from([4, 0xc2, 0, 60]), field('shard'), field(USER), field(PASSWORD),
  ]);
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, HOST, () => {
      socket.write(Buffer.concat([Buffer.from([0x10, body.length]), body]));
    });
    socket.setTimeout(ANSWER_LIMIT, () => socket.destroy(new Error(`${HOST}:${port} did not answer in time`)));
    socket.on('error', reject);
    socket.on('data', (packet) => {
      socket.destroy();
      if (packet[0] === 0x20) resolve(packet[3]);
      else reject(new Error(`${HOST}:${port} answered a CONNECT with packet type ${packet[0] >> 4}`));
    });
  });
}

module.exports = { HOST, USER, PASSWORD, ask, mqttConnect };
