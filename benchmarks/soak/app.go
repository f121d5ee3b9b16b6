package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/middleware/compress"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/playground"
	"github.com/gofogo/fogo/ws"
)

// newApp is a service with a bit of everything that a service has. It serves
// with Run's defaults; but its WebSockets are pinged every other second, so that
// a silent peer is given up within the run.
func newApp(l *Ledger, tracker *ws.Tracker, files fs.FS, spool Spool, leak leak) *fogo.App {
	sockets := ws.Options{
		Tracker: tracker, PingInterval: pingInterval, PongTimeout: pongTimeout,
		MaxMessage: maxMessage, Compression: &ws.Compression{},
	}
	rooms := sockets
	rooms.Overflow = ws.OverflowClose // nobody waits for a slow guest
	app := fogo.New(
		playground.Validation(),
		resolve.Uploads{Memory: 16 << 10, Dir: string(spool)},
		fogo.WithWebSocket(sockets),
	)
	app.Value(l)
	app.Value(spool)
	app.Provide(inject.PerCall, newTrace)
	app.Provide(inject.PerCall, newSession)
	app.Provide(inject.PerCall, newTx)
	app.Provide(inject.PerConnection, newCart)
	app.Provide(inject.Singleton, newRooms)
	app.Use(leak.middleware)

	app.Get("/users/{user_id}", showUser)
	app.Post("/orders", takeOrder)
	app.Get("/search/{kind}", search)
	app.Endpoint("/notes/{note_id}", Note{})
	app.Post("/upload", upload, endpoint.MaxBody(1<<20))
	app.Get("/events", events, inject.Hold)
	app.Get("/lines/{count}", lines)
	app.Get("/fail/{how}", fail)
	app.Get("/wait", wait)
	app.Get("/big", big)
	app.Static("/files", files)
	packed := app.Group("/packed")
	packed.Use(compress.Requests(compress.RequestOptions{}), compress.Responses(compress.Options{}))
	packed.Post("/echo", func(text resolve.RawBody) string { return string(text) })

	app.WebSocket("/ws/echo", reply)
	app.WebSocket("/ws/count", Count{})
	app.WebSocket("/ws/room/{room_id}", Guest{}, endpoint.WebSocket(rooms))
	guarded := app.Group("/guarded")
	guarded.Guard(func(*Session) error { return endpoint.NewError(http.StatusForbidden, "Not you.") })
	guarded.WebSocket("/ws", reply)
	return app
}

const (
	pingInterval = 2 * time.Second
	pongTimeout  = 2 * time.Second
	maxMessage   = 64 << 10
)

// User is what showUser answers. It tells that every value that was made for
// the request knows of the others.
type User struct {
	ID    UserID `json:"id"`
	Name  string `json:"name"`
	Trace string `json:"trace"`
	Owner string `json:"owner"`
	Open  bool   `json:"open"` // the transaction is, while the handler runs
}

// UserID is the variable of the pattern.
type UserID int

func showUser(tx *Tx, s *Session, t *Trace, id UserID) User {
	return User{id, "user " + strconv.Itoa(int(id)), t.ID, s.User, tx.open}
}

// Order is a body that is validated.
type Order struct {
	Item  string `json:"item" validate:"required,max=40"`
	Count int    `json:"count" validate:"min=1,max=100"`
	Notes []Text `json:"notes" validate:"max=5,dive"`
}

// Text is part of an Order.
type Text struct {
	Text string `json:"text" validate:"required"`
}

func takeOrder(tx *Tx, o resolve.Body[Order]) endpoint.Created[Order] {
	return endpoint.Created[Order]{Location: "/orders/" + o.Value.Item, Body: o.Value}
}

// Query is a params struct that reads from everywhere.
type Query struct {
	Kind   string   `path:"kind"`
	Text   string   `query:"q"`
	Page   int      `query:"page" default:"1"`
	Tags   []string `query:"tag"`
	Client string   `header:"X-Client"`
	Theme  *string  `cookie:"theme"`
}

func search(q Query) Query { return q }

// Note is a class view.
type Note struct {
	Session *Session `inject:""`
	Trace   *Trace   `inject:""`
}

// Get answers a text.
func (n *Note) Get(id NoteID) string { return n.Session.User + " reads " + string(id) }

// Put answers with nothing.
func (n *Note) Put(id NoteID, text resolve.RawBody) error {
	if len(text) == 0 {
		return endpoint.NewError(http.StatusBadRequest, "There is nothing in "+string(id)+".")
	}
	return nil
}

// NoteID is the variable of the pattern.
type NoteID string

// Form has a file that is larger than what is kept in memory.
type Form struct {
	Title string       `form:"title"`
	File  resolve.File `form:"file" maxsize:"512KiB"`
}

// Stored says what came of a Form.
type Stored struct {
	Title string `json:"title"`
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	Sum   string `json:"sum"`
	Disk  bool   `json:"disk"` // it is there while the handler runs
}

// Spool is the directory that files are spooled to.
type Spool string

func upload(tx *Tx, spool Spool, in resolve.Form[Form]) (Stored, error) {
	f := in.Value.File
	spooled, err := filepath.Glob(filepath.Join(string(spool), "fogo-upload-*"))
	if err != nil {
		return Stored{}, err
	}
	h := sha256.New()
	if _, err := f.WriteTo(h); err != nil {
		return Stored{}, err
	}
	return Stored{in.Value.Title, f.Filename, f.Size, hex.EncodeToString(h.Sum(nil)), len(spooled) > 0}, nil
}

// Tick is the data of an event, and a line.
type Tick struct {
	N     int    `json:"n"`
	Trace string `json:"trace,omitempty"`
}

// Many is how many events are wanted; without it there is no end of them.
type Many int

// events is a stream that holds what was made for the request.
func events(ctx context.Context, t *Trace, many resolve.Optional[resolve.Query[Many]]) iter.Seq[endpoint.Event[Tick]] {
	return func(yield func(endpoint.Event[Tick]) bool) {
		end, bounded := many.Get()
		for n := 1; !bounded || n <= int(end.Value); n++ {
			if !yield(endpoint.Event[Tick]{ID: strconv.Itoa(n), Name: "tick", Data: Tick{n, t.ID}}) {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-fogo.Draining(ctx):
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

func lines(count int) iter.Seq2[Tick, error] {
	return func(yield func(Tick, error) bool) {
		for n := range count {
			if !yield(Tick{N: n}, nil) {
				return
			}
		}
	}
}

// fail fails in one of the ways that there are.
func fail(tx *Tx, how string) (string, error) {
	switch how {
	case "secret":
		return "", errors.New("a secret")
	case "told":
		return "", endpoint.NewError(http.StatusConflict, "Somebody was faster.")
	case "panic":
		panic("a secret")
	case "abort":
		panic(http.ErrAbortHandler)
	case "commit":
		tx.refuse = true
	}
	return "committed", nil
}

// wait waits for the client to leave.
func wait(ctx context.Context, s *Session, l *Ledger) error {
	<-ctx.Done()
	l.abandoned.Add(1)
	return ctx.Err()
}

const bigSize = 256 << 10

// big is an answer that does not fit into the buffers on the way.
func big(w http.ResponseWriter) {
	w.Header().Set("Content-Length", strconv.Itoa(bigSize))
	_, _ = io.Copy(w, io.LimitReader(strings.NewReader(bigText), bigSize)) // a client that left is no error
}

var bigText = strings.Repeat("0123456789abcdef", bigSize/16)
