package endpoint_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// diary is what happened, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}

// want waits for the lines.
func (d *diary) want(t *testing.T, lines ...string) {
	t.Helper()
	want := strings.Join(lines, "\n")
	if !assert.Eventually(t, func() bool { return d.String() == want }, patience, 1e6) {
		assert.Equal(t, want, d.String())
	}
}

// Values of each lifetime.
type (
	db   struct{ n int } // per connection, with a finisher
	user struct{ n int } // per connection, with a release; needs db
	tx   struct{ n int } // per call, with a finisher; needs db
	span struct{ n int } // per call, with a release; needs tx
)

// scopes is an injector whose providers write into a diary.
func scopes(t *testing.T, d *diary) *inject.Injector {
	var mu sync.Mutex
	n := map[string]int{}
	next := func(what string) int {
		mu.Lock()
		defer mu.Unlock()
		n[what]++
		d.add("make %s%d", what, n[what])
		return n[what]
	}
	in := provide(t, inject.PerConnection,
		func() (*db, func(error) error) {
			v := &db{next("db")}
			return v, func(err error) error { d.add("finish db%d: %v", v.n, err); return nil }
		},
		func(b *db) (*user, func()) {
			v := &user{next("user")}
			return v, func() { d.add("release user%d of db%d", v.n, b.n) }
		})
	require.NoError(t, in.Provide(inject.PerCall, func(*db) (*tx, func(error) error) {
		v := &tx{next("tx")}
		return v, func(err error) error { d.add("finish tx%d: %v", v.n, err); return nil }
	}))
	require.NoError(t, in.Provide(inject.PerCall, func(x *tx, u *user) (*span, func()) {
		v := &span{next("span")}
		return v, func() { d.add("release span%d of tx%d", v.n, x.n) }
	}))
	return in
}

// spanned uses everything in each of its calls.
type spanned struct {
	DB *db `inject:""`
}

func (s *spanned) OnConnect(_ *span, d *diary)                    { d.add("connect") }
func (s *spanned) OnReceive(_ *span, m ws.Text, d *diary) ws.Text { d.add("receive %s", m); return m }
func (s *spanned) OnDisconnect(_ *span, d *diary)                 { d.add("disconnect") }

func TestSocketScopes(t *testing.T) {
	d := &diary{}
	in := scopes(t, d)
	require.NoError(t, in.Value(d))
	s := serveSocket(t, spanned{}, endpoint.Injector(in))
	c := s.dial("/")
	for _, m := range []string{"a", "b"} {
		require.NoError(t, c.SendText(m))
		require.Equal(t, m, hearText(t, c))
	}
	require.NoError(t, c.Close(1000))
	d.want(t,
		// What later calls need of the connection is made in the handshake.
		"make db1", "make user1",
		"make tx1", "make span1", "connect", "finish tx1: <nil>", "release span1 of tx1",
		"make tx2", "make span2", "receive a", "finish tx2: <nil>", "release span2 of tx2",
		"make tx3", "make span3", "receive b", "finish tx3: <nil>", "release span3 of tx3",
		"make tx4", "make span4", "disconnect", "finish tx4: <nil>", "release span4 of tx4",
		// Finishers before releases.
		"finish db1: <nil>", "release user1 of db1",
	)
}

func TestSocketScopeEndsWithTheError(t *testing.T) {
	d := &diary{}
	s := serveSocket(t, func(*user, *tx, ws.Data) error { return errors.New("broken") }, endpoint.Injector(scopes(t, d)))
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	wantClose(t, c, 1011, "")
	d.want(t, "make db1", "make user1", "make tx1", "finish tx1: broken", "finish db1: broken", "release user1 of db1")
}

func TestSocketScopeOfAViewThatOwnsItsConnection(t *testing.T) {
	d := &diary{}
	s := serveSocket(t, func(conn *ws.WebSocket, _ *user, _ *db) error {
		_ = conn.SendText("hi")
		d.add("run")
		return ws.CloseError{Code: 4000}
	}, endpoint.Injector(scopes(t, d)))
	c := s.dial("/")
	require.Equal(t, "hi", hearText(t, c))
	wantClose(t, c, 4000, "")
	d.want(t, "make db1", "make user1", "run", "finish db1: ws: closed with 4000", "release user1 of db1")
}

