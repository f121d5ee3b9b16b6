package fogo

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// deadlines counts the read deadlines that are set on a writer.
type deadlines struct {
	*httptest.ResponseRecorder
	set int
}

func (d *deadlines) SetReadDeadline(time.Time) error { d.set++; return nil }

// TestBodyTimerAfterTheHandler: over HTTP/2 the timer of a read may fire while the
// handler returns. From then on the writer is not ours; net/http panics if it is
// used, in the goroutine of the timer.
func TestBodyTimerAfterTheHandler(t *testing.T) {
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	b := &body{
		ReadCloser: io.NopCloser(strings.NewReader("x")), w: &writer{ResponseWriter: w, http2: true},
		limits: limits{rate: 1, grace: time.Hour}, credit: time.Hour,
	}
	b.arm(time.Now())
	assert.NotNil(t, b.timer)
	b.expire()
	assert.Equal(t, 1, w.set, "during the handler it ends the read")
	b.end()
	b.expire()
	assert.Equal(t, 1, w.set)
	assert.False(t, b.timer.Stop(), "it was stopped")
}
