package endpoint_test

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dispatched is an event as an EventSource dispatches it.
type dispatched struct{ typ, data, lastID string }

// source is an EventSource, by the algorithm of the HTML Living Standard
// sections 9.2.5 and 9.2.6, as literally as can be.
type source struct {
	events []dispatched
	retry  string

	typ, data, idBuffer, lastID string
}

func (s *source) interpret(stream string) {
	stream = strings.ToValidUTF8(stream, "\uFFFD")
	stream = strings.TrimPrefix(stream, "\uFEFF")
	for stream != "" {
		i := strings.IndexAny(stream, "\r\n")
		if i < 0 {
			break // an incomplete line is discarded, and so is the event
		}
		line := stream[:i]
		if strings.HasPrefix(stream[i:], "\r\n") {
			i++
		}
		stream = stream[i+1:]
		s.line(line)
	}
}

func (s *source) line(line string) {
	field, value, colon := strings.Cut(line, ":")
	switch {
	case line == "":
		s.dispatch()
	case colon && field == "":
	default:
		s.field(field, strings.TrimPrefix(value, " "))
	}
}

func (s *source) field(name, value string) {
	switch name {
	case "event":
		s.typ = value
	case "data":
		s.data += value + "\n"
	case "id":
		if !strings.Contains(value, "\x00") {
			s.idBuffer = value
		}
	case "retry":
		if strings.Trim(value, "0123456789") == "" {
			s.retry = value
		}
	}
}

func (s *source) dispatch() {
	s.lastID = s.idBuffer
	if s.data != "" {
		e := dispatched{"message", strings.TrimSuffix(s.data, "\n"), s.lastID}
		if s.typ != "" {
			e.typ = s.typ
		}
		s.events = append(s.events, e)
	}
	s.typ, s.data = "", ""
}

func interpret(stream string) []dispatched {
	s := &source{}
	s.interpret(stream)
	return s.events
}

// each is the stream of some items.
func each[T any](items ...T) iter.Seq[T] { return slices.Values(items) }

type textual = endpoint.Event[string]

func TestEvents(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
		want string
	}{
		{"everything", func() iter.Seq[endpoint.Event[item]] {
			return each(endpoint.Event[item]{ID: "7", Name: "tick", Data: item{"x", 1}, Retry: 1500 * time.Millisecond})
		}, "id: 7\nevent: tick\nretry: 1500\ndata: {\"name\":\"x\",\"n\":1}\n\n"},
		{"data alone", func() iter.Seq[endpoint.Event[int]] {
			return each(endpoint.Event[int]{Data: 1}, endpoint.Event[int]{Data: 2})
		},
			"data: 1\n\ndata: 2\n\n"},
		{"text", func() iter.Seq[textual] { return each(textual{Data: "a\nb\r\nc\rd"}) }, "data: a\ndata: b\ndata: c\ndata: d\n\n"},
		{"text that looks like fields", func() iter.Seq[textual] { return each(textual{Data: "a\n\nid: 1\n:x"}) },
			"data: a\ndata: \ndata: id: 1\ndata: :x\n\n"},
		{"empty text", func() iter.Seq[textual] { return each(textual{}) }, "data: \n\n"},
		{"text that ends a line", func() iter.Seq[textual] { return each(textual{Data: "a\n"}) }, "data: a\ndata: \n\n"},
		{"text with a blank", func() iter.Seq[textual] { return each(textual{ID: " 1", Data: " a"}) }, "id:  1\ndata:  a\n\n"},
		{"text that is no UTF-8", func() iter.Seq[textual] { return each(textual{Data: "a\xff\xfeb"}) }, "data: a\uFFFDb\n\n"},
		{"raw JSON", func() iter.Seq[endpoint.Event[json.RawMessage]] {
			return each(endpoint.Event[json.RawMessage]{Data: json.RawMessage("{\n\"a\":1}")})
		}, "data: {\"a\":1}\n\n"},
		{"any", func() iter.Seq[endpoint.Event[any]] { return each(endpoint.Event[any]{Data: "a\nb"}) }, "data: \"a\\nb\"\n\n"},
		{"a short retry", func() iter.Seq[textual] { return each(textual{Retry: 1}) }, "retry: 1\ndata: \n\n"},
		{"channel", func() <-chan textual { c := make(chan textual, 1); c <- textual{ID: "1"}; close(c); return c }, "id: 1\ndata: \n\n"},
		{"and an error", func() iter.Seq2[textual, error] {
			return func(yield func(textual, error) bool) {
				_ = yield(textual{Data: "a"}, nil) && yield(textual{}, &myErr{"gone"})
			}
		}, "data: a\n\nevent: error\ndata: {\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":\"gone\"}\n\n"},
		{"and a result", func() (iter.Seq[textual], error) { return each(textual{}), nil }, "data: \n\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serve(t, row.view)
			for _, accept := range []string{"", "*/*", eventsType, "text/*", "text/event-stream;q=0.1, application/json"} {
				got := s.get("/", "Accept", accept)
				assert.Equal(t, 200, got.status)
				assert.Equal(t, eventsType, got.contentType(), "events are never sent as anything else")
				assert.Equal(t, row.want, got.body)
				assert.Empty(t, got.header.Get("Vary"), "there is no choice")
			}
			for _, accept := range []string{ndjsonType, "application/json", "text/event-stream;q=0"} {
				got := s.get("/", "Accept", accept)
				assert.Equal(t, 406, got.status, accept)
				assert.Contains(t, got.body, "This can be sent as text/event-stream.")
			}
			assert.Empty(t, s.do(http.MethodHead, "/", "").body)
		})
	}
}

