package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"

	gobwas "github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/goccy/go-json"
)

// gobwasByHand is a WebSocket handler written by hand on gobwas/ws: with its
// wsutil, as its README does, or tuned.
type gobwasByHand struct{ tuned bool }

func (g gobwasByHand) name() string {
	if g.tuned {
		return "gobwas/ws by hand, tuned"
	}
	return "gobwas/ws by hand"
}

func (gobwasByHand) absent(string) string { return "" }

func (g gobwasByHand) messages() (http.Handler, error) {
	store, serve := newStore(), serveUtil
	if g.tuned {
		serve = serveTuned
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := gobwas.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		defer conn.Close()
		_ = serve(conn, store)
	}), nil
}

func serveUtil(conn net.Conn, store *Store) error {
	for {
		data, err := wsutil.ReadClientText(conn)
		if err != nil {
			return err
		}
		var m Add
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		reply, err := add(store, newStamp(), m)
		if err != nil {
			return err
		}
		out, err := json.Marshal(reply)
		if err != nil {
			return err
		}
		if err := wsutil.WriteServerText(conn, out); err != nil {
			return err
		}
	}
}

// serveTuned uses its buffers again and writes each frame at once. It does not
// know control frames and fragments.
func serveTuned(conn net.Conn, store *Store) error {
	r, data, out := bufio.NewReader(conn), make([]byte, 4096), bytes.Buffer{}
	for {
		h, err := gobwas.ReadHeader(r)
		if err != nil {
			return err
		}
		if h.OpCode != gobwas.OpText || !h.Fin || h.Length > int64(len(data)) {
			return gobwas.ErrProtocolInvalidUTF8
		}
		if _, err := io.ReadFull(r, data[:h.Length]); err != nil {
			return err
		}
		gobwas.Cipher(data[:h.Length], h.Mask, 0)
		var m Add
		if err := json.Unmarshal(data[:h.Length], &m); err != nil {
			return err
		}
		reply, err := add(store, newStamp(), m)
		if err != nil {
			return err
		}
		text, err := json.Marshal(reply)
		if err != nil {
			return err
		}
		out.Reset()
		if err := gobwas.WriteHeader(&out, gobwas.Header{Fin: true, OpCode: gobwas.OpText, Length: int64(len(text))}); err != nil {
			return err
		}
		out.Write(text)
		if _, err := conn.Write(out.Bytes()); err != nil {
			return err
		}
	}
}
