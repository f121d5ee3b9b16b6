// Package compress compresses answers and decompresses the bodies of requests:
// [Responses] and [Requests], each a func(http.Handler) http.Handler for any
// server of net/http. It adapts github.com/klauspost/compress (gzip, zstd) and
// github.com/andybalholm/brotli, and is a module of its own because of them.
//
//	app.Use(
//		middleware.AccessLog(logger, middleware.AccessLogOptions{}),
//		middleware.BodyLimit(1<<20),
//		compress.Requests(compress.RequestOptions{}),
//		compress.Responses(compress.Options{}),
//	)
//
// # Options
//
//	Responses  default
//	Encodings  zstd, br, gzip, where the client likes several as much
//	Level      Balanced: zstd default, br 4, gzip 5
//	MinSize    1 KiB
//	Types      DefaultTypes: text, JSON, XML, scripts, SVG, WebAssembly
//	Streams    false
//
//	Requests   default
//	Encodings  gzip, zstd
//	MaxSize    8 MiB after decompression
//	MaxRatio   100, from 64 KiB on
//
// # Streams
//
// A stream is what has the type text/event-stream, or is flushed before the
// minimum size was written. It passes as it is unless Options.Streams is set;
// then each Flush flushes the encoder too, and what was written is with the
// client. WebSocket handshakes pass untouched. Nothing else is held back than
// the first bytes of an answer that doesn't tell its length, up to the minimum
// size.
//
// # Performance
//
// Encoders, decoders and buffers are pooled. A compressed answer allocates a
// writer, and a string if it has an ETag; a body two copies, of the request and
// of its header.
//
// # Security
//
// Compression tells the length of what is secret to whoever can mix text of his
// own into the same answer and watch the lengths (BREACH). Don't compress pages
// that hold both a secret and what a stranger chose, or mask the secret.
//
// A body of a request is decompressed as it is read, never ahead, in bounded
// memory: 8 MiB for the window of zstd, 16 MiB for that of brotli, if a
// client asks for them. Its size and ratio are limited, and codings on top of
// each other are refused.
package compress
