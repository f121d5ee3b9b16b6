//go:build linux

package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nginx is a running nginx.
type nginx struct {
	ports map[string]string // of its servers, by name
	roots *x509.CertPool
}

// proxy starts an nginx with the servers of a configuration, in which {NAME} is
// replaced by a port of its own for each of names.
func proxy(t *testing.T, servers string, names ...string) *nginx {
	t.Helper()
	bin := program(t, "nginx", "/usr/sbin/nginx")
	dir := t.TempDir()
	n := &nginx{ports: map[string]string{}, roots: certify(t, dir)}
	for _, name := range names {
		ln, err := net.Listen("tcp", "127.0.0.1:0") // a free one
		require.NoError(t, err)
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		n.ports[name] = port
		servers = strings.ReplaceAll(servers, "{"+name+"}", port)
		defer ln.Close() // when all are there
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	conf := strings.NewReplacer("{dir}", dir, "{user}", user, "{servers}", servers).Replace(nginxFrame)
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, []byte(conf), 0o600))
	var out bytes.Buffer
	cmd := exec.Command(bin, "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log"))
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	t.Cleanup(func() {
		if cmd.Process != nil {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		}
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx says:\n%s%s", &out, log)
		}
	})
	// The ports are given back by the deferred calls: nginx tries again and again
	// to bind them meanwhile.
	require.NoError(t, cmd.Start())
	return n
}

// ready waits until nginx listens.
func (n *nginx) ready(t *testing.T) *nginx {
	t.Helper()
	for name, port := range n.ports {
		require.Eventually(t, func() bool {
			c, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				c.Close()
			}
			return err == nil
		}, patience, 5*time.Millisecond, name)
	}
	return n
}

// nginxFrame is around the servers. Everything stays below {dir}.
const nginxFrame = `
daemon off; worker_processes 1; pid {dir}/pid; {user}
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fcgi; uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
	ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
	map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
	{servers}
}
`

// certify writes a certificate for 127.0.0.1 and example.com.
func certify(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	defer certified.Close()
	key, err := x509.MarshalPKCS8PrivateKey(certified.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certified.Certificate().Raw},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	return roots
}

// client connects from an address of this machine, which nginx takes for that of
// the client.
func (n *nginx) client(t *testing.T, from string) *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if _, port, err := net.SplitHostPort(addr); err == nil {
				addr = "127.0.0.1:" + port // whatever the name
			}
			return d.DialContext(ctx, network, addr)
		},
		TLSClientConfig: &tls.Config{RootCAs: n.roots},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{
		Transport: tr, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// upstream names an address for proxy_pass.
func upstream(name string, addrs ...net.Addr) string {
	var b strings.Builder
	for _, a := range addrs {
		fmt.Fprintf(&b, "server %s; ", a)
	}
	return fmt.Sprintf("upstream %s { %s keepalive 16; }\n", name, &b)
}

// TestNginxIsReal keeps the tests below from passing without a proxy in between.
func TestNginxIsReal(t *testing.T) {
	n := proxy(t, "server { listen 127.0.0.1:{a}; return 204; }", "a").ready(t)
	resp, err := n.client(t, "127.0.0.1").Get("http://127.0.0.1:" + n.ports["a"])
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, 204, resp.StatusCode)
	assert.Contains(t, resp.Header.Get("Server"), "nginx")
}
