package ws

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
)

// tunnel asks a proxy to connect conn to the server. After nil conn reads the server's bytes from the first on.
func tunnel(conn net.Conn, proxy, server *hop) error {
	if proxy.scheme == "socks5" || proxy.scheme == "socks5h" {
		return socks5(conn, proxy.user, server)
	}
	return httpConnect(conn, proxy.user, server)
}

// httpConnect makes a tunnel through an HTTP proxy (RFC 9110 section 9.3.6). RFC 6455 section 4.1: a client
// "SHOULD connect to that proxy and ask it to open a TCP connection to the host [...] and the port", for ws too.
func httpConnect(conn net.Conn, user *url.Userinfo, server *hop) error {
	addr := server.addr()
	req := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{},
	}
	if user != nil {
		password, _ := user.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		req.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	var out bytes.Buffer
	if err := req.Write(&out); err != nil {
		return err
	}
	if _, err := conn.Write(out.Bytes()); err != nil {
		return err
	}
	limited := &io.LimitedReader{R: conn, N: maxAnswer}
	br := bufio.NewReader(limited)
	// The body is not closed: that would read the tunnel to its end.
	resp, err := http.ReadResponse(br, req) //nolint:bodyclose // see above
	switch {
	case err != nil && limited.N <= 0:
		return errors.New("its answer is too long")
	case err != nil:
		return err
	case resp.StatusCode/100 != 2:
		// RFC 9110 section 9.3.6: "Any 2xx (Successful) response indicates" that the tunnel is there.
		return fmt.Errorf("it answered %s", resp.Status)
	case br.Buffered() > 0:
		// The server speaks when spoken to. Bytes that the proxy has put here would be taken for its answer.
		return errors.New("it sent more than its answer")
	}
	return nil
}

// The numbers of SOCKS5.
const (
	socksVersion = 5
	socksConnect = 1

	socksNoAuth   = 0
	socksPassword = 2
	socksNoMethod = 0xff // none of the methods is acceptable

	socksIPv4 = 1
	socksName = 3
	socksIPv6 = 4
)

// socksReplies are those of RFC 1928 section 6.
var socksReplies = [...]string{
	1: "general failure", "connection not allowed by its rules", "network unreachable", "host unreachable",
	"connection refused", "TTL expired", "command not supported", "address type not supported",
}

// socks5 makes a tunnel through a SOCKS5 proxy (RFC 1928). It reads no byte more than the proxy's answers have.
func socks5(conn net.Conn, user *url.Userinfo, server *hop) error {
	if err := socksGreet(conn, user); err != nil {
		return err
	}
	req := []byte{socksVersion, socksConnect, 0}
	if ip, err := netip.ParseAddr(server.host); err == nil {
		kind := byte(socksIPv6)
		if ip = ip.Unmap(); ip.Is4() {
			kind = socksIPv4
		}
		req = append(append(req, kind), ip.AsSlice()...)
	} else {
		if len(server.host) > 255 {
			return errors.New("SOCKS5 has no room for a host name above 255 bytes")
		}
		req = append(append(req, socksName, byte(len(server.host))), server.host...)
	}
	if _, err := conn.Write(binary.BigEndian.AppendUint16(req, server.port)); err != nil {
		return err
	}
	return socksReply(conn)
}

// socksReply reads the answer to a request (RFC 1928 section 6), with the address that it is bound to.
func socksReply(conn io.Reader) error {
	var b [5]byte // with the first byte of the address
	if _, err := io.ReadFull(conn, b[:2]); err != nil {
		return err
	}
	if b[0] != socksVersion {
		return errNoSocks(b[0])
	}
	if code := int(b[1]); code != 0 {
		text := fmt.Sprintf("reply %d", code)
		if code < len(socksReplies) {
			text = socksReplies[code]
		}
		return errors.New("it answered: " + text)
	}
	if _, err := io.ReadFull(conn, b[2:]); err != nil {
		return err
	}
	left := 2 // the port
	switch b[3] {
	case socksIPv4:
		left += 4 - 1
	case socksIPv6:
		left += 16 - 1
	case socksName:
		left += int(b[4])
	default:
		return fmt.Errorf("it answered with an address of unknown type %d", b[3])
	}
	var rest [2 + 255]byte
	_, err := io.ReadFull(conn, rest[:left])
	return err
}

// socksGreet agrees on a method (RFC 1928 section 3) and authenticates if the proxy wants that (RFC 1929).
func socksGreet(conn net.Conn, user *url.Userinfo) error {
	hello := []byte{socksVersion, 1, socksNoAuth}
	if user != nil {
		hello = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	b, err := socksAsk(conn, hello)
	switch {
	case err != nil:
		return err
	case b[0] != socksVersion:
		return errNoSocks(b[0])
	case b[1] == socksNoAuth:
		return nil
	case b[1] == socksNoMethod:
		return errors.New("it wants another authentication")
	case b[1] != socksPassword || user == nil:
		return fmt.Errorf("it chose method %d, which was not offered", b[1])
	}
	name := user.Username()
	password, _ := user.Password()
	if name == "" || len(name) > 255 || len(password) > 255 {
		return errors.New("SOCKS5 has room for a user name of 1 to 255 bytes and a password of 255")
	}
	login := append([]byte{1, byte(len(name))}, name...)
	login = append(append(login, byte(len(password))), password...)
	if b, err = socksAsk(conn, login); err != nil {
		return err
	}
	if b[1] != 0 {
		return errors.New("it refused the user name or password")
	}
	return nil
}

// socksAsk sends a message and reads the two bytes of its answer.
func socksAsk(conn net.Conn, message []byte) (b [2]byte, err error) {
	if _, err = conn.Write(message); err == nil {
		_, err = io.ReadFull(conn, b[:])
	}
	return b, err
}

func errNoSocks(version byte) error {
	return fmt.Errorf("it doesn't speak SOCKS5: its answer begins with %#x", version)
}
