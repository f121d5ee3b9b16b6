package endpoint_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type UserID int
type Limit int

func do(t *testing.T, h http.Handler, method, target, body string, header ...string) (*http.Response, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	req, err := http.NewRequest(method, srv.URL+target, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(b)
}

func TestSmokeHTTP(t *testing.T) {
	h, err := endpoint.New(func(id UserID, l resolve.Optional[resolve.Query[Limit]]) (item, error) {
		lim, ok := l.Get()
		if !ok {
			return item{}, errors.New("secret")
		}
		return item{"x", int(id) + int(lim.Value)}, nil
	}, endpoint.Pattern("/u/{user_id}"))
	require.NoError(t, err)
	t.Log("\n" + h.Explain())
	res, body := do(t, h, "GET", "/u/7?limit=3", "")
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, `{"name":"x","n":10}`, body)
	res, body = do(t, h, "GET", "/u/abc?limit=z", "")
	assert.Equal(t, 400, res.StatusCode)
	t.Log(body)
	res, body = do(t, h, "GET", "/u/1", "")
	assert.Equal(t, 500, res.StatusCode)
	t.Log(body)
}

type counter struct {
	Start int
	n     int
	Svc   *svc `inject:""`
}
type svc struct{ name string }

func (c *counter) OnReceive(conn *ws.WebSocket, m ws.Text) string {
	c.n++
	return strings.Repeat(string(m), c.Start+c.n) + c.Svc.name
}
func (c *counter) Get() string { return c.Svc.name }

func dial(t *testing.T, h http.Handler, path string) (*ws.WebSocket, *http.Response, error) {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	return ws.Client(context.Background(), conn, "ws://"+srv.Listener.Addr().String()+path, nil)
}

func TestSmokeSocket(t *testing.T) {
	in := inject.New()
	require.NoError(t, in.Provide(inject.Singleton, func() *svc { return &svc{"!"} }))
	h, err := endpoint.New(counter{Start: 1}, endpoint.Injector(in))
	require.NoError(t, err)
	t.Log("\n" + h.Explain())
	c, _, err := dial(t, h, "/")
	require.NoError(t, err)
	require.NoError(t, c.SendText("a"))
	s, err := c.ReceiveText(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "aa!", s)
	require.NoError(t, c.SendText("b"))
	s, err = c.ReceiveText(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "bbb!", s)
	require.NoError(t, c.Close(1000))

	h, err = endpoint.New(func(d ws.Data) ws.Data { return d })
	require.NoError(t, err)
	c, _, err = dial(t, h, "/")
	require.NoError(t, err)
	require.NoError(t, c.SendText("hello"))
	m, err := c.Receive(t.Context())
	require.NoError(t, err)
	assert.Equal(t, ws.Message{Kind: ws.KindText, Data: []byte("hello")}, m)
}

func TestSmokeProblem(t *testing.T) {
	_, err := endpoint.New(func(id int, s *svc, n UserID) (item, int) { return item{}, 0 }, endpoint.Pattern("/x/{id}/{n}"))
	require.Error(t, err)
	t.Log("\n" + err.Error())
}
