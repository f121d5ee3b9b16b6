package endpoint

import (
	"fmt"
	"reflect"

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
	u := c.socketUnit("")
	codec := u.codec
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
	instances := &resolve.Class{Type: k.typ, Prototype: k.proto, Lifetime: inject.PerConnection}
	u := c.socketUnit(k.encoding)
	u.calls = make([]inject.Call, 2, 3)

	receive := c.method(*k.receive, inject.RoleHook)
	receive.Context = &resolve.Place{PerMessage: true, Codec: u.codec, Class: instances}
	u.compileResult(receive)
	u.encodable(receive)
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
	named  string // encoding, "" if none is named
	codec  resolve.Codec
	opts   *ws.Options
	res    *messageResult
	calls  []inject.Call
	faults []string
}

// socketUnit begins a program. encoding is what a class's method says.
func (c *compiler) socketUnit(encoding string) *socketUnit {
	u := &socketUnit{c: c, named: c.encoding(encoding), opts: c.socketOptions(), res: &messageResult{}}
	var fault string
	u.codec, fault = c.codec(u.named)
	u.fault(fault)
	if err := u.opts.Validate(); err != nil {
		u.fault(err.Error())
	}
	return u
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
	if u.named == "" {
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
	binder := c.binder(resolve.RouteSpec{
		Socket: true, Messages: len(u.calls) > messageCall, Codec: u.codec, Shared: shared,
	})
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
		cfg: c.cfg, values: c.values, opts: u.opts, program: p, binder: binder, route: c.route(pattern.Socket),
		label:     c.out.label,
		handshake: p.Plan(handshakeCall), result: u.res, codec: u.codec,
		closeOnInvalid: c.flag(invalidKey{}), limit: c.asm.CleanupTimeout(),
		borrows: !binder.KeepsMessages(),
	}
	if len(u.calls) > messageCall {
		v.message = p.Plan(messageCall)
	}
	if len(u.calls) > closedCall {
		v.closed = p.Plan(closedCall)
	}
	return v
}

// socketOptions are the connection's options: the view's own or the
// application's, which in any case bring the logger and the tracker.
func (c *compiler) socketOptions() *ws.Options {
	opts := c.cfg.WebSocket
	if own, ok := c.spec.Settings.Get(wsOptionsKey{}).(*ws.Options); ok {
		logger, tracker := opts.Logger, opts.Tracker
		opts = *own
		if opts.Logger == nil {
			opts.Logger = logger
		}
		if opts.Tracker == nil {
			opts.Tracker = tracker
		}
	}
	if opts.Logger == nil {
		opts.Logger = c.cfg.Logger
	}
	return c.cfg.Debug.watch(&opts)
}

// encoding is the name of the view's codec, "" for the default one. The option
// takes the place of a class's method.
func (c *compiler) encoding(method string) string {
	if name, ok := c.spec.Settings.Get(encodingKey{}).(string); ok {
		return name
	}
	return method
}

// codec is the codec that the view's messages are decoded and its results are
// encoded with.
func (c *compiler) codec(named string) (resolve.Codec, string) {
	if named == "" {
		return c.values.Codecs[0], ""
	}
	codec, ok := c.values.Codecs.ByName(named)
	if ok {
		return codec, ""
	}
	var names []string
	for _, k := range c.values.Codecs {
		names = append(names, k.Name())
	}
	return nil, fmt.Sprintf("no codec is named %q; there are %q", named, names)
}
