// Package resolve finds the values of parameters in HTTP requests and WebSocket
// messages. A reader can tell the source of every parameter from the signature
// and the pattern alone:
//
//	func(ctx context.Context, db *DB, id UserID, page resolve.Query[Page], in resolve.Body[NewUser]) (User, error)
//
// takes the request's context, a component that a provider makes, the variable
// {user_id} of the path, the query parameter "page" and the decoded body.
//
// # Sources
//
//	parameter                                     comes from
//	context.Context, *http.Request,               the framework
//	http.ResponseWriter, http.Header, *url.URL,
//	url.Values, *slog.Logger, Route, RawBody,
//	Parts;
//	on sockets *ws.WebSocket, ws.Data, ws.Text,
//	ws.Binary, ws.Code, ws.Reason
//	Path[T], Query[T], Header[T], Cookie[T],      where the wrapper says
//	Form[T], Body[T], Message[T], Optional[W]
//	T, if *T has Extract(deps…) error             its own method
//	a struct with fields tagged path, query,      each field from its tag
//	header, cookie, form or body
//	File, *File, []File as a field of a form      a part of a multipart body
//	a type that has a provider                    the injector
//	a scalar, or a value with UnmarshalText       the path variable of its name, else
//	                                              in handlers the next one that is left
//	on sockets the last parameter, a struct       the message
//	with fields tagged json or xml
//
// The classes are disjoint. A type that falls in two of them is an error of the
// build that names both places. A body is always said over HTTP: a component
// whose provider was forgotten is an error and never filled in by a client. Of
// one body there is one reader; RawBody may stand beside it and shares its bytes,
// unless it is read as it arrives: by Parts, or by a form with files.
//
// # Names
//
// A named type takes its name in snake_case: UserID takes {user_id}, and
// resolve.Query[PageSize] takes "page_size". A method ParamName() string gives
// another name. Types of the standard library have no name of this kind.
// Fields of params structs are named by their tags, fields of structs inside
// Query, Header and Form by their own names unless a tag says otherwise.
// Headers have hyphens and are canonical: RequestID is Request-Id.
//
// # Defaults and absence
//
// What is absent is a fault, unless it may be: a field with a `default` tag takes
// that, a pointer field is nil, a slice is empty, an Optional says so. Absent is
// not the same as malformed: an optional number that is there and is none is a
// fault. A text that is there and empty is present. {path...} may be empty, which
// is a value like any other unless its field has a default or may be absent.
//
// A default is parsed when the application is built; one that does not parse is
// an error then. The default of a slice is a list with commas.
//
// # Validation
//
// A value that was read whole is validated: by its method Validate() error, and by
// its `validate` tags if a [Validator] is configured, such as that of package
// resolve/playground. Tags without a validator are an error of the build. Fields
// that providers fill are still empty then. Validate may return a [Fault], [Faults]
// or [Violations] to say where; the text of any other error is told to the client.
//
// # Faults
//
// All faults of a request are collected, each with its location, and are the error
// of the call, [Faults]: up to 100 of them, each told once. Of one body the first
// fault in decoding it and all faults in validating it are told. Locations are in
// the client's terms: "path.user_id", "query.size[2]", "header.X-Token",
// "body.items[3].name". What is missing or malformed is a 400, what fails validation
// a 422; a body that is too large, too slow or of an unknown type is a 413, 408 or
// 415, which counts before the others.
//
// No provider runs before everything that it and its function need was read
// without a fault.
//
// # Codecs
//
// A [Codec] reads and writes one format. [JSON] and [XML] are read by default; the first
// one is taken for a body that does not say its type. Answers are JSON, unless codecs are
// configured: then clients choose among those, see [Config]. The codec is chosen by the
// Content-Type, of which a suffix such as +json counts too. A Body[T] whose fields
// are all scalars, or slices of them, may also come as a form.
//
// What a request's Content-Type has to be:
//
//   - None: the body is in the default codec's format. A form has to say what it is.
//   - A charset other than utf-8 or us-ascii is a 415. A byte order mark before JSON
//     or XML is passed over, over HTTP.
//   - No body, whatever its type is said to be: the body is absent. That is a fault,
//     or leaves an Optional empty.
//   - A Content-Encoding that no middleware has taken off is a 415, as soon as the
//     body turns out not to be readable without it.
//   - Anything that no codec reads, is malformed, or is there twice: a 415, whose
//     message and header field Accept list what is read, for POST and PATCH also
//     Accept-Post and Accept-Patch.
//
// Packages resolve/msgpack and resolve/cbor, modules of their own, have codecs for
// MessagePack and CBOR.
//
// JSON is read as encoding/json reads it: unknown names are ignored, names match in
// any case, and of duplicate names the last one counts. Unlike there, text that is
// not UTF-8 is an error, as RFC 8259 has it.
//
// # Uploads
//
// A multipart form is read part by part. A [File] is a field of it: in memory if it
// is small, else in a file that is removed when the call is over, whatever ended
// it, unless [File.Keep] is called. [Parts] are for uploads that are too large for
// that: the handler reads them as they arrive.
//
// Of a form these are the limits. Options are fields of [Uploads], but for the
// first.
//
//	what                       default    option           tag        answer
//	the whole body             1 MiB      Config.MaxBody,             413 body
//	                                      endpoint.MaxBody
//	a file                     the body   MaxFile          maxsize    413 form.photo
//	number of files            100        MaxFiles                    413 form
//	a text                     MaxText    MaxField         maxsize    413 form.title
//	names and texts together   1 MiB      MaxText                     413 form
//	number of parts            1000       MaxParts                    413 form
//	fields, if urlencoded      10,000                                 413 form
//	header of a part           8 KiB      MaxHeader                   413 form
//	length of the boundary     70                                     400 header.Content-Type
//	files in memory            1 MiB      Memory                      (goes to disk)
//	files of all calls on disk 1 GiB      MaxSpool                    503, Retry-After; of one
//	                                                                  that exceeds it alone 413 form
//	types of a file            any                         accept     422 form.photo
//	files of one name          1, or any for a slice                  400 form.photo
//
// A maxsize is written with a unit: KB is 1000 bytes, KiB is 1024. One that allows
// more than the body of its route is an error of the build, and so is a field of
// which one file could exceed MaxSpool. That is the only limit of all calls
// together, and counts what is on disk until the calls are over: a handler that
// holds large files long needs more of it. MaxFiles, MaxText, and
// MaxField are about forms with files, which take only the fields that they have;
// other forms are no larger than the body. Parts have the limits of the body, of
// the number of parts and of their headers, and [Part.Text] that of a text.
//
// The types that `accept` lists are compared with what the first bytes of the file
// look like, never with what the client declares; 415 is left to bodies of another
// type than the route reads. A type that cannot be told so is an error of the build.
//
// # Performance
//
// Everything about a type is found out when the application is built. Per call a
// path variable, a number or a string is written into its place without allocation.
// The query is parsed once, a body is read once, both only if something takes them.
// What is validated, or parsed by a method of its type, is read into memory of its
// own and copied, because the method may keep the pointer. A slice of scalars costs its
// own memory; decoded bodies allocate.
//
// # Security
//
// A body is read up to a limit ([Config].MaxBody, 1 MiB by default), into memory
// that grows with what arrives and not with what was declared. JSON nests up to
// 10000 levels. Files of a multipart form that nobody takes are skipped. Those that
// are taken are out of everybody's reach but the program's, their names are made
// harmless, and [File.SaveTo] writes into a directory only and over nothing. The
// tags of a file say what its first bytes look like, which is no proof of the rest:
// serve uploads from another origin, or with X-Content-Type-Options: nosniff.
// Numbers are decimal and in the range of their type; NaN and infinities are
// refused, since no answer in JSON could tell them.
//
// Pieces of the client's text appear in messages quoted and cut short. The texts of
// other errors never reach the client, but those of codecs and of Validate do, for
// they speak of the client's own data.
//
// Path, query and body never stand in for each other: a parameter has one source.
package resolve
