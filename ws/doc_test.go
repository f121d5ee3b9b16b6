package ws_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

// The table of limits in the documentation has every option that is one, with the default that it has.
func TestDocumentedLimits(t *testing.T) {
	src, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	defaults := map[string]string{}
	columns := regexp.MustCompile(` {2,}`)
	for line := range strings.SplitSeq(string(src), "\n") {
		row := columns.Split(strings.TrimSpace(strings.TrimPrefix(line, "//\t")), -1)
		if len(row) == 4 && strings.HasPrefix(line, "//\t") {
			defaults[row[2]] = row[1]
		}
	}
	for name, want := range map[string]string{
		"MaxMessage":       bytesOf(ws.DefaultMaxMessage),
		"MaxFrame":         "the same",
		"MessageTimeout":   durationOf(ws.DefaultMessageTimeout),
		"MaxControlFrames": fmt.Sprint(ws.DefaultMaxControlFrames),
		"PingInterval":     durationOf(ws.DefaultPingInterval),
		"PongTimeout":      durationOf(ws.DefaultPongTimeout),
		"WriteTimeout":     durationOf(ws.DefaultWriteTimeout),
		"QueueMessages":    fmt.Sprint("0 or ", ws.DefaultQueueMessages),
		"QueueBytes":       bytesOf(ws.DefaultQueueBytes),
		"CloseTimeout":     durationOf(ws.DefaultCloseTimeout),
		"HandshakeTimeout": durationOf(ws.DefaultHandshakeTimeout),
		"Origins":          "our own",
		"MaxConnections":   "no limit",
		"Admit":            "no limit",
	} {
		require.Equal(t, want, defaults[name], name)
	}
	for f := range reflect.TypeFor[ws.Options]().Fields() {
		switch f.Type.Kind() {
		case reflect.Int, reflect.Int64:
			require.Contains(t, defaults, f.Name, "a number among the options is a limit")
		}
	}
}

func bytesOf(n int) string { return fmt.Sprint(n>>20, " MiB") }

func durationOf(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprint(int(d.Minutes()), " min")
	}
	return fmt.Sprint(int(d.Seconds()), " s")
}
