package ws_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

func TestIdleConnectionsArePinged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, nil)
		got := receive(context.Background(), c)
		start := time.Now()
		for i := range 3 {
			p.expect(fin|opPing, "")
			require.Equal(t, time.Duration(i+1)*ws.DefaultPingInterval, time.Since(start))
			p.send(fin|opPong, "")
		}
		time.Sleep(10 * time.Second)
		p.send(fin|opPing, "any bytes put it off")
		p.expect(fin|opPong, "any bytes put it off")
		p.expect(fin|opPing, "")
		require.Equal(t, 130*time.Second, time.Since(start))
		p.send(fin|opClose, "")
		requireClosed(t, (<-got).err, ws.CodeNoStatus)
		p.expectClose(ws.CodeNoStatus)
	})
}

func TestNoPong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, nil)
		start := time.Now()
		_, err := c.Receive(context.Background())
		requireClosed(t, err, ws.CodeAbnormal)
		require.ErrorContains(t, err, "ping")
		require.Equal(t, ws.DefaultPingInterval+ws.DefaultPongTimeout, time.Since(start))
		p.expect(fin|opPing, "")
		p.expectClose(ws.CodePolicyViolation)
		p.expectEOF()
		_ = p.conn.Close()
	})
}

func TestNoPongWhileReceivesAreShort(t *testing.T) {
	// Each Receive gives up after a second. That must not start the clock anew.
	synctest.Test(t, func(t *testing.T) {
		c, _ := open(t, nil)
		start := time.Now()
		for !func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_, err := c.Receive(ctx)
			return c.Context().Err() != nil && err != nil
		}() {
		}
		require.InDelta(t, float64(ws.DefaultPingInterval+ws.DefaultPongTimeout), float64(time.Since(start)), float64(2*time.Second))
	})
}

func TestLongWorkIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, nil)
		ctx := c.Context()
		var wg sync.WaitGroup
		wg.Go(func() { // a lively peer
			for {
				first, _, err := p.tryRead()
				if err != nil {
					return
				}
				if first == fin|opPing {
					p.send(fin|opPong, "")
				}
			}
		})
		time.Sleep(time.Hour) // a handler at work: nobody reads
		require.NoError(t, ctx.Err())
		got := receive(context.Background(), c)
		time.Sleep(time.Hour)
		require.NoError(t, ctx.Err())
		p.send(fin|opText, "still here")
		require.NoError(t, (<-got).err)
		_ = p.conn.Close()
		wg.Wait()
	})
}

func TestSilenceDuringLongWorkCountsAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := open(t, nil)
		time.Sleep(10 * time.Minute)
		start := time.Now()
		_, err := c.Receive(context.Background())
		requireClosed(t, err, ws.CodeAbnormal)
		require.Greater(t, time.Since(start), ws.DefaultPongTimeout-time.Second)
		require.Less(t, time.Since(start), ws.DefaultPongTimeout+ws.DefaultPingInterval)
	})
}

func TestPingsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, &ws.Options{PingInterval: -1})
		got := receive(context.Background(), c)
		time.Sleep(24 * time.Hour)
		p.send(fin|opText, "x")
		require.NoError(t, (<-got).err)
	})
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, &ws.Options{PongTimeout: -1})
		got := receive(context.Background(), c)
		time.Sleep(time.Hour)
		p.send(fin|opText, "x")
		require.NoError(t, (<-got).err)
		p.expect(fin|opPing, "")
		p.expect(fin|opPing, "")
	})
}

func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, nil)
		got := receive(context.Background(), c)
		results := make(chan error, 3)
		for range 3 {
			go func() { results <- c.Ping(context.Background()) }()
		}
		var last, first string
		for i := range 3 {
			f, payload := p.read()
			require.Equal(t, byte(fin|opPing), f)
			last = max(last, payload)
			if i == 0 || payload < first {
				first = payload
			}
		}
		p.send(fin|opPong, "not it")
		p.send(fin|opPong, "\xff\xff\xff\xff\xff\xff\xff\xff") // never sent
		synctest.Wait()
		require.Empty(t, results)
		p.send(fin|opPong, first)
		require.NoError(t, <-results)
		synctest.Wait()
		require.Empty(t, results)
		p.send(fin|opPong, last) // answers all before it, too
		require.NoError(t, <-results)
		require.NoError(t, <-results)

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.Ping(ctx), context.DeadlineExceeded)
		go func() { results <- c.Ping(context.Background()) }()
		synctest.Wait()
		_ = p.conn.Close()
		requireClosed(t, <-results, ws.CodeAbnormal)
		requireClosed(t, (<-got).err, ws.CodeAbnormal)
	})
}
