package endpoint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSocketEncodingMismatch(t *testing.T) {
	onText := func(ws.Text) {}
	onBinary := func(ws.Binary) {}
	onLine := func(resolve.Message[line]) {}
	tests := []struct {
		name string
		view any
		send ws.Message
		code ws.Code
	}{
		{"binary for Text", onText, bin("x"), 1003},
		{"an empty binary for Text", onText, bin(""), 1003},
		{"text for Binary", onBinary, text("x"), 1003},
		{"an empty text for Binary", onBinary, text(""), 1003},
		{"malformed JSON", onLine, text(`{"text":`), 1007},
		{"nothing", onLine, text(``), 1007},
		{"more than one value", onLine, text(`{} {}`), 1007},
		{"a byte order mark", onLine, text("\uFEFF{}"), 1007},
		{"NaN is no JSON", func(resolve.Message[float64]) {}, text(`NaN`), 1007},
		{"a value of another type", onLine, text(`{"n":"one"}`), 1007},
		{"malformed JSON in binary", onLine, bin(`{`), 1007},
		{"JSON in binary that is not UTF-8", onLine, bin("{\"text\":\"\xff\"}"), 1007},
		{"a codec that quotes bytes", onLine, bin("\xff\xfe\xfd"), 1007},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveSocket(t, tt.view)
			c := s.dial("/")
			require.NoError(t, c.Send(tt.send.Kind, tt.send.Data))
			got, end := ending(t, c)
			require.Empty(t, got)
			require.Equal(t, tt.code, end.Code, "%s", end.Reason)
			require.NotEmpty(t, end.Reason)
			require.Empty(t, s.log.String(), "the peer's fault is not ours")
		})
	}
	t.Run("text that is not UTF-8", func(t *testing.T) {
		c := serveSocket(t, func(d ws.Data) ws.Data { return d }).raw("/")
		c.send(rawText, "\xff")
		_, p := c.read()
		require.Equal(t, closing(1007, ""), p[:2])
	})
}

// age checks itself.
type age struct {
	Years int `json:"years" xml:"years"`
}

func (a age) Validate() error {
	if a.Years < 0 {
		return resolve.Fault{Location: "years", Message: "is negative"}
	}
	return nil
}

func onAge(_ *ws.WebSocket, a age) string { return fmt.Sprint(a.Years) }

func TestSocketValidation(t *testing.T) {
	const problem = `{"type":"about:blank","title":"Unprocessable Entity","status":422,` +
		`"detail":"The request has faults, see errors.","errors":[{"location":"message.years","message":"is negative"}]}`
	t.Run("a problem object, and the connection goes on", func(t *testing.T) {
		s := serveSocket(t, onAge)
		c := s.dial("/")
		for range 2 {
			require.NoError(t, c.SendText(`{"years":-1}`))
			require.Equal(t, problem, hearText(t, c))
			require.NoError(t, c.SendText(`{"years":1}`))
			require.Equal(t, "1", hearText(t, c))
		}
		require.Empty(t, s.log.String())
	})
	t.Run("each of a list has its place", func(t *testing.T) {
		s := serveSocket(t, func(_ *ws.WebSocket, m resolve.Message[people]) int { return len(m.Value.All) })
		c := s.dial("/")
		require.NoError(t, c.SendText(`{"all":[{"years":1},{"years":-1}]}`))
		require.Contains(t, hearText(t, c), `{"location":"message.all[1].years","message":"is negative"}`)
	})
	t.Run("CloseOnInvalid closes with 1007", func(t *testing.T) {
		s := serveSocket(t, onAge, endpoint.CloseOnInvalid())
		c := s.dial("/")
		require.NoError(t, c.SendText(`{"years":-1}`))
		wantClose(t, c, 1007, "the message has faults")
		require.Empty(t, s.log.String())
	})
	t.Run("the finisher of the connection does not see a fault that was answered", func(t *testing.T) {
		ended := make(chan error, 1)
		in := provide(t, inject.PerConnection, func() (*tape, func(error) error) {
			return nil, func(err error) error { ended <- err; return nil }
		})
		s := serveSocket(t, func(_ *tape, _ *ws.WebSocket, a age) int { return a.Years }, endpoint.Injector(in))
		c := s.dial("/")
		require.NoError(t, c.SendText(`{"years":-1}`))
		require.Equal(t, problem, hearText(t, c))
		require.NoError(t, c.Close(1000))
		require.NoError(t, take(t, ended))
	})
	t.Run("in the view's encoding", func(t *testing.T) {
		c := serveSocket(t, onAge, endpoint.Encoding("xml")).dial("/")
		require.NoError(t, c.SendText(`<age><years>-1</years></age>`))
		require.Contains(t, hearText(t, c), "is negative")
		require.NoError(t, c.SendText(`<age><years>1</years></age>`))
		require.Equal(t, "1", hearText(t, c))
	})
}

// people checks each of its members.
type people struct {
	All []age `json:"all"`
}

func (p people) Validate() error {
	var faults resolve.Faults
	for i, a := range p.All {
		if a.Years < 0 {
			faults = append(faults, resolve.Fault{Location: fmt.Sprintf("all[%d].years", i), Message: "is negative"})
		}
	}
	if faults == nil {
		return nil
	}
	return faults
}

