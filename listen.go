package fogo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// socketsKeepAlive is how TCP probes idle connections of an application with
// WebSockets. Those have pings of their own, and every probe wakes a machine
// that may hold a million of them. Without WebSockets the defaults of package
// net hold, 15 s.
var socketsKeepAlive = net.KeepAliveConfig{Enable: true, Idle: 3 * time.Minute, Interval: time.Minute, Count: 3}

// methodSocket is what a route to a WebSocket has for a method.
const methodSocket = "WEBSOCKET"

// listen opens all addresses, or none.
func (a *App) listen(ctx context.Context, addrs []string) ([]net.Listener, error) {
	if len(addrs) == 0 {
		return nil, errors.New(`fogo: Run needs an address, such as ":8000" or "unix:/run/app.sock"`)
	}
	lc := net.ListenConfig{KeepAliveConfig: a.keepAlive()}
	if c := a.settings.keepAlive; c != nil && !c.Enable {
		lc.KeepAlive = -1 // or package net would take its own
	}
	var lns []net.Listener
	for _, addr := range addrs {
		ln, err := listenOn(ctx, &lc, addr, a.settings.socketMode)
		if err != nil {
			closeAll(lns)
			return nil, fmt.Errorf("fogo: %w", err)
		}
		lns = append(lns, ln)
	}
	return lns, nil
}

// keepAlive returns what was configured, or what suits the routes.
func (a *App) keepAlive() net.KeepAliveConfig {
	if a.settings.keepAlive != nil {
		return *a.settings.keepAlive
	}
	for _, r := range a.life.built.Routes() {
		if r.Method == methodSocket {
			return socketsKeepAlive
		}
	}
	return net.KeepAliveConfig{}
}

func listenOn(ctx context.Context, lc *net.ListenConfig, addr string, mode fs.FileMode) (net.Listener, error) {
	path, unix := strings.CutPrefix(addr, "unix:")
	switch {
	case !unix:
		return lc.Listen(ctx, "tcp", addr)
	case path == "":
		return nil, fmt.Errorf("listen %s: the path of the socket is missing", addr)
	case strings.HasPrefix(path, "@"):
		return lc.Listen(ctx, "unix", path) // it has no file
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	ln, err := lc.Listen(ctx, "unix", path)
	if errors.Is(err, syscall.EINVAL) && len(path) > 100 {
		err = fmt.Errorf("%w; the path has %d bytes, and systems have room for little more than 100: choose a shorter one", err, len(path))
	}
	if err != nil || mode == 0 {
		return ln, err
	}
	if err := os.Chmod(path, mode); err != nil {
		_ = ln.Close()
		return nil, err
	}
	return ln, nil
}

// removeStale removes the socket file of a program that did not end well.
// Somebody who still listens on it, or a file that is no socket, is an error.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen unix %s: a file is there that is no socket; remove it or choose another path", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
		return fmt.Errorf("listen unix %s: address already in use", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("listen unix %s: a socket is there and does not answer: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// closeAll closes listeners that are not served.
func closeAll(lns []net.Listener) {
	for _, ln := range lns {
		_ = ln.Close()
	}
}
