package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pool counts what is taken from it.
type pool struct{ open, made atomic.Int64 }

// session is made per call from a Singleton and the request.
type session struct {
	user Label
	pool *pool
}

func openSession(p *pool, user resolve.Header[Label]) (*session, func()) {
	p.open.Add(1)
	p.made.Add(1)
	return &session{user.Value, p}, func() { p.open.Add(-1) }
}

type audit struct{ line string }

func newAudit(s *session, r *http.Request) (*audit, func(error) error) {
	a := &audit{line: string(s.user) + r.URL.Path}
	return a, func(error) error { a.line = ""; return nil }
}

// reportClass answers from its fields only, which are filled per request.
type reportClass struct {
	ID      int      `path:"id"`
	Session *session `inject:""`
	seen    []string
}

func (c *reportClass) Get(a *audit) item {
	c.seen = append(c.seen, a.line)
	return item{fmt.Sprint(c.Session.user, c.seen), c.ID}
}

// A hundred clients at once, each with its own name and numbers, get their own
// answers only, and nothing is left open.
func TestConcurrentClients(t *testing.T) {
	p := &pool{}
	in := func() endpoint.Option {
		return providing(t,
			provided{inject.Singleton, func() *pool { return p }},
			provided{inject.PerCall, openSession},
			provided{inject.PerCall, newAudit},
		)
	}
	class := serve(t, reportClass{}, endpoint.Pattern("/{id}"), in())
	function := serve(t, func(ctx context.Context, id int, a *audit, s *session) (string, error) {
		if id%5 == 0 {
			return "", endpoint.NewError(http.StatusConflict, string(s.user))
		}
		return fmt.Sprint(s.user, " ", a.line, " ", id), ctx.Err()
	}, endpoint.Pattern("/{id}"), in())
	stream := serve(t, func(id int, s *session) iter.Seq[string] {
		return func(yield func(string) bool) {
			for i := range 3 {
				if !yield(fmt.Sprint(s.user, " ", id, " ", i)) {
					return
				}
			}
		}
	}, endpoint.Pattern("/{id}"), in(), inject.Hold)

	const clients, rounds = 100, 5
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			user := fmt.Sprintf("user%d", c)
			for round := range rounds {
				id := c*rounds + round
				path := fmt.Sprintf("/%d", id)
				get := func(s *server) string { return ask(t, s, path, user) }
				assert.Equal(t, fmt.Sprintf(`200 {"name":"%s[%s%s]","n":%d}`, user, user, path, id), get(class))
				if id%5 == 0 {
					assert.Equal(t, fmt.Sprintf(`409 {"type":"about:blank","title":"Conflict","status":409,"detail":"%s"}`, user), get(function))
				} else {
					assert.Equal(t, fmt.Sprintf("200 %s %s%s %d", user, user, path, id), get(function))
				}
				assert.Equal(t, fmt.Sprintf("200 \"%[1]s %[2]d 0\"\n\"%[1]s %[2]d 1\"\n\"%[1]s %[2]d 2\"\n", user, id), get(stream))
			}
		})
	}
	wg.Wait()
	for _, s := range []*server{class, function, stream} {
		s.srv.Close()
		assert.Empty(t, s.log.records())
	}
	assert.Zero(t, p.open.Load(), "every session was released")
	assert.EqualValues(t, 3*clients*rounds, p.made.Load(), "one was made per request")
}

// ask makes a request from a goroutine of a test.
func ask(t *testing.T, s *server, path, user string) string {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.srv.URL+path, http.NoBody)
	if !assert.NoError(t, err) {
		return ""
	}
	req.Header.Set("Label", user)
	res, err := s.srv.Client().Do(req)
	if !assert.NoError(t, err) {
		return ""
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	return fmt.Sprint(res.StatusCode, " ", string(b))
}

// Answers of all sizes come from one pool of states without mixing.
func TestBuffersAreNotShared(t *testing.T) {
	s := serve(t, func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = strings.Repeat("x", 100)
		}
		return list
	}, endpoint.Pattern("/{n}"))
	var wg sync.WaitGroup
	for _, n := range []int{0, 1, 10, 100, 2000} {
		wg.Go(func() {
			for range 10 {
				got := s.get(fmt.Sprintf("/%d", n))
				assert.Len(t, got.body, 2+max(0, 103*n-1))
			}
		})
	}
	wg.Wait()
	require.Empty(t, s.log.records())
}
