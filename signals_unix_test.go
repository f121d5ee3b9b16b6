//go:build unix

package fogo_test

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
)

// TestSignalDuringTheStart: what starts is told by its context, what was made is
// closed, and Run says which signal it was. It serves nobody.
func TestSignalDuringTheStart(t *testing.T) {
	d := &diary{}
	app := fogo.New()
	app.Provide(inject.Singleton, func() *inner { return &inner{closes{"inner", d.note}} })
	app.OnStart(func(ctx context.Context, _ *inner) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			d.note("told")
		case <-time.After(10 * time.Second):
		}
		return ctx.Err()
	})
	err := app.Run(context.Background(), "127.0.0.1:0")
	assert.ErrorContains(t, err, "not started: signal: terminated")
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"told", "close inner"}, d.all())
}