// What would be read as another field, or not at all, ends the stream; the text
// is the server's.
func TestEventsThatCannotBeSent(t *testing.T) {
	for name, e := range map[string]textual{
		"line feed in the id":     {ID: "secret\ndata: evil"},
		"return in the id":        {ID: "secret\revent: evil"},
		"NUL in the id":           {ID: "secret\x00"},
		"invalid UTF-8 in the id": {ID: "secret\xff"},
		"line feed in the name":   {Name: "secret\ndata: evil"},
		"return in the name":      {Name: "secret\r\rdata: evil"},
		"negative retry":          {Retry: -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func() iter.Seq[textual] { return each(textual{Data: "first"}, e, textual{Data: "last"}) })
			events := interpret(s.get("/").body)
			if assert.Len(t, events, 2) {
				assert.Equal(t, "first", events[0].data)
				assert.Equal(t, "error", events[1].typ)
				assert.NotContains(t, events[1].data, "secret")
			}
			assert.Len(t, s.log.records(), 1)
		})
	}
}

type embedding struct{ endpoint.Event[int] }

func TestRejectedEvents(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
	}{
		{"alone", func() endpoint.Event[int] { return endpoint.Event[int]{} }},
		{"pointer", func() iter.Seq[*endpoint.Event[int]] { return nil }},
		{"embedded", func() iter.Seq[embedding] { return nil }},
		{"data that cannot be encoded", func() iter.Seq[endpoint.Event[func()]] { return nil }},
		{"event of an event", func() iter.Seq[endpoint.Event[textual]] { return nil }},
		{"body", func() endpoint.Created[textual] { return endpoint.Created[textual]{} }},
		{"message", func(resolve.Message[item]) iter.Seq[textual] { return nil }},
	} {
		t.Run(row.name, func(t *testing.T) { golden(t, buildError(t, row.view)) })
	}
}

// encode is what a stream of events sends, without a server.
func encode(t testing.TB, view any) string {
	h, err := endpoint.New(view)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	return w.Body.String()
}

