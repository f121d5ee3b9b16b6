package fogo_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// proto answers with the version of HTTP.
func proto(app *fogo.App) *fogo.App {
	app.Get("/proto", func(r *http.Request) string { return r.Proto })
	app.WebSocket("/ws", func(text ws.Text) ws.Text { return text })
	return app
}

func fetch(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	resp, err := client.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(b)
}

// through is a client whose connections go to an address.
func through(t *testing.T, network, addr string) *http.Client {
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestRunOnSeveralAddresses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	addrs := make(chan net.Addr, 2)
	app := proto(fogo.New(
		fogo.WithOnListen(func(a net.Addr) { addrs <- a }), fogo.WithSocketMode(0o600),
		fogo.WithKeepAlive(net.KeepAliveConfig{Enable: true, Idle: time.Minute}),
	))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx, "127.0.0.1:0", "unix:"+path) }()
	tcp, unix := <-addrs, <-addrs
	assert.Equal(t, path, unix.String())
	assert.Equal(t, "HTTP/1.1", fetch(t, through(t, "tcp", tcp.String()), "http://x/proto"))
	assert.Equal(t, "HTTP/1.1", fetch(t, through(t, "unix", path), "http://x/proto"))
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	cancel()
	require.NoError(t, <-done)
	_, err = os.Stat(path)
	assert.ErrorIs(t, err, os.ErrNotExist, "the file goes with the listener")
}

func TestUnixSockets(t *testing.T) {
	dir := t.TempDir()
	run := func(path string) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		return fogo.New(fogo.WithOnListen(func(net.Addr) { cancel() })).Run(ctx, "unix:"+path)
	}
	stale := filepath.Join(dir, "stale")
	ln, err := net.Listen("unix", stale)
	require.NoError(t, err)
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	ln.Close()
	assert.NoError(t, run(stale), "left behind by a program that was killed")

	used := filepath.Join(dir, "used")
	ln, err = net.Listen("unix", used)
	require.NoError(t, err)
	defer ln.Close()
	assert.ErrorContains(t, run(used), "address already in use")
	_, err = os.Stat(used)
	assert.NoError(t, err, "it is not ours")

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("precious"), 0o600))
	assert.ErrorContains(t, run(file), "no socket")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(b))
	assert.ErrorContains(t, run(""), "the path of the socket is missing")
	assert.ErrorContains(t, run(filepath.Join(dir, "no", "such")), "no such")
	assert.ErrorContains(t, fogo.New().Run(t.Context()), "needs an address")
	assert.ErrorContains(t, run(filepath.Join(dir, strings.Repeat("x", 120))), "choose a shorter one")
	if runtime.GOOS == "linux" {
		assert.NoError(t, run("@fogo-test-"+filepath.Base(dir)+filepath.Base(t.TempDir())))
	}
	// If one address cannot be had, none is kept.
	first := filepath.Join(dir, "first")
	assert.Error(t, fogo.New().Run(t.Context(), "unix:"+first, "unix:"+used))
	_, err = os.Stat(first)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestH2C(t *testing.T) {
	r := start(t, proto(fogo.New()), fogo.WithH2C())
	client := through(t, "tcp", r.addr)
	assert.Equal(t, "HTTP/1.1", fetch(t, client, "http://x/proto"))
	tr := client.Transport.(*http.Transport).Clone()
	tr.Protocols = new(http.Protocols)
	tr.Protocols.SetUnencryptedHTTP2(true)
	defer tr.CloseIdleConnections()
	assert.Equal(t, "HTTP/2.0", fetch(t, &http.Client{Transport: tr}, "http://x/proto"))
	s := r.socket(t, "/ws")
	require.NoError(t, s.SendText("x"))
	_, err := s.ReceiveText(t.Context())
	require.NoError(t, err, "WebSockets go over HTTP/1.1")
	require.NoError(t, s.Close(ws.CodeNormal))
	require.NoError(t, r.stop(t))
}

// pemFiles writes the certificate of a test server, and returns it with whom it
// may be trusted by.
func pemFiles(t *testing.T) (cert, key string, roots *x509.CertPool) {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	defer certified.Close()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	private, err := x509.MarshalPKCS8PrivateKey(certified.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: certified.Certificate().Raw},
		key:  {Type: "PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o600))
	}
	roots = x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	return cert, key, roots
}

func TestTLSFiles(t *testing.T) {
	cert, key, roots := pemFiles(t)
	r := start(t, proto(fogo.New()), fogo.WithTLSFiles(cert, key))
	client := through(t, "tcp", r.addr)
	tr := client.Transport.(*http.Transport)
	tr.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com"}
	assert.Equal(t, "HTTP/1.1", fetch(t, client, "https://example.com/proto"))
	two := tr.Clone()
	two.ForceAttemptHTTP2 = true
	defer two.CloseIdleConnections()
	assert.Equal(t, "HTTP/2.0", fetch(t, &http.Client{Transport: two}, "https://example.com/proto"))
	require.NoError(t, r.stop(t))
	err := fogo.New(fogo.WithTLSFiles(cert, cert+"x")).Run(t.Context(), "127.0.0.1:0")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// Who asks for TLS never gets a server without it.
func TestTLSWithoutACertificate(t *testing.T) {
	for _, config := range []*tls.Config{nil, {ServerName: "example.com"}} {
		err := fogo.New(fogo.WithTLS(config)).Run(t.Context(), "127.0.0.1:0")
		assert.ErrorContains(t, err, "TLS needs a certificate")
	}
}

// A config may be several servers', so none of them changes it.
func TestTLSConfigIsCopied(t *testing.T) {
	cert, key, _ := pemFiles(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	require.NoError(t, start(t, proto(fogo.New()), fogo.WithTLS(config)).stop(t))
	assert.Empty(t, config.NextProtos)
}

// Each call of Serve ends by itself, and the last one ends the application.
func TestServeOnSeveralListeners(t *testing.T) {
	d := &diary{}
	app := proto(fogo.New(fogo.WithHealth("", "/readyz")))
	app.OnStop(func() { d.note("stopped") })
	type server struct {
		ln   *memnet.Listener
		stop context.CancelFunc
		done chan error
	}
	var servers []*server
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		s := &server{memnet.Listen(), stop, make(chan error, 1)}
		go func() { s.done <- app.Serve(ctx, s.ln) }()
		servers = append(servers, s)
	}
	client := func(s *server) *http.Client {
		tr := &http.Transport{DialContext: s.ln.DialContext}
		t.Cleanup(tr.CloseIdleConnections)
		return &http.Client{Transport: tr}
	}
	for _, s := range servers {
		assert.Equal(t, "HTTP/1.1", fetch(t, client(s), "http://x/proto"))
	}
	conn, err := servers[0].ln.Dial(t.Context())
	require.NoError(t, err)
	socket, _, err := ws.Client(t.Context(), conn, "ws://x/ws", nil)
	require.NoError(t, err)

	servers[0].stop()
	require.NoError(t, <-servers[0].done)
	assert.Empty(t, d.all())
	assert.Contains(t, fetch(t, client(servers[1]), "http://x/readyz"), `"ready"`)
	require.NoError(t, socket.SendText("still here"))
	_, err = socket.ReceiveText(t.Context())
	require.NoError(t, err)
	servers[1].stop()
	_, err = socket.Receive(t.Context())
	var ce *ws.CloseError
	require.ErrorAs(t, err, &ce)
	assert.Equal(t, ws.CodeGoingAway, ce.Code)
	require.NoError(t, <-servers[1].done)
	assert.Equal(t, []string{"stopped"}, d.all())
}
