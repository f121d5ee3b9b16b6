package leak

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { Main(m) }

func TestWaitFindsAGoroutine(t *testing.T) {
	before := ids(stacks())
	stop := make(chan struct{})
	go func() { <-stop }()
	left := wait(before, 10*time.Millisecond)
	require.Len(t, left, 1)
	require.Contains(t, left[0], "TestWaitFindsAGoroutine")
	close(stop)
	require.Empty(t, wait(before, patience))
}

func TestWaitIsPatient(t *testing.T) {
	before := ids(stacks())
	stop := make(chan struct{})
	go func() { <-stop }()
	time.AfterFunc(20*time.Millisecond, func() { close(stop) })
	require.Empty(t, wait(before, patience))
}

func TestOurs(t *testing.T) {
	require.True(t, ours("goroutine 5 [syscall]:\nos/signal.signal_recv()"))
	require.False(t, ours("goroutine 5 [select]:\nmain.f()"))
	require.Equal(t, "goroutine 5", id("goroutine 5 [select]:\nmain.f()"))
	require.False(t, strings.Contains(strings.Join(stacks(), ""), "leak.stacks("), "the caller's own is left out")
}
