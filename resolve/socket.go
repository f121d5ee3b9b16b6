package resolve

// The one file of the package that knows WebSockets.

import (
	"context"
	"net/http"
	"net/url"
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/ws"
)

// Event is what a call on a WebSocket reads from.
type Event struct {
	// Conn is the connection; during the handshake it is not accepted yet.
	Conn *ws.WebSocket
	// Message is the message being handled.
	Message ws.Message
	// Code and Reason are those the connection ended with.
	Code   ws.Code
	Reason ws.Reason

	failed error // why the message cannot be handled: a *ws.CloseError
}

// CallContext implements inject.ContextHost: the context of every call on a
// connection is the connection's.
func (c *Call) CallContext() context.Context {
	if c.Event != nil && c.Event.Conn != nil {
		return c.Event.Conn.Context()
	}
	if c.Request != nil {
		return c.Request.Context()
	}
	return context.Background()
}

// refuse ends the connection with a code because of the message at hand. The
// first reason counts.
func (e *Event) refuse(code ws.Code, reason string) {
	if e.failed == nil {
		e.failed = &ws.CloseError{Code: code, Reason: ws.Reason(reason)}
	}
}

// takeFailure returns why the message cannot be handled, or nil.
func (c *Call) takeFailure() error {
	if c.Event == nil || c.Event.failed == nil {
		return nil
	}
	err := c.Event.failed
	c.Event.failed = nil
	return err
}

// socketFill returns the fill of a framework type of package ws.
func socketFill(name string) (inject.Fill, inject.Lifetime) {
	switch name {
	case "*ws.WebSocket":
		return func(r *inject.Run, at frame.Ref) {
			*frame.At[*ws.WebSocket](at) = callOf(r).Event.Conn
		}, inject.PerConnection
	case "ws.Data":
		return func(r *inject.Run, at frame.Ref) {
			*frame.At[ws.Data](at) = callOf(r).Event.Message.Data
		}, inject.PerCall
	case "ws.Text":
		return fillText, inject.PerCall
	case "ws.Binary":
		return fillBinary, inject.PerCall
	case "ws.Code":
		return func(r *inject.Run, at frame.Ref) {
			*frame.At[ws.Code](at) = callOf(r).Event.Code
		}, inject.PerCall
	case "ws.Reason":
		return func(r *inject.Run, at frame.Ref) {
			*frame.At[ws.Reason](at) = callOf(r).Event.Reason
		}, inject.PerCall
	}
	return nil, 0
}

// KeepsMessages reports whether anything that was bound gets hold of a message's
// bytes themselves, and so may keep them.
func (b *Binder) KeepsMessages() bool { return b.keeps }

func fillText(r *inject.Run, at frame.Ref) {
	e := callOf(r).Event
	if e.Message.Kind != ws.KindText {
		e.refuse(ws.CodeUnsupportedData, "expected a text message")
		return
	}
	*frame.At[ws.Text](at) = ws.Text(e.Message.Data)
}

func fillBinary(r *inject.Run, at frame.Ref) {
	e := callOf(r).Event
	if e.Message.Kind != ws.KindBinary {
		e.refuse(ws.CodeUnsupportedData, "expected a binary message")
		return
	}
	*frame.At[ws.Binary](at) = e.Message.Data
}

// fillMessage decodes the message into a T with the view's codec. Malformed
// data closes with 1007; what fails validation is reported and the connection
// goes on.
func fillMessage(t reflect.Type, codec Codec, k *check) inject.Fill {
	set := frame.CopyOf(t)
	names := taggedNames(fieldTags(codec)...)
	return func(r *inject.Run, at frame.Ref) {
		c := callOf(r)
		// The decoder and the type's own methods see this memory, so it is
		// not the frame's.
		own := reflect.New(t)
		if err := codec.Decode(c.Event.Message.Data, own.Interface()); err != nil {
			c.Event.refuse(ws.CodeInvalidPayload, "malformed message: "+err.Error())
			return
		}
		if k != nil {
			k.run(c, own.Interface(), "message", names)
		}
		set(at, frame.RefTo(own))
	}
}

// detachedFill is the fill of an HTTP type in a function that runs after the
// handshake: it gives a copy that may be kept.
func detachedFill(name string) inject.Fill {
	switch name {
	case "*http.Request":
		return func(r *inject.Run, at frame.Ref) { *frame.At[*http.Request](at) = callOf(r).detach() }
	case "http.Header":
		return func(r *inject.Run, at frame.Ref) { *frame.At[http.Header](at) = callOf(r).detach().Header }
	case "*url.URL":
		return func(r *inject.Run, at frame.Ref) {
			u := *callOf(r).Request.URL // its User is immutable
			*frame.At[*url.URL](at) = &u
		}
	}
	return nil
}
