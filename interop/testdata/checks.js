// The checks of the clients in JavaScript: of a browser's WebSocket and of one
// with the same interface. runChecks returns [{name, error}].

'use strict';

async function runChecks(WebSocket, http, extra) {
  const base = http.replace(/^http/, 'ws');
  const results = [];
  let tags = 0;

  // Socket is a connection whose events can be waited for.
  class Socket {
    constructor(path, protocols) {
      this.waiting = [];
      this.events = [];
      this.ws = new WebSocket(base + path, protocols || []);
      this.ws.binaryType = 'arraybuffer';
      this.ws.onopen = () => this.put({open: true});
      this.ws.onmessage = (e) => this.put({data: e.data});
      this.ws.onclose = (e) => this.put({code: e.code, reason: e.reason, clean: e.wasClean});
      this.ws.onerror = () => {};
    }
    put(event) {
      const next = this.waiting.shift();
      if (next) next(event); else this.events.push(event);
    }
    async event() {
      if (this.events.length) return this.events.shift();
      return new Promise((done, fail) => {
        const timer = setTimeout(() => fail(new Error('nothing came in 5 s')), 5000);
        this.waiting.push((e) => { clearTimeout(timer); done(e); });
      });
    }
    async next(what) {
      const event = await this.event();
      if (!(what in event)) throw new Error('want ' + what + ', got ' + JSON.stringify(event));
      return event[what];
    }
    async message() { return this.next('data'); }
    async ended(code, reason) {
      const event = await this.event();
      equal(JSON.stringify([event.code, event.reason]), JSON.stringify([code, reason]));
      return event;
    }
    send(data) { this.ws.send(data); }
    close(...args) { this.ws.close(...args); }
  }

  async function open(path, protocols) {
    const s = new Socket(path, protocols);
    await s.next('open');
    return s;
  }

  function equal(got, want) {
    if (got !== want) throw new Error('got ' + String(got).slice(0, 200) + ', want ' + String(want).slice(0, 200));
  }

  function bytes(data) {
    if (!(data instanceof ArrayBuffer)) throw new Error('want binary, got ' + typeof data);
    return new Uint8Array(data);
  }

  function sameBytes(got, want) {
    equal(got.length, want.length);
    for (let i = 0; i < want.length; i++) if (got[i] !== want[i]) throw new Error('byte ' + i + ' is ' + got[i]);
  }

  // serverSaw asks the server how the connection with a tag ended.
  async function serverSaw(tag, code, reason) {
    const end = await (await fetch(http + '/ended?tag=' + tag)).json();
    equal(JSON.stringify([end.code, end.reason]), JSON.stringify([code, reason]));
  }

  async function check(name, f) {
    try {
      await f();
      results.push({name, error: ''});
    } catch (e) {
      results.push({name, error: String(e && e.message || e)});
    }
  }

  const texts = {
    'text': 'hello', 'empty text': '', 'unicode': 'héllo — 你好 🦊 \u0000\u202e',
    '126 characters': 'a'.repeat(126), '1 MiB of text': 'é'.repeat(1 << 19),
  };
  for (const name of Object.keys(texts)) {
    await check(name + ' to text', async () => {
      const s = await open('/echo');
      s.send(texts[name]);
      equal(await s.message(), texts[name]);
      s.close();
      await s.next('code');
    });
    await check(name + ' to binary', async () => {
      const s = await open('/binary');
      s.send(texts[name]);
      sameBytes(bytes(await s.message()), new TextEncoder().encode(texts[name]));
      s.close();
    });
  }

  const blobs = {'bytes': new Uint8Array([0, 255, 254, 128]), 'empty binary': new Uint8Array(0), '1 MiB of bytes': new Uint8Array(1 << 20).fill(7)};
  for (const name of Object.keys(blobs)) {
    for (const path of ['/echo', '/binary', '/own']) {
      await check(name + ' at ' + path, async () => {
        const s = await open(path);
        s.send(blobs[name]);
        sameBytes(bytes(await s.message()), blobs[name]);
        s.close();
      });
    }
  }

  await check('many messages in order', async () => {
    const s = await open('/echo');
    for (let i = 0; i < 200; i++) s.send('message ' + i);
    for (let i = 0; i < 200; i++) equal(await s.message(), 'message ' + i);
    s.close(1000);
  });

  await check('typed messages', async () => {
    const s = await open('/orders');
    s.send(JSON.stringify({item: 'tea', count: 2}));
    equal(await s.message(), '{"text":"tea ✓","sum":6}');
    s.send(JSON.stringify({item: 'tea', count: 0}));
    const problem = JSON.parse(await s.message());
    equal(problem.status, 422);
    equal(problem.errors[0].location, 'message.count');
    s.send(JSON.stringify({item: 'x', count: 1})); // it goes on
    equal(await s.message(), '{"text":"x ✓","sum":3}');
    s.send('{');
    equal(await s.next('code'), 1007);
  });

  await check('a stream of messages', async () => {
    const s = await open('/countdown');
    s.send('3');
    for (const n of ['3', '2', '1']) equal(await s.message(), n);
    s.close();
  });

  await check('a message in fragments', async () => {
    const s = await open('/film');
    s.send('300000');
    equal(bytes(await s.message()).length, 300000);
    s.close();
  });

  await check('path, query and a subprotocol', async () => {
    const s = await open('/rooms/42?tag=js' + ++tags, ['v1.rooms', 'v2.rooms']);
    equal(s.ws.protocol, 'v2.rooms');
    s.send('x');
    equal(await s.message(), '42 js' + tags + ' v2.rooms 1');
    s.close();
    await s.ended(1005, '');
    await serverSaw('js' + tags, 1005, '');
  });

  for (const [say, code, reason] of [['close', 4001, 'tschüß'], ['fail', 1011, ''], ['leave', 1000, 'left']]) {
    await check('the server closes: ' + say, async () => {
      const tag = 'js' + ++tags;
      const s = await open('/rooms/1?tag=' + tag);
      s.send(say);
      await s.ended(code, reason);
      await serverSaw(tag, code, reason);
    });
  }

  await check('the wrong kind of message', async () => {
    const tag = 'js' + ++tags;
    const s = await open('/rooms/1?tag=' + tag);
    s.send(new Uint8Array([1]));
    await s.ended(1003, 'expected a text message');
    await serverSaw(tag, 1003, 'expected a text message');
  });

  await check('the client closes', async () => {
    const tag = 'js' + ++tags;
    const s = await open('/rooms/1?tag=' + tag);
    s.close(4010, 'adiós');
    const event = await s.ended(4010, '');
    equal(event.clean, true);
    await serverSaw(tag, 4010, 'adiós');
  });

  await check('a view that returns', async () => {
    const s = await open('/own');
    s.send('quit');
    await s.ended(1000, '');
  });

  for (const path of ['/guarded', '/rooms/one?tag=x', '/nowhere']) {
    await check('refused: ' + path, async () => {
      const s = new Socket(path);
      equal(await s.next('code'), 1006); // before it was ever open
    });
  }
  await check('let in', async () => {
    const s = await open('/guarded?token=good');
    s.send('x');
    equal(await s.message(), 'x');
    s.close();
  });

  await check('pings are answered', async () => {
    const s = await open('/pinged');
    await new Promise((done) => setTimeout(done, 200));
    s.send('alive');
    equal(await s.message(), 'alive');
    s.close();
  });

  if (extra) await extra(check, open, equal);

  await check('the server stops', async () => {
    const s = await open('/leaving');
    await fetch(http + '/leave');
    const event = await s.ended(1001, '');
    equal(event.clean, true);
  });

  return results;
}

if (typeof module !== 'undefined') module.exports = {runChecks};
