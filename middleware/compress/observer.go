package compress

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// observer is an http.ResponseWriter that notices whether an answer began. It
// changes nothing.
type observer struct {
	http.ResponseWriter
	began bool
}

func (o *observer) WriteHeader(status int) {
	// It panics over a status that there cannot be, and then nothing has begun.
	o.ResponseWriter.WriteHeader(status)
	if status >= 200 || status == http.StatusSwitchingProtocols {
		o.began = true
	}
}

func (o *observer) Write(b []byte) (int, error) {
	o.began = true
	return o.ResponseWriter.Write(b)
}

// WriteString implements io.StringWriter.
func (o *observer) WriteString(s string) (int, error) {
	o.began = true
	return io.WriteString(o.ResponseWriter, s)
}

// startSize is how much net/http copies itself before it lets the kernel do it.
const startSize = 512

// ReadFrom keeps the server's way of sending files without copying them. The
// answer begins with its first byte: the source may be the body, and fail.
func (o *observer) ReadFrom(r io.Reader) (start int64, err error) {
	if !o.began {
		start, err = io.CopyN(onlyWriter{o}, r, startSize)
		if err == io.EOF {
			return start, nil
		}
		if err != nil {
			return start, err
		}
	}
	n, err := io.Copy(o.ResponseWriter, r)
	return start + n, err
}

// Unwrap lets http.ResponseController find the server's own writer.
func (o *observer) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// FlushError serves http.ResponseController.
func (o *observer) FlushError() error {
	err := http.NewResponseController(o.ResponseWriter).Flush()
	o.began = o.began || err == nil
	return err
}

// Flush implements http.Flusher.
func (o *observer) Flush() { _ = o.FlushError() }

// Hijack implements http.Hijacker.
func (o *observer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(o.ResponseWriter).Hijack()
	o.began = o.began || err == nil
	return conn, rw, err
}
