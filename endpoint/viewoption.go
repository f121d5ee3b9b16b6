package endpoint

import (
	"fmt"
	"time"

	"github.com/gofogo/fogo/inject"
)

const (
	// defaultHeartbeat is short enough for proxies, which often drop what is
	// silent for a minute.
	defaultHeartbeat = 15 * time.Second
	// defaultWriteTimeout limits each write of a stream, not the stream.
	defaultWriteTimeout = 30 * time.Second
)

// keys of the options about answers.
type (
	heartbeatKey    struct{}
	writeTimeoutKey struct{}
	etagKey         struct{}
)

// Heartbeat sets how long a stream of items is silent before something is sent
// that clients pass over: so proxies see that it lives, and the server that its
// client does. 0 turns it off.
//
// In an event stream it is a comment, after 15 s by default. In NDJSON it is a
// blank before the next line, which belongs to that line's JSON; there it is
// off by default, because a stream that ends in silence then ends in a line of
// blanks, which not every client passes over.
func Heartbeat(every time.Duration) Option {
	return func(s *inject.Settings) { s.Set(heartbeatKey{}, every) }
}

// WriteTimeout sets how long a client may take to accept a piece of a stream,
// of 32 KiB at most; 30 s by default. One that takes longer has left.
func WriteTimeout(d time.Duration) Option {
	return func(s *inject.Settings) { s.Set(writeTimeoutKey{}, d) }
}

// ETag answers GET and HEAD with an ETag made from the encoded body, and with
// 304 or 412 where the request's conditions say so (RFC 9110 section 13): the
// view runs and its result is encoded as always, only sending it is saved. A
// result that knows its version without that is [Versioned]. An ETag that the
// result's own header has is taken instead.
func ETag() Option {
	return func(s *inject.Settings) { s.Set(etagKey{}, true) }
}

// answering is what options say about the answers of a view.
type answering struct {
	heartbeat time.Duration // negative for the default
	timeout   time.Duration
	etag      bool
}

// answeringOf reads the options; the faults are what is wrong with them.
func answeringOf(s *inject.Settings) (a answering, faults []string) {
	a = answering{heartbeat: -1, timeout: defaultWriteTimeout}
	if d, ok := s.Get(heartbeatKey{}).(time.Duration); ok {
		if a.heartbeat = d; d < 0 {
			faults = append(faults, fmt.Sprintf("the option endpoint.Heartbeat(%v) is negative; 0 turns heartbeats off", d))
		}
	}
	if d, ok := s.Get(writeTimeoutKey{}).(time.Duration); ok {
		if a.timeout = d; d <= 0 {
			faults = append(faults, fmt.Sprintf("the option endpoint.WriteTimeout(%v) leaves no time to write; leave it out for %v", d, defaultWriteTimeout))
		}
	}
	a.etag, _ = s.Get(etagKey{}).(bool)
	return a, faults
}

// uses are what the answers of a view have a use for.
type uses struct{ items, streams, tagged bool }

// add adds the answers to one method.
func (u *uses) add(method string, res *result) {
	u.items = u.items || res.items
	u.streams = u.streams || res.items || res.reader
	u.tagged = u.tagged || res.tags(method)
}

// idle are the faults of options that no answer has a use for.
func (u *uses) idle(s *inject.Settings) (faults []string) {
	for _, o := range []struct {
		key    any
		used   bool
		remedy string
	}{
		{heartbeatKey{}, u.items, "endpoint.Heartbeat is for a view that returns iter.Seq[T], iter.Seq2[T, error] or <-chan T"},
		{writeTimeoutKey{}, u.streams, "endpoint.WriteTimeout is for a view that returns iter.Seq[T], iter.Seq2[T, error], <-chan T or io.Reader"},
		{etagKey{}, u.tagged, "endpoint.ETag is for a GET that returns a value; a File and a Versioned have tags of their own, " +
			"and methods that change something take endpoint.Preconditions"},
	} {
		if s.Get(o.key) != nil && !o.used {
			faults = append(faults, "the option "+o.remedy+"; leave it out")
		}
	}
	return faults
}