// What an EventSource makes of a stream is what was put into it.
func FuzzEvents(f *testing.F) {
	f.Add("1", "tick", "a\nb", int64(1000))
	f.Add(" x", "", "\r\n\n\r", int64(1))
	f.Add("\uFEFF", "\x00", "\uFEFFdata: x\x00", int64(999_999_999))
	f.Add("a\nb", ":", "", int64(-1))
	f.Fuzz(func(t *testing.T, id, name, data string, retry int64) {
		body := encode(t, func() iter.Seq[textual] {
			return each(textual{ID: "before"}, textual{ID: id, Name: name, Data: data, Retry: time.Duration(retry)}, textual{})
		})
		s := &source{}
		s.interpret(body)
		require.Equal(t, dispatched{"message", "", "before"}, s.events[0])
		bad := func(text string) bool { return strings.ContainsAny(text, "\r\n\x00") || !utf8.ValidString(text) }
		if bad(id) || bad(name) || retry < 0 {
			require.Len(t, s.events, 2)
			assert.Equal(t, "error", s.events[1].typ)
			return
		}
		want := dispatched{"message", lines(data), "before"}
		if id != "" {
			want.lastID = id
		}
		if name != "" {
			want.typ = name
		}
		assert.Equal(t, []dispatched{want, {"message", "", want.lastID}}, s.events[1:])
		if retry > 0 {
			ms, err := strconv.ParseInt(s.retry, 10, 64)
			require.NoError(t, err)
			assert.Equal(t, (retry+999_999)/1_000_000, ms)
		}
		assert.True(t, utf8.ValidString(body))
	})
}

// lines is a text as an event can carry it.
func lines(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// Values are JSON, in events and lines alike, whatever is in them.
func FuzzItems(f *testing.F) {
	f.Add("a\nb", "\u2028\r")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?")
		want := map[string]string{a: b}
		events := interpret(encode(t, func() iter.Seq[endpoint.Event[map[string]string]] {
			return each(endpoint.Event[map[string]string]{Data: want})
		}))
		require.Len(t, events, 1)
		var got map[string]string
		require.NoError(t, json.Unmarshal([]byte(events[0].data), &got))
		assert.Equal(t, want, got)

		text := encode(t, func() iter.Seq[any] { return each[any](want, a) })
		require.Equal(t, 2, strings.Count(text, "\n"))
		first, second, _ := strings.Cut(text, "\n")
		require.NoError(t, json.Unmarshal([]byte(first), &got))
		assert.Equal(t, want, got)
		var again string
		require.NoError(t, json.Unmarshal([]byte(second), &again))
		assert.Equal(t, a, again)
	})
}

func TestLastEventID(t *testing.T) {
	type params struct {
		Last string `header:"Last-Event-ID" default:"none"`
	}
	for name, view := range map[string]any{
		"parameter": func(last endpoint.LastEventID) iter.Seq[textual] { return each(textual{Data: string(last)}) },
		"header": func(last resolve.Optional[resolve.Header[endpoint.LastEventID]]) iter.Seq[textual] {
			h, _ := last.Get()
			return each(textual{Data: string(h.Value)})
		},
		"params struct": func(p params) iter.Seq[textual] {
			return each(textual{Data: strings.TrimSuffix(p.Last, "none")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, view)
			assert.Equal(t, "data: \n\n", s.get("/").body)
			assert.Equal(t, "data: 7\n\n", s.get("/", "Last-Event-ID", "7").body)
		})
	}
	s := serve(t, func(last endpoint.LastEventID) string { return string(last) })
	assert.Equal(t, "", s.get("/", "Last-Event-ID", "\xff").body, "it is UTF-8")
}

// A client of another make reads a stream as it comes, with its heartbeats.
func TestEventsWithCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	s := serve(t, func(ctx context.Context) iter.Seq[textual] {
		return func(yield func(textual) bool) {
			for i := range 3 {
				select {
				case <-ctx.Done():
					return
				case <-time.After(30 * time.Millisecond):
				}
				if !yield(textual{ID: strconv.Itoa(i), Data: "x"}) {
					return
				}
			}
		}
	}, endpoint.Heartbeat(10*time.Millisecond))
	out, err := exec.Command(curl, "-sN", "--fail", s.srv.URL+"/").Output()
	require.NoError(t, err)
	assert.Equal(t, []dispatched{{"message", "x", "0"}, {"message", "x", "1"}, {"message", "x", "2"}}, interpret(string(out)))
	assert.Contains(t, string(out), ":\n\n")
}
