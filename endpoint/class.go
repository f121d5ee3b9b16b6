package endpoint

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
)

// class is what was found out about the type of a class view.
type class struct {
	typ      reflect.Type // without the pointer
	proto    reflect.Value
	verbs    []verb
	connect  *reflect.Method
	receive  *reflect.Method
	closed   *reflect.Method
	declared map[string]reflect.Value // methods with value receivers, by name
	encoding string                   // result of the method Encoding, "" if none
}

// verb is a method named as an HTTP method.
type verb struct {
	method string
	fn     reflect.Method
}

// A loop over Type.Method(i), or MethodByName with a name that is not a
// constant at the call, would make the linker keep every exported method of the
// user's whole program. So each name is looked up by a literal of its own.

func lookupVerbs(t reflect.Type) []verb {
	var verbs []verb
	add := func(method string, m reflect.Method, ok bool) {
		if ok {
			verbs = append(verbs, verb{method, m})
		}
	}
	m, ok := t.MethodByName("Get")
	add(http.MethodGet, m, ok)
	m, ok = t.MethodByName("Head")
	add(http.MethodHead, m, ok)
	m, ok = t.MethodByName("Post")
	add(http.MethodPost, m, ok)
	m, ok = t.MethodByName("Put")
	add(http.MethodPut, m, ok)
	m, ok = t.MethodByName("Patch")
	add(http.MethodPatch, m, ok)
	m, ok = t.MethodByName("Delete")
	add(http.MethodDelete, m, ok)
	m, ok = t.MethodByName("Options")
	add(http.MethodOptions, m, ok)
	return verbs
}

func lookupHooks(c *class, t reflect.Type) {
	if m, ok := t.MethodByName("OnConnect"); ok {
		c.connect = &m
	}
	if m, ok := t.MethodByName("OnReceive"); ok {
		c.receive = &m
	}
	if m, ok := t.MethodByName("OnDisconnect"); ok {
		c.closed = &m
	}
}

// declared finds the methods that the type itself has. Those of *T may be
// wrappers that the compiler made, which stand nowhere; these tell where the
// user's code is.
func declared(t reflect.Type) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	add := func(m reflect.Method, ok bool) {
		if ok {
			found[m.Name] = m.Func
		}
	}
	add(t.MethodByName("Get"))
	add(t.MethodByName("Head"))
	add(t.MethodByName("Post"))
	add(t.MethodByName("Put"))
	add(t.MethodByName("Patch"))
	add(t.MethodByName("Delete"))
	add(t.MethodByName("Options"))
	add(t.MethodByName("OnConnect"))
	add(t.MethodByName("OnReceive"))
	add(t.MethodByName("OnDisconnect"))
	return found
}

// misspelt lists the methods of t that look like a hook or verb and are none.
func misspelt(t reflect.Type) []string {
	var found []string
	add := func(is, meant string, ok bool) {
		if ok {
			found = append(found, fmt.Sprintf("method %s is never called; did you mean %s?", is, meant))
		}
	}
	_, ok := t.MethodByName("OnRecieve")
	add("OnRecieve", "OnReceive", ok)
	_, ok = t.MethodByName("Onreceive")
	add("Onreceive", "OnReceive", ok)
	_, ok = t.MethodByName("OnMessage")
	add("OnMessage", "OnReceive", ok)
	_, ok = t.MethodByName("OnData")
	add("OnData", "OnReceive", ok)
	_, ok = t.MethodByName("OnOpen")
	add("OnOpen", "OnConnect", ok)
	_, ok = t.MethodByName("Onconnect")
	add("Onconnect", "OnConnect", ok)
	_, ok = t.MethodByName("OnConnected")
	add("OnConnected", "OnConnect", ok)
	_, ok = t.MethodByName("OnClose")
	add("OnClose", "OnDisconnect", ok)
	_, ok = t.MethodByName("Ondisconnect")
	add("Ondisconnect", "OnDisconnect", ok)
	_, ok = t.MethodByName("OnDisconect")
	add("OnDisconect", "OnDisconnect", ok)
	_, ok = t.MethodByName("GET")
	add("GET", "Get", ok)
	_, ok = t.MethodByName("HEAD")
	add("HEAD", "Head", ok)
	_, ok = t.MethodByName("POST")
	add("POST", "Post", ok)
	_, ok = t.MethodByName("PUT")
	add("PUT", "Put", ok)
	_, ok = t.MethodByName("PATCH")
	add("PATCH", "Patch", ok)
	_, ok = t.MethodByName("DELETE")
	add("DELETE", "Delete", ok)
	_, ok = t.MethodByName("OPTIONS")
	add("OPTIONS", "Options", ok)
	return found
}

// inspectClass finds the methods of a class, by value or by pointer. Methods
// are looked up on *T: the wrapper that the compiler generates there takes a
// receiver of any size as one word.
func inspectClass(v any) (*class, error) {
	t := reflect.TypeOf(v)
	if t == nil {
		return nil, fmt.Errorf("nil is not a view: register a function or a value of a class")
	}
	c := &class{typ: t, proto: reflect.ValueOf(v)}
	if t.Kind() == reflect.Pointer {
		c.typ = t.Elem()
		if c.proto.IsNil() {
			c.proto = reflect.Zero(c.typ)
		} else {
			c.proto = c.proto.Elem()
		}
	}
	if c.typ.Name() == "" || c.typ.Kind() == reflect.Interface {
		return nil, fmt.Errorf("a value of type %s is not a view: register a function, or a class (a named type with methods such as Get or OnReceive)", t)
	}
	pt := reflect.PointerTo(c.typ)
	c.verbs = lookupVerbs(pt)
	lookupHooks(c, pt)
	c.declared = declared(c.typ)
	p := reflect.New(c.typ)
	p.Elem().Set(c.proto)
	if e, ok := p.Interface().(interface{ Encoding() string }); ok {
		c.encoding = e.Encoding()
	}
	return c, c.check(pt)
}

func (c *class) check(pt reflect.Type) error {
	problems := misspelt(pt)
	if len(c.verbs) == 0 && c.receive == nil {
		problems = append(problems, "it has no method named as a verb (Get, Head, Post, Put, Patch, Delete, Options) and no OnReceive")
	}
	if c.receive == nil && (c.connect != nil || c.closed != nil) {
		problems = append(problems, "it has a hook but no OnReceive, without which a class takes no WebSockets")
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("class %s cannot be served: %s", c.typ, strings.Join(problems, "; "))
}

func (c *class) kind() Kind {
	k := Kind{Class: true, Socket: c.receive != nil}
	for _, v := range c.verbs {
		k.Verbs = append(k.Verbs, v.method)
	}
	return k
}