// inXML names its codec.
type inXML struct{}

func (inXML) Encoding() string      { return "xml" }
func (inXML) OnReceive(l line) line { return line{l.Text + "!", l.N + 1} }

// viaProvider takes the message itself and through a provider.
type viaProvider struct{}

func (viaProvider) OnReceive(n size, l line) string { return fmt.Sprint(n, l.N) }

type size int

func messageSize(m resolve.Message[line]) size { return size(m.Value.N) }

func TestSocketEncoding(t *testing.T) {
	const in, out = `<line><text>a</text><n>1</n></line>`, `<line><text>a!</text><n>2</n></line>`
	tests := []struct {
		name string
		view any
		opts []endpoint.Option
	}{
		{"the method Encoding of a class", inXML{}, nil},
		{"the option on a function", func(_ *ws.WebSocket, l line) line { return line{l.Text + "!", l.N + 1} }, []endpoint.Option{endpoint.Encoding("xml")}},
		{"the option on Message[T]", func(m resolve.Message[line]) line { return line{m.Value.Text + "!", m.Value.N + 1} }, []endpoint.Option{endpoint.Encoding("xml")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := serveSocket(t, tt.view, tt.opts...).dial("/")
			for _, kind := range []ws.Kind{ws.KindText, ws.KindBinary} {
				require.NoError(t, c.Send(kind, []byte(in)))
				got := hearText(t, c)
				assert.Equal(t, out, strings.TrimPrefix(got, xmlHeader))
			}
			require.NoError(t, c.SendText(`{"text":"a"}`))
			_, end := ending(t, c)
			require.Equal(t, ws.CodeInvalidPayload, end.Code)
		})
	}
	t.Run("the option wins over the method", func(t *testing.T) {
		c := serveSocket(t, inXML{}, endpoint.Encoding("json")).dial("/")
		require.NoError(t, c.SendText(`{"text":"a","n":1}`))
		require.Equal(t, `{"text":"a!","n":2}`, hearText(t, c))
	})
	t.Run("a provider that takes the message decodes alike", func(t *testing.T) {
		in := provide(t, inject.PerCall, messageSize)
		c := serveSocket(t, viaProvider{}, endpoint.Injector(in), endpoint.Encoding("xml")).dial("/")
		require.NoError(t, c.SendText(`<line><n>3</n></line>`))
		require.Equal(t, "3 3", hearText(t, c))
	})
}

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// namesNothing has an Encoding that leaves the default.
type namesNothing struct{}

func (namesNothing) Encoding() string            { return "" }
func (namesNothing) OnReceive(m ws.Text) ws.Text { return m }

// namesUseless has an Encoding for a message that is not decoded.
type namesUseless struct{}

func (namesUseless) Encoding() string  { return "json" }
func (namesUseless) OnReceive(ws.Text) {}

// namesUnknown has an Encoding that there is not.
type namesUnknown struct{}

func (namesUnknown) Encoding() string                { return "yaml" }
func (namesUnknown) OnReceive(resolve.Message[line]) {}

func TestSocketEncodingProblems(t *testing.T) {
	xml := endpoint.Encoding("xml")
	tests := []struct {
		name string
		view any
		opts []endpoint.Option
	}{
		{"on Data", func(ws.Data) {}, []endpoint.Option{xml}},
		{"on Text", func(ws.Text) {}, []endpoint.Option{xml}},
		{"on Binary", func(ws.Binary) {}, []endpoint.Option{xml}},
		{"the method on Text", namesUseless{}, nil},
		{"the option on a class with Data", onlyReceive{}, []endpoint.Option{xml}},
		{"no form for the result", func(resolve.Message[line]) map[string]int { return nil }, []endpoint.Option{xml}},
		{"unknown by option", func(resolve.Message[line]) {}, []endpoint.Option{endpoint.Encoding("yaml")}},
		{"unknown by method", namesUnknown{}, nil},
		{"unknown on a view that owns its connection", func(*ws.WebSocket) {}, []endpoint.Option{endpoint.Encoding("yaml")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := endpoint.New(tt.view, tt.opts...)
			require.Error(t, err)
			golden(t, err.Error())
		})
	}
	_, err := endpoint.New(namesNothing{})
	require.NoError(t, err)
}

// rude is a codec whose errors are not fit for a Close frame.
type rude struct{ resolve.Codec }

func (rude) Name() string             { return "rude" }
func (rude) Decode([]byte, any) error { return errors.New("no \xff" + strings.Repeat("!", 200)) }

func TestSocketEncodingErrorThatIsNotUTF8(t *testing.T) {
	s := serveSocketWith(t, func(c *endpoint.Config) {
		c.Values.Codecs = resolve.Codecs{rude{resolve.JSON()}}
	}, func(resolve.Message[line]) {})
	c := s.dial("/")
	require.NoError(t, c.SendText("{}"))
	_, end := ending(t, c)
	require.Equal(t, ws.CodeInvalidPayload, end.Code)
	require.LessOrEqual(t, len(end.Reason), 123)
}
