package fogo

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// signals turns the signals that end a program into what Run waits for: the
// first ends ctx, the one after that closes hurry, and from then on they do what
// they always did.
type signals struct {
	ctx   context.Context
	hurry chan struct{}
	stop  context.CancelFunc // and waits until the signals are given back
}

// catch begins to catch signals. If parent ends first, the first signal is
// already the second.
func catch(parent context.Context) *signals {
	ctx, cancel := context.WithCancelCause(parent)
	s := &signals{ctx: ctx, hurry: make(chan struct{})}
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	end, ended := make(chan struct{}), make(chan struct{})
	s.stop = func() {
		close(end)
		<-ended
		cancel(nil)
	}
	go func() {
		defer close(ended)
		defer signal.Stop(ch)
		select {
		case sig := <-ch:
			cancel(fmt.Errorf("signal: %v", sig))
		case <-ctx.Done():
		case <-end:
			return
		}
		select {
		case <-ch:
			close(s.hurry)
		case <-end:
		}
	}()
	return s
}
