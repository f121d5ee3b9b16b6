package endpoint

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/internal/rules"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// The calls of a socket's program.
const (
	handshakeCall = iota
	messageCall
	closedCall
)

// socketFunction compiles a function view of a socket: per message if it takes
// one, else once per connection.
func (c *compiler) socketFunction(fn *inject.Function) {
	sig := rules.SignatureOf(fn.Type())
	_, perMessage := rules.IsMessage(sig, rules.Env{Protocol: rules.Socket})
	codec, fault := c.codec("")
	u := &socketUnit{c: c, codec: codec, res: &messageResult{}}
	u.fault(fault)
	u.compileResult(fn)
	if perMessage {
		u.encodable(fn)
		fn.Context = &resolve.Place{PerMessage: true, Codec: codec}
		u.calls = []inject.Call{{Name: "handshake"}, {Name: "message", Handler: fn}}
		u.streamed(messageCall)
	} else {
		fn.Context = &resolve.Place{Handshake: true, Codec: codec}
		u.calls = []inject.Call{{
			Name: "connection", Handler: fn,
			Stream: true, StreamWhy: "it owns its connection and runs as long as that",
		}}
	}
	u.compile(false)
}

// socketClass compiles the hooks of a class.
func (c *compiler) socketClass(k *class) {
	codec, fault := c.codec(k.encoding)
	instances := &resolve.Class{Type: k.typ, Prototype: k.proto, Lifetime: inject.PerConnection}
	u := &socketUnit{c: c, codec: codec, res: &messageResult{}, calls: make([]inject.Call, 2, 3)}
	u.fault(fault)

	receive := c.method(*k.receive, inject.RoleHook)
	receive.Context = &resolve.Place{PerMessage: true, Codec: codec, Class: instances}
	u.compileResult(receive)
	if k.encoding != "" {
		u.encodable(receive)
	}
	u.calls[handshakeCall].Name = "handshake"
	u.calls[messageCall] = inject.Call{Name: "message", Handler: receive}
	u.streamed(messageCall)
	if k.connect != nil {
		fn := c.method(*k.connect, inject.RoleHook)
		fn.Context = &resolve.Place{Handshake: true, Class: instances}
		u.calls[handshakeCall].Handler = fn
		u.calls[handshakeCall].Faults = hookFaults("OnConnect", fn)
	}
	if k.closed != nil {
		fn := c.method(*k.closed, inject.RoleHook)
		fn.Context = &resolve.Place{Closing: true, Class: instances}
		u.calls = append(u.calls, inject.Call{Name: "disconnect", Handler: fn, Faults: hookFaults("OnDisconnect", fn)})
	}
	u.compile(true)
}

// hookFaults refuses a hook that returns anything but an error.
func hookFaults(name string, fn *inject.Function) []string {
	t := fn.Type()
	if t.NumOut() == 0 || t.NumOut() == 1 && t.Out(0) == errorType {
		return nil
	}
	return []string{fmt.Sprintf("%s may return an error or nothing, not %s; to send something use *ws.WebSocket", name, resultList(t))}
}

func resultList(t reflect.Type) string {
	s := ""
	for i := range t.NumOut() {
		if i > 0 {
			s += ", "
		}
		s += t.Out(i).String()
	}
	return "(" + s + ")"
}

// socketUnit is a socket's program being compiled.
type socketUnit struct {
	c      *compiler
	codec  resolve.Codec
	res    *messageResult
	calls  []inject.Call
	faults []string
}

func (u *socketUnit) fault(text string) {
	if text != "" {
		u.faults = append(u.faults, text)
	}
}

func (u *socketUnit) compileResult(fn *inject.Function) {
	res, faults := compileMessageResult(fn, u.codec)
	u.faults = append(u.faults, faults...)
	if res != nil {
		u.res = res
	}
}

// encodable refuses an encoding for messages that no codec decodes.
func (u *socketUnit) encodable(fn *inject.Function) {
	named, _ := u.c.spec.Settings.Get(encodingKey{}).(string)
	if named == "" && fn.Role == inject.RoleHandler {
		return
	}
	for _, t := range fn.Params() {
		switch t {
		case reflect.TypeFor[ws.Data](), reflect.TypeFor[ws.Text](), reflect.TypeFor[ws.Binary]():
			u.fault(fmt.Sprintf("an encoding is named, but the message parameter %s is not decoded; "+
				"take a data struct or resolve.Message[T], or drop the encoding", t))
		}
	}
}

func (u *socketUnit) streamed(call int) {
	if u.res.stream {
		u.calls[call].Stream, u.calls[call].StreamWhy = true, u.res.why
	}
}

// compile compiles the program and makes the view of it.
func (u *socketUnit) compile(shared bool) {
	c := u.c
	main := len(u.calls) - 1
	if len(u.calls) > messageCall {
		main = messageCall
	}
	u.calls[main].Faults = append(u.calls[main].Faults, u.faults...)
	binder := c.binder(resolve.RouteSpec{Socket: true, Messages: len(u.calls) > messageCall, Shared: shared})
	var err error
	if u.calls[handshakeCall].Guards, err = c.guards(&resolve.Place{Handshake: true}); err != nil {
		c.fail(err)
		return
	}
	p, err := c.asm.Compile(inject.Spec{
		Route: c.title(pattern.Socket), Level: c.spec.Level, Binder: binder, Calls: u.calls, Connection: true, Hold: c.spec.Settings.Hold,
	})
	if err != nil {
		c.fail(err)
		return
	}
	c.out.programs = append(c.out.programs, p)
	c.out.socket = u.view(p, binder)
}

func (u *socketUnit) view(p *inject.Program, binder *resolve.Binder) *socketView {
	c := u.c
	v := &socketView{
		cfg: c.cfg, values: c.values, opts: c.socketOptions(), program: p, binder: binder, route: c.route(pattern.Socket),
		handshake: p.Plan(handshakeCall), result: u.res, codec: u.codec,
		closeOnInvalid: c.flag(invalidKey{}), limit: c.asm.CleanupTimeout(),
	}
	if len(u.calls) > messageCall {
		v.message = p.Plan(messageCall)
	}
	if len(u.calls) > closedCall {
		v.closed = p.Plan(closedCall)
	}
	return v
}

// disconnectContext has the values of the connection's context and a deadline.
func disconnectContext(conn *ws.WebSocket, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(conn.Context()), limit)
}

// disconnect runs OnDisconnect.
func (s *session) disconnect(ctx context.Context) (err error) {
	run := s.view.closed.Begin(ctx, &s.call, s.scope)
	defer run.End()
	return run.Finish(run.Do())
}

func asPanic(v any) error { return &inject.Panic{Value: v, Stack: debug.Stack()} }
