// Package deflate is the algorithm of permessage-deflate (RFC 7692): what the two
// sides of a WebSocket agree on, and what becomes of the bytes of a message. It knows nothing of
// connections and frames.
//
// # Agreement
//
// A server calls [Accept] with the client's Sec-WebSocket-Extensions, a client sends
// [Offer] and calls [Agree]. Both get [Params], and take from it the [Direction] that
// they send in and the one that they receive in:
//
//	p, answer, ok := deflate.Accept(r.Header.Values("Sec-WebSocket-Extensions"), cfg)
//	out := deflate.NewCompressor(p.FromServer(), cfg)
//	in := deflate.NewDecompressor(p.FromClient())
//
// Terms: the window is what a message may refer back to, up to 32,768 bytes of plain text.
// Takeover means that it goes on from one message to the next; without it, each begins with an empty one.
//
// # Algorithm
//
// A compressor with its tables is a megabyte, so no connection has one. A [Compressor] keeps the
// end of what was sent, as plain text, and each message borrows a writer from a pool, which is given that text as its
// dictionary: to the peer it is the same as a writer that was never reset, for a match is
// only a distance. The message ends with a flush, that is with an empty stored block, whose
// last four bytes 00 00 ff ff are not sent (section 7.2.1).
//
// A [Decompressor] does likewise and puts the four bytes back (section 7.2.2). Behind
// them it puts a stored block of one byte. That byte is how the end of a message is told from a
// block that was cut short and swallows what follows it: the output of a whole message ends with exactly that byte.
// Blocks with BFINAL may stand anywhere in a message (section 7.2.3.4); reading goes on
// behind them with the window as it was.
//
// The surprise is how a window below 15 bits is kept to. What is not farther away than the window
// cannot be beyond it: as long as dictionary and message together are no bigger, any writer will do, and
// only others need the one that limits its matches, which has one level.
//
// # Performance
//
// CPU time of one core of an AMD EPYC server, JSON text, [Fastest] unless it says
// otherwise; read them as ratios:
//
//	compress                 512 B              4 KiB
//	no takeover              8 µs to 231 B      24 µs to 1180 B
//	takeover, 10 bits       11 µs to 165 B      29 µs to 1077 B
//	takeover, 12 bits       15 µs to 162 B      37 µs to 1061 B
//	takeover, 15 bits       68 µs to 161 B      86 µs to 1058 B
//	no takeover, level 6    12 µs to 218 B      40 µs to 1021 B
//	no takeover, level 9    20 µs to 215 B      79 µs to  966 B
//	takeover, 12, level 9   31 µs to 122 B     130 µs to  767 B
//	HuffmanOnly              6 µs to 336 B      11 µs to 2451 B
//
//	decompress
//	no takeover              3 µs                8 µs
//	takeover, 15 bits        3 µs                9 µs
//
// The history is looked through for each message, so a long one costs more than it
// saves: [Config.WindowBits] of 10 to 12 is what takeover is worth at low levels. Messages below 128
// bytes hardly shrink, and below level 7 they gain nothing from takeover.
//
// Apart from the growth of dst nothing is allocated, with takeover or without, once the
// history has its size and the pools are warm. They hold writers of 0.8 to 1.4 MB (HuffmanOnly 0.3 MB) and readers of
// 44 KB, as many as were at work at the same time, until the garbage collector empties them.
//
// An idle connection holds two structs of 32 bytes, with takeover also the two
// histories, each at most 1<<WindowBits bytes and no more than was sent: see [Compressor.Size]. The
// own one can be dropped at any time with [Compressor.Release]; the peer's cannot, so a
// server that has many connections asks for no PeerTakeover, which is the zero [Config].
//
// # Security
//
// Bombs: deflate unfolds to 1030 times its size. [Decompressor.Append] counts as it goes and stops at the limit.
// Payloads can also be made to cost time: Huffman trees without data are 14 times as slow to read
// as text, byte for byte, and blocks with BFINAL after a full window 15 times; 1 MiB of
// either takes up to 0.2 s. What bounds that is the limit on the size of a payload.
//
// Side channel (CRIME, BREACH): the length of a compressed message tells how much of it
// repeats what came before it. Who can have text of his own put next to a secret, and sees lengths on
// the wire, guesses the secret bit by bit, through TLS. Takeover widens "next to" from
// one message to all within the window. Don't compress messages with secrets on connections on which others have a say, or
// use [HuffmanOnly], which refers to nothing.
//
// A connection sees nothing of another one's messages through the pools: a distance
// beyond its own history is an error.
package deflate
