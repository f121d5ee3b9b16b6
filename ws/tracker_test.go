package ws_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

func TestTrackerCounts(t *testing.T) {
	var tr ws.Tracker
	opts := &ws.Options{Tracker: &tr}
	a, pa := open(t, opts)
	b, pb := open(t, opts)
	d, _ := pair(t, opts)
	require.Equal(t, 2, tr.Len(), "the third is not accepted")
	e := newEvents()
	during := -1
	e.onClosed = func(*ws.WebSocket, ws.Code, ws.Reason) { during = tr.Len() }
	require.NoError(t, b.Serve(e))
	pb.send(fin|opClose, "")
	e.want(t, "closed 1005 ")
	require.Equal(t, 2, during, "until Closed has returned")
	eventually(t, func() bool { return tr.Len() == 1 })
	a.Finish()
	a.Finish()
	_ = pa.conn.Close()
	require.NoError(t, d.Reject(400, nil, nil))
	require.NoError(t, tr.Shutdown(soon(t)))
	require.Zero(t, tr.Len())
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, 20*time.Second, time.Millisecond)
}

func TestShutdownRefuses(t *testing.T) {
	var tr ws.Tracker
	opts := &ws.Options{Tracker: &tr}
	late, _ := pair(t, opts)
	require.NoError(t, tr.Shutdown(soon(t)))
	require.NoError(t, tr.Shutdown(soon(t)), "twice")
	_, err := ws.New(nil, handshakeRequest(), opts)
	for _, err := range []error{err, late.Accept()} {
		var he *ws.HandshakeError
		require.ErrorAs(t, err, &he)
		require.Equal(t, 503, he.Status)
	}
	require.NoError(t, late.Reject(503, nil, nil))
}

// answers plays a peer that takes part in the closing handshake, and returns the messages before.
func answers(t *testing.T, p *peer) []string {
	var got []string
	for {
		first, payload, err := p.tryRead()
		switch {
		case !assert.NoError(t, err):
			return got
		case first == fin|opClose:
			assert.Equal(t, closeBody(1001, ""), payload)
			p.send(fin|opClose, payload)
			p.expectEOF()
			return got
		case first == fin|opPing:
			continue // a minute is long
		}
		got = append(got, payload)
	}
}

func TestShutdownLosesNothing(t *testing.T) {
	// A connection of each style at rest, and one of each at work.
	synctest.Test(t, func(t *testing.T) {
		var tr ws.Tracker
		opts := &ws.Options{Tracker: &tr}
		var wg sync.WaitGroup

		slow := func(c *ws.WebSocket, m ws.Message) {
			if string(m.Data) == "work" {
				time.Sleep(time.Minute)
				require.NoError(t, c.Context().Err())
				require.NoError(t, c.SendText("done"))
			}
		}
		pull := func(c *ws.WebSocket) {
			defer c.Finish()
			for m, err := range c.Messages(c.Context()) {
				require.NoError(t, err)
				slow(c, m)
			}
		}
		served := func(c *ws.WebSocket) {
			e := newEvents()
			e.onMessage = slow
			require.NoError(t, c.Serve(e))
			<-e.closed
		}
		push := func(c *ws.WebSocket) {
			defer c.Finish()
			<-c.Context().Done()
		}
		rows := []struct {
			style func(*ws.WebSocket)
			send  string
			want  []string
		}{
			{pull, "", nil},
			{pull, "work", []string{"done"}},
			{served, "", nil},
			{served, "work", []string{"done"}},
			{push, "", nil},
		}
		for _, row := range rows {
			c, p := open(t, opts)
			if row.send != "" {
				p.send(fin|opText, row.send)
			}
			wg.Go(func() { row.style(c) })
			wg.Go(func() { require.Equal(t, row.want, answers(t, p)) })
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, tr.Shutdown(context.Background()))
		require.Equal(t, time.Minute, time.Since(start))
		wg.Wait()
		require.Zero(t, tr.Len())
	})
}

func TestShutdownDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr ws.Tracker
		opts := &ws.Options{Tracker: &tr}
		c, p := open(t, opts)
		causes := make(chan error, 1)
		go func() {
			defer c.Finish()
			_, _ = c.Receive(context.Background())
			<-c.Context().Done() // a handler that does not return
			causes <- context.Cause(c.Context())
			time.Sleep(time.Second)
		}()
		p.send(fin|opText, "x")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 7*time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, tr.Shutdown(ctx), context.DeadlineExceeded)
		require.Equal(t, 7*time.Second, time.Since(start))
		p.expectClose(ws.CodeGoingAway)
		p.expectEOF()
		requireClosed(t, <-causes, ws.CodeGoingAway)
		require.Equal(t, 1, tr.Len(), "its owner is not done")
		require.NoError(t, tr.Shutdown(context.Background()), "now it is")
	})
}

func TestShutdownOfManyOverNetHTTP(t *testing.T) {
	var tr ws.Tracker
	l := serve(t, &ws.Options{Tracker: &tr}, func(c *ws.WebSocket) {
		e := newEvents()
		e.onMessage = func(c *ws.WebSocket, m ws.Message) { _ = c.Send(m.Kind, m.Data) }
		_ = c.Serve(e)
	})
	const n = 200
	var wg sync.WaitGroup
	ctx := soon(t)
	for range n {
		c := dial(t, l, nil)
		wg.Go(func() {
			for {
				m, err := c.Receive(ctx)
				if err != nil {
					var ce *ws.CloseError
					assert.True(t, errors.As(err, &ce) && ce.Code == ws.CodeGoingAway, "%v", err)
					return
				}
				if c.Send(m.Kind, m.Data) != nil {
					continue // the reason comes with the next receive
				}
			}
		})
		_ = c.SendText("round and round")
	}
	require.Equal(t, n, tr.Len())
	require.NoError(t, tr.Shutdown(soon(t)))
	require.Zero(t, tr.Len())
	wg.Wait()
}
