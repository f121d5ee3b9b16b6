package fogootel

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Attributes that the conventions have none for.
const (
	closeCodeKey        = attribute.Key("fogo.websocket.close_code")
	messageKindKey      = attribute.Key("fogo.websocket.message.kind")
	messageSizeKey      = attribute.Key("fogo.websocket.message.size")
	providerTypeKey     = attribute.Key("fogo.provider.type")
	providerFunctionKey = attribute.Key("fogo.provider.function")
	providerLifetimeKey = attribute.Key("fogo.provider.lifetime")
)

// requestAttributes are what is known of a call when it begins, and samplers
// may want to know.
func requestAttributes(c *observe.Call) []attribute.KeyValue {
	r := c.Request
	list := append(make([]attribute.KeyValue, 0, 14),
		semconv.HTTPRequestMethodKey.String(c.Method), semconv.URLPath(valid(r.URL.Path)), semconv.URLScheme(schemeOf(r)))
	if c.Method == observe.OtherMethod {
		list = append(list, semconv.HTTPRequestMethodOriginal(r.Method))
	}
	if c.Route != "" {
		list = append(list, semconv.HTTPRoute(c.Route))
	}
	if host, port := split(r.Host); host != "" {
		list = append(list, semconv.ServerAddress(valid(host)))
		if port > 0 {
			list = append(list, semconv.ServerPort(port))
		}
	}
	if host, port := split(r.RemoteAddr); host != "" {
		list = append(list, semconv.ClientAddress(host), semconv.NetworkPeerAddress(host))
		if port > 0 {
			list = append(list, semconv.NetworkPeerPort(port))
		}
	}
	list = append(list, semconv.NetworkProtocolVersion(versionOf(r)))
	if agent := r.UserAgent(); agent != "" {
		list = append(list, semconv.UserAgentOriginal(valid(agent)))
	}
	return list
}

// schemeOf is "https" if the request came over TLS. What a proxy may have ended
// is not known.
func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// versionOf is "1.1", or "2": the conventions leave the minor version out there.
func versionOf(r *http.Request) string {
	switch {
	case r.ProtoMajor >= 2:
		return strconv.Itoa(r.ProtoMajor)
	case r.ProtoMinor == 0:
		return "1.0"
	}
	return "1.1"
}

// split takes an address apart; 0 for no port.
func split(address string) (host string, port int) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return address, 0
	}
	port, _ = strconv.Atoi(text)
	return host, port
}

// valid is a text that a client chose, as UTF-8. Exporters that encode as protobuf
// refuse any other, and with it the whole batch: also the spans of others.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// stackOf is the stack of a panic.
func stackOf(err error) []attribute.KeyValue {
	if p, ok := errors.AsType[*inject.Panic](err); ok {
		return []attribute.KeyValue{semconv.ExceptionStacktrace(string(p.Stack))}
	}
	return nil
}
