// Verifies a delivery with the npm package `standardwebhooks`: {"secret", "headers", "body"} on standard input. Exit code 0:
// it is genuine; 1: it is not; 77: the package is not installed (tests/web).
const path = require('path');

let Webhook;
try {
  ({ Webhook } = require(require.resolve('standardwebhooks', { paths: [path.join(__dirname, '..', 'web'), ...(process.env.NODE_PATH || '').split(':')] })));
} catch {
  process.exit(77);
}
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
try {
  new Webhook(given.secret).verify(given.body, given.headers);
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