func TestSocketFinisherRunsBeforeTheReply(t *testing.T) {
	finish, release := make(chan error), make(chan struct{})
	in := provide(t, inject.PerCall,
		func() (*tx, func(error) error) { return nil, func(error) error { return <-finish } },
		func() (*span, func()) { return nil, func() { <-release } })
	s := serveSocket(t, func(*tx, *span, ws.Data) string { return "done" }, endpoint.Injector(in))
	c := s.dial("/")
	heard := make(chan string, 1)
	go func() {
		for m, err := range c.Messages(c.Context()) {
			if err == nil {
				heard <- string(m.Data)
			}
		}
	}()
	require.NoError(t, c.SendText("x"))
	nothing(t, heard) // the finisher has not run
	finish <- nil
	require.Equal(t, "done", take(t, heard)) // the release has not run
	close(release)

	require.NoError(t, c.SendText("x"))
	finish <- errors.New("commit failed")
	take(t, c.Done())
	code, _, _ := c.CloseCode()
	require.Equal(t, ws.CodeInternalError, code)
	nothing(t, heard) // a failed commit is not answered as a success
	s.wantLog("commit failed")
}

func TestSocketResultIsEncodedBeforeTheFinisherRuns(t *testing.T) {
	for name, view := range map[string]any{
		"an error": func(*tx, ws.Data) any { return func() {} },
		"a panic":  func(*tx, ws.Data) wild { return wild{} },
	} {
		t.Run(name, func(t *testing.T) {
			finished := make(chan error, 1)
			in := provide(t, inject.PerCall, func() (*tx, func(error) error) {
				return nil, func(err error) error { finished <- err; return nil }
			})
			c := serveSocket(t, view, endpoint.Injector(in)).dial("/")
			require.NoError(t, c.SendText("x"))
			wantClose(t, c, 1011, "")
			require.Error(t, take(t, finished), "what cannot be encoded is not committed")
		})
	}
}

// wild panics when it is encoded.
type wild struct{}

func (wild) MarshalJSON() ([]byte, error) { panic("wild") }

func TestSocketFinisherMayChooseTheCode(t *testing.T) {
	in := provide(t, inject.PerCall, func() (*tx, func(error) error) {
		return nil, func(err error) error { return ws.CloseError{Code: 4090, Reason: "conflict"} }
	})
	c := serveSocket(t, func(*tx, ws.Data) string { return "done" }, endpoint.Injector(in)).dial("/")
	require.NoError(t, c.SendText("x"))
	wantClose(t, c, 4090, "conflict")
}

func TestSocketFinisherOfTheConnectionFails(t *testing.T) {
	in := func() endpoint.Option {
		return endpoint.Injector(provide(t, inject.PerConnection, func() (*db, func(context.Context, error) error) {
			return nil, func(ctx context.Context, err error) error {
				return &endpoint.Error{Status: 409, Err: fmt.Errorf("rollback failed, context %v, after %w", ctx.Err(), cmp.Or(err, errNone))}
			}
		}))
	}
	t.Run("after the connection: it is logged", func(t *testing.T) {
		s := serveSocket(t, func(*db, ws.Data) {}, in())
		require.NoError(t, s.dial("/").Close(1000))
		s.wantLog("finishing the connection failed", "rollback failed, context <nil>, after none")
	})
	t.Run("of a view that owns its connection: it is told", func(t *testing.T) {
		s := serveSocket(t, func(*ws.WebSocket, *db) {}, in())
		wantClose(t, s.dial("/"), 1011, "")
		s.wantLog("connection failed", "after none")
	})
	t.Run("of a handshake that fails: it takes the error's place", func(t *testing.T) {
		s := serveSocket(t, func(*ws.WebSocket, *db) error { return endpoint.NewError(401, "log in") }, in())
		res, _ := s.refused("/")
		require.Equal(t, 409, res.StatusCode)
	})
	t.Run("of a view that refused the connection itself: it is logged", func(t *testing.T) {
		s := serveSocket(t, func(c *ws.WebSocket, _ *db) error { return c.Close(1000) }, in())
		res, _ := s.refused("/")
		require.Equal(t, 403, res.StatusCode)
		s.wantLog("after none")
	})
}

