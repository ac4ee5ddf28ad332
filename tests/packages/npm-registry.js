'use strict';

// usage: node npm-registry.js DIRECTORY
// An npm registry on a free port of 127.0.0.1 with the tarballs in DIRECTORY, one version of each package. Writes its URL
// to standard output. What it does not have is not found, as with the real one.

const { execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const [directory] = process.argv.slice(2);

/** What a registry says of the one package in a tarball. */
function packument(file, url) {
  const tarball = path.join(directory, file);
  const manifest = JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }));
  const integrity = `sha512-${crypto.createHash('sha512').update(fs.readFileSync(tarball)).digest('base64')}`;
  const { name, version } = manifest;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball: `${url}/tarballs/${file}`, integrity } } },
  };
}

const files = fs.readdirSync(directory).filter((file) => file.endsWith('.tgz'));
const answers = new Map();

const server = http.createServer((request, response) => {
  const answer = answers.get(decodeURIComponent(request.url));
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(answer ?? '{"error":"not found"}');
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  for (const file of files) {
    const about = packument(file, url);
    answers.set(`/${about.name}`, JSON.stringify(about));
    answers.set(`/tarballs/${file}`, fs.readFileSync(path.join(directory, file)));
  }
  console.log(url);
});
