// The page of the chat. Whatever came from people is put into the document as
// text, never as HTML.

const $ = (id) => document.getElementById(id);

let wanted = '';        // the name that was asked for, '' outside the room
let you = '';           // the name that the room gave
let users = new Set();
let last = 0;           // the date of the last event, which is also its identity
let author = '';        // of the last message in the log
let sent = '';          // what was sent last, to give it back if it is refused
let unread = 0;
let maxText = 500;

// ---- the connection

let socket = null;
let attempt = 0;        // since the connection was lost
let timer = 0;

function connect() {
	clearTimeout(timer);
	const url = new URL('ws', location.href);
	url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
	url.search = new URLSearchParams({ name: wanted });
	url.hash = '';
	const mine = socket = new WebSocket(url);
	socket.onmessage = (e) => receive(JSON.parse(e.data));
	socket.onclose = (e) => { if (mine === socket) lost(e); };
}

function connected() { return socket?.readyState === WebSocket.OPEN && you !== ''; }

// lost waits before the next attempt: longer each time, and never as long as
// the others do, so that they don't all come at once.
function lost(e) {
	you = '';
	if (e.code === 1009) problem('That message was far too long.');
	if (e.code === 1013) note('The connection was too slow.');
	const wait = Math.min(15000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);
	attempt++;
	show('reconnecting', 'Reconnecting…');
	timer = setTimeout(connect, wait);
}

function again() { if (wanted && socket?.readyState === WebSocket.CLOSED) connect(); }
addEventListener('online', again);
document.addEventListener('visibilitychange', () => { if (!document.hidden) { again(); seen(); } });

function show(state, text) {
	$('state').dataset.state = state;
	$('state').textContent = text;
	$('send').disabled = state !== 'connected';
	$('people').classList.toggle('stale', state !== 'connected');
}

// ---- what the server says

function receive(event) {
	if (event.errors) return refused(event);
	const handle = { welcome, joined, said, left }[event.type];
	if (handle) handle(event);
}

function welcome(event) {
	const back = last > 0;
	you = event.name;
	users = new Set(event.users);
	maxText = event.max_text;
	attempt = 0;
	showUsers();
	// What happened before is not news for a screen reader.
	$('log').ariaBusy = 'true';
	for (const old of event.history ?? []) if (old.at > last) said(old);
	$('log').ariaBusy = 'false';
	last = event.at;
	note(back ? `You are back as ${you}.` : `You are here as ${you}.`, event.at);
	show('connected', 'Connected');
	problem('');
	count();
}

function joined(event) {
	last = event.at;
	users.add(event.name);
	showUsers();
	note(`${event.name} joined`, event.at);
}

function left(event) {
	last = event.at;
	users.delete(event.name);
	showUsers();
	note(`${event.name} left`, event.at);
}

function said(event) {
	last = event.at;
	const message = element('article', event.name === you ? 'message own' : 'message');
	if (event.name === author) message.classList.add('more');
	author = event.name;
	const head = element('p', 'head');
	head.append(element('b', '', event.name), ' ', clock(event.at));
	message.append(avatar(event.name), head, element('p', 'text', event.text));
	append(message, event.name === you);
	if (event.name === you) problem('');
	else if (document.hidden) document.title = `(${++unread}) Fogo chat`;
}

// refused shows why a message was not taken, and gives it back.
function refused(event) {
	problem(event.errors.map((e) => e.message).join(' '));
	if ($('text').value === '') $('text').value = sent;
	count();
	$('text').focus();
}

// ---- the document

function element(tag, className, text = '') {
	const e = document.createElement(tag);
	e.className = className;
	e.textContent = text;
	return e;
}

// avatar is decoration: the name stands beside it.
function avatar(name) {
	let hue = 7;
	for (const c of name) hue = (hue * 31 + c.codePointAt(0)) % 360;
	const e = element('span', 'avatar', [...name][0].toUpperCase());
	e.style.setProperty('--hue', hue);
	e.ariaHidden = 'true';
	return e;
}

function clock(at) {
	const date = new Date(at);
	const e = element('time', '', date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
	e.dateTime = date.toISOString();
	return e;
}

function note(text, at = Date.now()) {
	author = '';
	const e = element('p', 'note', `${text} `);
	e.append(clock(at));
	append(e);
}

// append keeps the end in sight, unless the reader has gone up.
function append(e, always = false) {
	const log = $('log');
	log.append(e);
	while (log.children.length > 500) log.firstChild.remove();
	if (atEnd || always) log.scrollTop = log.scrollHeight;
}

// Whoever scrolls up stays there. A change of the log's own height, when the
// form grows or the window is turned, moves it too, but is not the reader's wish.
let atEnd = true;
let height = 0;
$('log').addEventListener('scroll', ({ target: log }) => {
	if (log.clientHeight === height) atEnd = log.scrollHeight - log.scrollTop - height < 80;
});
new ResizeObserver(([{ target: log }]) => {
	height = log.clientHeight;
	if (atEnd) log.scrollTop = log.scrollHeight;
}).observe($('log'));

function showUsers() {
	const names = [...users].sort((a, b) => a.localeCompare(b));
	$('users').replaceChildren(...names.map((name) => {
		const e = element('li', '');
		e.append(avatar(name), element('span', 'who', name));
		if (name === you) e.append(element('span', 'quiet', 'you'));
		return e;
	}));
	$('count').textContent = names.length;
}

function problem(text) { $('problem').textContent = text; }

function count() {
	const n = maxText - [...$('text').value].length;
	$('left').textContent = n < 0 ? `${-n} characters too many` : n < 100 ? `${n} characters left` : '';
	$('left').classList.toggle('over', n < 0);
}

function seen() {
	unread = 0;
	document.title = 'Fogo chat';
}

// ---- what the visitor does

function enter(name) {
	wanted = name;
	last = 0;
	attempt = 0;
	author = '';
	history.replaceState(null, '', '?' + new URLSearchParams({ name }));
	$('door').hidden = true;
	$('room').hidden = false;
	$('log').replaceChildren();
	show('connecting', 'Connecting…');
	connect();
	$('text').focus();
}

function leave() {
	clearTimeout(timer);
	wanted = you = '';
	const old = socket;
	socket = null;
	old.close(1000);
	history.replaceState(null, '', location.pathname);
	$('room').hidden = true;
	$('door').hidden = false;
	$('name').focus();
}

$('join').addEventListener('submit', (e) => {
	e.preventDefault();
	const name = $('name').value.trim();
	if (name) enter(name);
});

$('leave').addEventListener('click', leave);

$('say').addEventListener('submit', (e) => {
	e.preventDefault();
	const text = $('text').value.trim();
	if (!text) return;
	if (!connected()) return problem('Not connected. Your message is kept until you are back.');
	problem('');
	socket.send(JSON.stringify({ text }));
	sent = text;
	$('text').value = '';
	count();
	$('text').focus();
});

// Enter sends, Shift+Enter is a new line; while a word is being composed the
// key belongs to the input method.
$('text').addEventListener('keydown', (e) => {
	if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
	e.preventDefault();
	$('say').requestSubmit();
});
$('text').addEventListener('input', count);

// A link may bring the name along.
$('name').value = new URLSearchParams(location.search).get('name')?.trim() ?? '';
if ($('name').value && $('join').checkValidity()) enter($('name').value);
