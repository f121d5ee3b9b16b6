package wire

import (
	"bytes"
	"testing"

	gobwas "github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var sizes = []int{0, 1, 125, 126, 127, 65535, 65536, 1 << 20}

// Frames are read by somebody else's parser.
func TestFrameIsReadByGobwas(t *testing.T) {
	for _, n := range sizes {
		payload := bytes.Repeat([]byte{7}, n)
		f, err := gobwas.ReadFrame(bytes.NewReader(Frame([]byte("before")[:0], Binary, payload)))
		require.NoError(t, err)
		assert.NoError(t, gobwas.CheckHeader(f.Header, gobwas.StateServerSide))
		assert.Equal(t, gobwas.OpBinary, f.Header.OpCode)
		assert.True(t, bytes.Equal(payload, gobwas.UnmaskFrame(f).Payload), "%d bytes", n)
	}
}

func TestParseReadsWhatGobwasWrites(t *testing.T) {
	for _, n := range sizes {
		b := gobwas.MustCompileFrame(gobwas.NewTextFrame(make([]byte, n)))
		h, ok, err := Parse(b)
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, Header{Fin: true, Op: Text, Size: len(b) - n, Len: n}, h)
		for cut := range h.Size {
			_, ok, err := Parse(b[:cut])
			assert.NoError(t, err)
			assert.False(t, ok, "%d bytes of a header of %d", cut, h.Size)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"reserved bits":    {0xc2, 0x01},
		"masked":           {0x82, 0x81},
		"fragmented ping":  {0x09, 0x00},
		"long close":       {0x88, 126, 0, 200},
		"length of 2^40 B": {0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0},
	} {
		_, _, err := Parse(b)
		assert.Error(t, err, name)
	}
}

func TestCloseCode(t *testing.T) {
	assert.Equal(t, 1001, CloseCode([]byte{0x03, 0xe9, 'b', 'y', 'e'}))
	assert.Equal(t, NoStatus, CloseCode(nil))
}

func TestAccepted(t *testing.T) {
	good := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"
	n, err := Accepted([]byte(good + "more"))
	assert.NoError(t, err)
	assert.Equal(t, len(good), n)
	n, err = Accepted([]byte(good[:len(good)-1]))
	assert.NoError(t, err)
	assert.Zero(t, n)
	_, err = Accepted([]byte("HTTP/1.1 503 Service Unavailable\r\n\r\n"))
	assert.ErrorContains(t, err, "503")
	_, err = Accepted([]byte("HTTP/1.1 101 X\r\nSec-WebSocket-Accept: x\r\n\r\n"))
	assert.Error(t, err)
	_, err = Accepted(make([]byte, 1<<14))
	assert.Error(t, err)
}
