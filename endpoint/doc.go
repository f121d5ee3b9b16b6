// Package endpoint makes HTTP and WebSocket handlers out of functions and
// classes of any signature. Parameters are injected by their types, results
// become responses and frames by theirs.
//
// Most programs meet it through package fogo, whose applications register
// views on routes. [New], [Func] and [Class] make one view an http.Handler of
// its own, for use with any router.
//
// # Views
//
// A view is a function, or a class: a named type with methods such as Get or
// OnReceive. It is analysed once, when it is registered, and compiled into a
// plan; a call only runs the plan. Everything that can be wrong with a
// signature is an error then, with the table of the parameters and a remedy for
// each fault.
//
// Where a parameter comes from is told by its type and the pattern alone, see
// package resolve: path variables, resolve.Query, resolve.Body and the other
// wrappers, structs with tags, the types of net/http; and what providers make,
// see package inject.
//
// # Functions
//
//	endpoint.Func(func(ctx context.Context, id UserID) (User, error) { … },
//		endpoint.Pattern("GET /users/{user_id}"))
//
// A function without a method answers every method. One for GET answers HEAD
// too: the function is called, and everything but the body is sent.
//
// # Classes
//
//	type Users struct {
//		Store *Store `inject:""`
//	}
//
//	func (u *Users) Get(id UserID) (User, error)     { … }
//	func (u *Users) Delete(id UserID) error          { … }
//
// The methods Get, Head, Post, Put, Patch, Delete and Options answer the HTTP
// methods of these names, each with parameters of its own. Other methods are
// answered with 405 and Allow, OPTIONS with Allow.
//
// Every request gets a fresh copy of the prototype that was registered, by
// value or by pointer, with the fields filled that are tagged inject, path,
// query, header or cookie. So a method may write to the fields; nobody else
// sees it. The copy is shallow: what a field points to is shared by all. A
// variable of the pattern that any method or field takes is taken.
//
// # Results
//
// What is sent is decided by the types of the results, when the view is
// compiled.
//
//	nothing, error                 204, unless there is an error
//	string                         text/plain
//	[]byte                         application/octet-stream
//	struct, map, slice, number, …  200, encoded; a nil slice is [], a nil pointer null
//	io.Reader                      streamed as octets, and closed; nil is 204
//	iter.Seq[T], <-chan T          a stream, see below
//	iter.Seq2[T, error]            likewise, which an error may end
//	http.Handler                   is served; nil is 204
//	[Status], [Created], [Accepted]  a value with a status and header fields
//	[Response]                     a value with header fields and cookies that are fields of a struct
//	[Versioned]                    a value with a tag, 304 for who has it
//	[NoContent]                    204
//	[Redirect], [RedirectLocal]    a Location; one that never leads to another site
//	[HTML], [Template], [File]     a page; a file with ranges
//
// Each may be followed by an error, or by a pointer to a type that implements
// error, which is none if it is nil. Types with MarshalJSON or MarshalText are
// encoded by these, also where only the pointer has them.
//
// Values are encoded as JSON. Where the application has configured codecs, it is
// the format that the client prefers among those that have a form for the type,
// and Vary says that there was a choice: with JSON and XML a list, for which
// XML has no root, is JSON nevertheless. A client that accepts none is answered
// with 406, before anything is done. A browser's address bar gets the first.
//
// A function that takes http.ResponseWriter writes the answer itself. It may
// return an error, which is answered if nothing was written yet and logged
// otherwise; if it writes nothing the status is 200.
//
// # Order
//
// Guards run first, then the providers, then the view. Its result is encoded;
// then the finishers of providers run, which commit or roll back; then the
// answer is sent; then releases run. So an answer that cannot be encoded is
// rolled back, and what could not be committed is never answered as a success.
// Streams, handlers and functions that own the response are finished after
// the last byte.
//
// # Errors
//
// An error is answered as application/problem+json (RFC 9457):
//
//	{"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such user."}
//
// [Error] carries status, detail, type, title and header fields. An error type
// of your own with a method StatusCode() int chooses its status; its text is
// sent below 500 only. Of errors that wrap each other the outermost with a
// status counts. Faults of the request are collected, each with its location,
// such as path.id or body.items[3].name. Every other error is answered with 500
// without its text, and logged with the id that the answer has: the request's
// X-Request-Id, or a new one.
//
// Panics of views, providers, iterators and encoders are logged with their stack
// and answered with 500. http.ErrAbortHandler cuts the connection, as in
// net/http. An observe.ErrorObserver among [Config].Observers sees every error.
//
// # Streams
//
// An iterator or channel is sent as server-sent events to clients that ask for
// text/event-stream, else as NDJSON, one JSON value per line. Items of type
// [Event] have a name and an id, and are sent as events always; a client that was
// cut off says what it got last, see [LastEventID].
//
// An item is sent at once. Items that come while the network is busy are sent
// together, and when 32 KiB of them wait the producer waits too. Each write has a
// deadline; the stream has none. A silent event stream sends a comment now and
// then, see [Heartbeat].
//
// A stream ends with its last item or when the client leaves, does not read, or
// the server stops. The context of the call is cancelled then, a channel no
// longer received from, and an iterator's next yield returns false. Nobody can
// stop an iterator that waits between two items, nor a goroutine that sends on a
// channel: they take the context as a parameter and watch it. A stream without an
// end watches fogo.Draining too, or the server waits for it when it stops.
//
//	func Feed(ctx context.Context, hub *Hub) iter.Seq[endpoint.Event[News]] {
//		return func(yield func(endpoint.Event[News]) bool) {
//			for {
//				select {
//				case <-ctx.Done():
//					return
//				case n := <-hub.News:
//					if !yield(endpoint.Event[News]{ID: n.ID, Data: n}) {
//						return
//					}
//				}
//			}
//		}
//	}
//
// The iterator runs in the goroutine of the call, and so do the encoders of its
// items. HEAD never starts a stream.
//
// An error after the first byte becomes an event named error, with the problem
// as its data. In NDJSON, and for readers, it aborts the connection, so that
// nobody takes a part for the whole.
//
// A stream holds what it was made from. A provider with a clean-up that would
// be held so is an error of the build without the option inject.Hold.
//
// # Conditions
//
// A [File] has an ETag, a [Versioned] the one that it says, and with the option
// [ETag] other values one made of their encoded bodies. A GET whose If-None-Match
// or If-Modified-Since says that the client has that is answered with 304, one
// whose If-Match or If-Unmodified-Since is not met with 412 (RFC 9110 section
// 13). What changes something asks [Preconditions] first.
//
// A GET of a File may have a Range, and an If-Range, which only a strong tag or
// the very same date meets. What it cannot be sent by, such as another unit, the
// last no bytes, or more than 100 ranges, is ignored, and ranges that overlap so
// much that they are longer than the file are too; what lies behind its end is
// answered with 416. A file system without times, or with the same for all, which
// are those before the second second of Unix time, has no validators.
//
// # Defaults
//
//	heartbeat of an event stream     15 s, a comment          Heartbeat
//	heartbeat of NDJSON              none                     Heartbeat
//	time to accept a piece           30 s for 32 KiB          WriteTimeout
//	what waits for the network       32 KiB, then the producer waits
//	Cache-Control of streams         no-cache, no-store
//	X-Accel-Buffering of streams     no
//	status of Response, Status       200
//	status of redirects              303
//	fallback of RedirectLocal        /
//	ranges of a File                 up to 100, else the whole
//	ETag of values                   none                     ETag, Versioned
//	ETag of a File                   time and size, if known  File.Tag
//	type of a File                   by its extension, else application/octet-stream, and nosniff
//
// # WebSockets
//
// A function that takes a type of package ws or a resolve.Message is a
// WebSocket view. With a message parameter it is called once per message,
// without one once per connection. What it returns is sent.
//
//	endpoint.Func(func(m ws.Text) ws.Text { return "echo: " + m })
//
// A class with OnReceive takes sockets, beside its HTTP methods if it has any;
// OnConnect and OnDisconnect are optional. One copy lives as long as its
// connection, so its fields keep state between messages. Guards and everything
// that lives as long as the connection run on the handshake and may refuse it
// with any HTTP status. An error closes with 1011, a *ws.CloseError with its
// own code.
//
// # Close codes
//
//	what happened                           the client sees      OnDisconnect sees
//
//	the client closed, with a code or not   the same             its code, or 1005
//	the connection dropped                                       1006
//	a view that owns its connection
//	  returned nil                          1000                 (it is a function)
//	an error or a panic of the handler      1011, never its text 1011
//	a ws.CloseError                         its code and reason  its code
//	a fault before accepting: of a guard,
//	  a parameter, OnConnect                an HTTP status       is not called
//	binary where text is expected, or
//	  the reverse                           1003                 1003
//	malformed data, invalid UTF-8           1007                 1007
//	a message over the limit                1009                 1009
//	a violation of the protocol             1002                 1002
//	a message that fails validation         a problem object; the connection goes on
//	the server shuts down                   1001                 1001
//
// # Options
//
//	Pattern, Method    what a [Handler] answers
//	Injector           the providers
//	Guards             func(deps…) error, in order, before the view
//	Configure          codecs, validator, limits, logger, see [Config]
//	MaxBody            the limit for bodies
//	AllowBody          a body on GET, HEAD, DELETE or OPTIONS
//	IgnoreVars         variables that nothing takes
//	inject.Hold        a stream may hold resources
//	AsWebSocket        a function is a socket though its types don't say so
//	Encoding           the codec of messages
//	WebSocket          limits and rules of connections
//	CloseOnInvalid     a message with faults ends the connection
//	Heartbeat          what a silent stream sends, and when
//	WriteTimeout       how long a client may take to accept a piece of a stream
//	ETag               tags made of bodies, and 304
//
// One that none of a view's answers has a use for is an error of the build.
//
// # Performance
//
// Building reflects, calling does not: a plan is a flat list of typed steps over
// a pooled frame. Buffers and the state of calls are pooled by view, header
// values are shared. A GET with a path variable allocates nothing here if its
// result is a text, or has plain JSON: numbers, bools, texts and times, in
// structs, slices and behind pointers, with names of fields and no options in
// their tags. That is appended to the answer from where it is; what has maps,
// interfaces, embedded structs, options such as omitempty, or a MarshalJSON costs
// the codec, and perhaps the copy of the value that the codec sees. Items of
// streams are boxed one by one. Where answers have one format, nothing is
// negotiated but for a client that refuses it; else an Accept header that is
// absent, */* or the default type is not parsed. A http.ResponseWriter parameter
// costs one allocation.
//
// # Security
//
// Nothing of a request is bound that the signature does not name, bodies are
// limited, and invalid UTF-8 is refused. Texts of unknown errors and panics
// never reach a client. A problem is sent with nosniff. [Redirect] refuses what
// is no path and no http URL, [RedirectLocal] what a client could lead others to
// another site with, [File] what is no valid path of its file system. A File is
// never taken for a page by what is in it. Header fields and cookies of a
// [Response], names and ids of an [Event], and links of [EarlyHints] that would
// become something else because of a line break are errors, never sent.
// [HTML] is sent as it is: escape what comes from others, or use [Template] with
// html/template. An X-Request-Id is taken over only if it is short and printable.
package endpoint
