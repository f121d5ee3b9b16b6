package rules

import (
	"fmt"
	"strings"
)

// framework is a type that the framework itself fills in.
type framework struct {
	key    string // "*" if a pointer, import path, name
	source Source
	when   condition
}

// condition says where a framework type exists.
type condition uint8

const (
	always      condition = iota // also in Singletons
	perRequest                   // on HTTP routes, and on sockets from the handshake
	httpOnly                     // on HTTP routes
	connection                   // on sockets, once there is a connection
	perMessage                   // on sockets, for each message
	onlyClosing                  // on sockets, when the connection has ended
)

// frameworks are all of them.
var frameworks = []framework{
	{"context.Context", None, always},
	{"*log/slog.Logger", None, always},
	{"*net/http.Request", None, perRequest},
	{"net/http.Header", None, perRequest},
	{"*net/url.URL", None, perRequest},
	{"net/url.Values", None, perRequest},
	{resolvePath + ".Route", None, perRequest},
	{"net/http.ResponseWriter", None, httpOnly},
	{resolvePath + ".RawBody", RawBody, httpOnly},
	{resolvePath + ".Parts", Form, httpOnly},
	{"*" + wsPath + ".WebSocket", None, connection},
	{wsPath + ".Data", MessageBody, perMessage},
	{wsPath + ".Text", MessageBody, perMessage},
	{wsPath + ".Binary", MessageBody, perMessage},
	{wsPath + ".Code", None, onlyClosing},
	{wsPath + ".Reason", None, onlyClosing},
}

// key identifies a named type, or a pointer to one, by its import path.
func key(t Type) string {
	if pointer(t) && !named(t) {
		return "*" + key(t.Elem())
	}
	if !named(t) {
		return ""
	}
	return t.PkgPath() + "." + t.Name()
}

func frameworkOf(t Type) (framework, bool) {
	k := key(t)
	for _, f := range frameworks {
		if f.key == k {
			return f, true
		}
	}
	return framework{}, false
}

// frameworkTwin finds the framework type that t misses by a pointer.
func frameworkTwin(t Type) (framework, bool) {
	k := key(t)
	for _, f := range frameworks {
		if k != "" && ("*"+f.key == k || f.key == "*"+k) {
			return f, true
		}
	}
	return framework{}, false
}

// name is the type as a program writes it: "*http.Request".
func (f framework) name() string {
	name, star := strings.CutPrefix(f.key, "*")
	name = name[strings.LastIndexByte(name, '/')+1:]
	if star {
		return "*" + name
	}
	return name
}

// ofSocket reports whether f makes a function a WebSocket view.
func (f framework) ofSocket() bool { return f.when >= connection }

// bindFramework binds parameter i to the framework's own value.
func (b *binder) bindFramework(i int, f framework) {
	t := b.sig.In[i]
	if by := b.env.provided(t); by != "" {
		b.fault(i, "%q falls in two classes: it is the framework's own, and it has a provider, %s; "+
			"provide a type of your own over it instead", t, by)
		return
	}
	if why := f.missing(&b.env); why != "" {
		b.fault(i, "%s", why)
		return
	}
	b.bind(i, Binding{Class: Framework, Source: f.source, Value: t, Name: f.name(), Text: "framework"})
	switch f.source {
	case RawBody:
		b.bodies = append(b.bodies, body{param: i, what: fmt.Sprintf("%q", t), use: Keeps})
	case Form:
		b.bodies = append(b.bodies, body{param: i, what: fmt.Sprintf("%q", t), use: Streams})
	case MessageBody:
		b.bodies = append(b.bodies, body{param: i, what: fmt.Sprintf("%q", t)})
	}
}

// missing says why f does not exist in env, or "".
func (f framework) missing(env *Env) string {
	name := f.name()
	switch {
	case f.when == always:
		return ""
	case env.Singleton:
		return fmt.Sprintf("%q belongs to a call, but a Singleton is made before the first one: "+
			"provide it inject.PerCall or inject.PerConnection, or take less", name)
	case f.when == perRequest:
		return ""
	case f.when == httpOnly:
		return f.missingOnSocket(env)
	case env.Protocol == HTTP:
		return fmt.Sprintf("%q exists on WebSocket routes only: register the function with WebSocket, or drop the parameter", name)
	case env.Role == Guard:
		return fmt.Sprintf("%q does not exist yet when guards run, which is before the upgrade: "+
			"take \"*http.Request\", a header or a cookie, or check it in OnConnect", name)
	case f.when == perMessage && !perMessageHere(env):
		return fmt.Sprintf("%q is one message, and here there is none: %s", name, noMessage(env))
	case f.when == onlyClosing && !env.Closing:
		return fmt.Sprintf("%q is known only when the connection has ended: take it in OnDisconnect", name)
	}
	return ""
}

// missingOnSocket says what stands for the types of HTTP on a socket.
func (f framework) missingOnSocket(env *Env) string {
	switch {
	case env.Protocol == HTTP:
		return ""
	case f.source == RawBody || f.source == Form:
		return fmt.Sprintf("%q exists on HTTP routes only, a handshake has no body: %s", f.name(),
			instead(env, `take the message as "ws.Data"`))
	case env.Role == Guard:
		return fmt.Sprintf("%q exists on HTTP routes only, so this guard cannot run on a WebSocket route: "+
			"return an error, which answers the handshake, or register the guard for HTTP routes", f.name())
	}
	return fmt.Sprintf("%q exists on HTTP routes only, the upgrade takes the response: %s", f.name(),
		instead(env, `send through "*ws.WebSocket", or return an error before accepting`))
}

// instead is the remedy where the function has a connection or a message at
// hand; guards have neither.
func instead(env *Env, remedy string) string {
	if env.Role == Guard {
		return "register the guard for HTTP routes only"
	}
	return remedy
}

// noMessage says where a message could be had instead.
func noMessage(env *Env) string {
	switch {
	case env.Role == Provider:
		return "only inject.PerCall providers of handlers that take the message see it"
	case env.Role == Hook:
		return "take it in OnReceive"
	}
	return "take it in a view that is called per message, or receive it from \"*ws.WebSocket\""
}