var errNone = errors.New("none")

func TestSocketProviderTakesTheMessage(t *testing.T) {
	made := 0
	in := provide(t, inject.PerCall,
		func(m resolve.Message[line]) *tape { made++; return &tape{m.Value.N} },
		func(p *tape) *track { return &track{p.n * 2} })
	s := serveSocket(t, func(a *tape, b *track, m resolve.Message[line]) string {
		return fmt.Sprint(m.Value.Text, a.n, b.n)
	}, endpoint.Injector(in))
	c := s.dial("/")
	for n := 1; n <= 3; n++ {
		// Two equal messages share nothing, and one message makes it once.
		for range 2 {
			require.NoError(t, c.SendText(fmt.Sprintf(`{"text":"x","n":%d}`, n)))
			require.Equal(t, fmt.Sprintf("x%d %d", n, 2*n), hearText(t, c))
		}
		require.Equal(t, 2*n, made)
	}
}

func TestSocketProviderErrorPerMessage(t *testing.T) {
	in := provide(t, inject.PerCall, func(m ws.Text) (*tape, error) {
		if m == "bad" {
			return nil, ws.CloseError{Code: 4004, Reason: "bad"}
		}
		return &tape{}, nil
	})
	c := serveSocket(t, func(m ws.Text, _ *tape) ws.Text { return m }, endpoint.Injector(in)).dial("/")
	require.NoError(t, c.SendText("good"))
	require.Equal(t, "good", hearText(t, c))
	require.NoError(t, c.SendText("bad"))
	wantClose(t, c, 4004, "bad")
}

func TestSocketHoldProblems(t *testing.T) {
	held := func() (*tx, func()) { return nil, func() {} }
	views := []struct {
		name string
		view any
	}{
		{"a view that owns its connection", func(*ws.WebSocket, *tx) {}},
		{"a streamed result", func(ws.Data, *tx) iter.Seq[string] { return nil }},
		{"a channel", func(ws.Data, *tx) <-chan string { return nil }},
		{"a class that streams", streams{}},
	}
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			_, err := endpoint.New(v.view, endpoint.Injector(provide(t, inject.PerCall, held)))
			require.Error(t, err)
			golden(t, err.Error())
			_, err = endpoint.New(v.view, endpoint.Injector(provide(t, inject.PerCall, held)), inject.Hold)
			require.NoError(t, err)
		})
	}
	t.Run("a message holds nothing for long", func(t *testing.T) {
		_, err := endpoint.New(func(ws.Data, *tx) string { return "" }, endpoint.Injector(provide(t, inject.PerCall, held)))
		require.NoError(t, err)
	})
}

type streams struct{}

func (streams) OnReceive(ws.Data, *tx) iter.Seq[string] { return nil }

func TestSocketHold(t *testing.T) {
	d := &diary{}
	s := serveSocket(t, func(_ *tx, _ *span, _ ws.Data) iter.Seq[string] {
		return func(yield func(string) bool) {
			for _, m := range []string{"a", "b"} {
				d.add("send %s", m)
				yield(m)
			}
		}
	}, endpoint.Injector(scopes(t, d)), inject.Hold)
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	require.Equal(t, "a", hearText(t, c))
	require.Equal(t, "b", hearText(t, c))
	d.want(t, "make db1", "make user1", "make tx1", "make span1", "send a", "send b", "finish tx1: <nil>", "release span1 of tx1")
}

func TestSocketHoldOverAConnection(t *testing.T) {
	d := &diary{}
	s := serveSocket(t, func(conn *ws.WebSocket, _ *tx) error {
		for m, err := range conn.Messages(conn.Context()) {
			if err != nil {
				return err
			}
			d.add("receive %s", m.Data)
		}
		return nil
	}, endpoint.Injector(scopes(t, d)), inject.Hold)
	c := s.dial("/")
	require.NoError(t, c.SendText("x"))
	require.NoError(t, c.SendText("y"))
	d.want(t, "make db1", "make tx1", "receive x", "receive y")
	require.NoError(t, c.Close(1000))
	d.want(t, "make db1", "make tx1", "receive x", "receive y", "finish tx1: <nil>", "finish db1: <nil>")
}
