package proc

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const childEnv = "FOGO_PROC_TEST"

// TestMain lets the test program be the child.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	_ = Serve("hello", func(name string, args []string) (any, error) {
		switch name {
		case "join":
			return strings.Join(args, "+"), nil
		case "die":
			os.Exit(3)
		case "sleep":
			time.Sleep(time.Minute)
		case "usage":
			return Collect(), nil
		}
		return nil, errors.New("no such command")
	})
}

func TestChild(t *testing.T) {
	var ready, joined string
	c, err := Start(&ready, childEnv+"=1")
	require.NoError(t, err)
	assert.Equal(t, "hello", ready)
	assert.NotEqual(t, os.Getpid(), c.PID())
	require.NoError(t, c.Call(&joined, time.Minute, "join", 1, "two", 3.5))
	assert.Equal(t, "1+two+3.5", joined)
	assert.ErrorContains(t, c.Call(nil, time.Minute, "what"), "no such command")

	var u Usage
	require.NoError(t, c.Call(&u, time.Minute, "usage"))
	assert.Positive(t, u.CPU)
	assert.Positive(t, u.Heap)
	assert.Positive(t, u.GC)
	assert.NoError(t, c.Stop(), "it ends with its input, and with status 0")
}

func TestChildThatDiesOrSleeps(t *testing.T) {
	for command, message := range map[string]string{"die": "it ended", "sleep": "no answer within"} {
		var ready string
		c, err := Start(&ready, childEnv+"=1")
		require.NoError(t, err)
		assert.ErrorContains(t, c.Call(nil, 300*time.Millisecond, command), message)
		assert.ErrorContains(t, c.Call(nil, time.Minute, "join"), "", "it is not waited for again")
		_ = c.Signal(os.Kill)
		assert.ErrorContains(t, c.Stop(), map[string]string{"die": "exit status 3", "sleep": "killed"}[command])
	}
}

func TestServeAnswersLineByLine(t *testing.T) {
	var out bytes.Buffer
	err := serve(strings.NewReader("a 1 2\n\nb\n"), &out, 7, func(name string, args []string) (any, error) {
		return len(args), nil
	})
	assert.NoError(t, err)
	assert.Equal(t, "{\"value\":7}\n{\"value\":2}\n{\"value\":0}\n", out.String())
}
