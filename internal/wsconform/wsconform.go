package wsconform

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// Options describe the server under test.
type Options struct {
	// Host and Path are those of the request. Default: example.com and /.
	Host, Path string
	// Header are lines added to every request, such as "Cookie: a=1".
	Header []string

	// MaxMessage is the server's limit for a message, before and after inflating.
	// 0: it is not known, and cases about limits don't run. Otherwise at least 16 KiB;
	// bigger messages are sent only if they fit.
	MaxMessage int
	// MaxFrame is the server's limit for a frame, from 16 KiB to below MaxMessage. 0: none of its own.
	MaxFrame int

	// Subprotocols are those the server speaks, best first. It chooses by its own order.
	Subprotocols []string
	// SameOrigin says that pages of other origins are answered with 403.
	SameOrigin bool
	// TLS says that the connections have it, so the server's own origin is https.
	TLS bool
	// AnyRequest says that what is no handshake at all reaches another handler, so its answer proves nothing.
	AnyRequest bool

	// Deflate says that the server agrees to permessage-deflate.
	Deflate bool
	// CompressFrom is the size from which the server compresses what can be compressed. 0: it need not.
	CompressFrom int

	// Patience is how long any one answer may take. Default 10 s.
	Patience time.Duration
	// Silence is how long a server is listened to that should say nothing. Default 20 ms.
	Silence time.Duration

	// Skip has reasons by the names of cases that shall not run.
	Skip map[string]string
}

// Case is one thing that a server has to do.
type Case struct {
	Name    string // group/case
	Section string // what it proves, such as "RFC 6455 5.2"

	offer string // of permessage-deflate
	raw   bool   // the case does its own handshake
	once  bool   // not repeated over a connection with deflate
	run   func(*session)
}

// Run runs all cases that fit the options, each over a connection of its own. dial opens one
// to the server and writes nothing to it; the suite closes it.
func Run(t *testing.T, dial func(t testing.TB) net.Conn, o Options) {
	t.Helper()
	list := Cases(o)
	for _, err := range o.unknown(list) {
		t.Error(err)
	}
	for _, c := range list {
		t.Run(c.Name, func(t *testing.T) {
			if reason, ok := o.Skip[c.Name]; ok {
				t.Skip(reason)
			}
			if err := c.Check(dial(t), o); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// unknown reports what Skip names and is no case.
func (o Options) unknown(list []Case) []error {
	var errs []error
	for name := range o.Skip {
		if !slices.ContainsFunc(list, func(c Case) bool { return c.Name == name }) {
			errs = append(errs, fmt.Errorf("wsconform: no case %q to skip", name))
		}
	}
	return errs
}

// Cases returns the cases that fit the options. Their names are unique.
func Cases(o Options) []Case {
	o = o.resolved()
	base := slices.Concat(
		framing(o), masks(), reserved(), control(), fragments(),
		validText(o), invalidText(), failFast(), closing(), closeCodes(), limits(o), silence(),
	)
	list := slices.Concat(handshakes(o), refusals(o), keys(), origins(o), subprotocols(o), base)
	if !o.Deflate {
		return append(list, noDeflate()...)
	}
	for _, c := range base {
		if !c.once {
			c.Name, c.offer = "deflate/"+c.Name, "permessage-deflate"
			list = append(list, c)
		}
	}
	return slices.Concat(list, negotiation(o), declined(), compressed(o), takeover(o), broken(), compressedLimits(o))
}

// Check runs the case over a fresh connection, which it closes. The error tells
// what was expected and what came, with the end of the exchange.
func (c Case) Check(conn net.Conn, o Options) (err error) {
	s := newSession(conn, o.resolved())
	defer func() {
		if f, ok := recover().(failure); ok {
			err = c.error(f, s)
		}
	}()
	defer s.stop()
	if !c.raw {
		s.open(c.offer)
	}
	c.run(s)
	return nil
}

func (o Options) resolved() Options {
	if o.Host == "" {
		o.Host = "example.com"
	}
	if o.Path == "" {
		o.Path = "/"
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Silence == 0 {
		o.Silence = 20 * time.Millisecond
	}
	return o
}

// fits reports whether the server takes messages of n bytes in one frame.
func (o Options) fits(n int) bool {
	return (o.MaxMessage == 0 || n <= o.MaxMessage) && (o.MaxFrame == 0 || n <= o.MaxFrame)
}

// row is a case of the common form: something is sent, something has to follow.
type row struct {
	name    string
	section string
	send    []string // each in a write of its own
	then    func(*session)
	once    bool
}

func cases(group string, rows []row) []Case {
	list := make([]Case, 0, len(rows))
	for _, r := range rows {
		list = append(list, Case{
			Name: group + "/" + strings.ReplaceAll(r.name, "/", "_"), Section: r.section, once: r.once,
			run: func(s *session) {
				s.write(r.send...)
				r.then(s)
			},
		})
	}
	return list
}
