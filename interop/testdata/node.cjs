// node node.cjs http://127.0.0.1:1234, with the package ws in NODE_PATH, prints
// a report in JSON.

'use strict';

const WebSocket = require('ws');
const {runChecks} = require('./checks.js');

const http = process.argv[2];

// What only this client can do.
async function extra(check, open, equal) {
  await check('a ping of the client', async () => {
    const s = await open('/echo');
    const pong = new Promise((done) => s.ws.once('pong', (data) => done(data.toString())));
    s.ws.ping('are you there?');
    equal(await pong, 'are you there?');
    s.close();
  });

  await check('fragments of the client', async () => {
    const s = await open('/echo');
    s.ws.send('hé', {fin: false});
    s.ws.ping('between');
    s.ws.send('', {fin: false});
    s.ws.send('llo', {fin: true});
    equal(await s.message(), 'héllo');
    s.close();
  });

  await check('an offer of compression is no obstacle', async () => {
    const ws = new WebSocket(http.replace(/^http/, 'ws') + '/echo', {perMessageDeflate: true});
    await new Promise((done, fail) => { ws.onopen = done; ws.onerror = fail; });
    const got = new Promise((done) => { ws.onmessage = (e) => done(e.data); });
    ws.send('x'.repeat(5000));
    equal(await got, 'x'.repeat(5000));
    ws.close();
  });

  await check('the answer that refuses', async () => {
    const ws = new WebSocket(http.replace(/^http/, 'ws') + '/guarded');
    ws.on('error', () => {});
    const [status, body] = await new Promise((done) => ws.once('unexpected-response', (req, res) => {
      let text = '';
      res.on('data', (d) => { text += d; });
      res.on('end', () => done([res.statusCode, text]));
    }));
    equal(status, 401);
    equal(JSON.parse(body).detail, 'who are you?');
  });

  await check('a hang-up', async () => {
    const s = await open('/rooms/1?tag=node');
    s.ws.terminate();
    const end = await (await fetch(http + '/ended?tag=node')).json();
    equal(end.code, 1006);
  });
}

runChecks(WebSocket, http, extra).then((checks) => {
  process.stdout.write(JSON.stringify({checks}), () => process.exit(0));
});
