package fogotest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// request is what request options work on.
type request struct {
	*http.Request
	subprotocols []string
}

// RequestOption is an option of one request or handshake.
type RequestOption func(*request) error

// Header sets a header field.
func Header(name, value string) RequestOption {
	return func(r *request) error {
		r.Header.Set(name, value)
		return nil
	}
}

// Cookie adds a cookie.
func Cookie(name, value string) RequestOption {
	return func(r *request) error {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
		return nil
	}
}

// Query adds a parameter to the query.
func Query(name, value string) RequestOption {
	return func(r *request) error {
		q := r.URL.Query()
		q.Add(name, value)
		r.URL.RawQuery = q.Encode()
		r.RequestURI = r.URL.RequestURI()
		return nil
	}
}

// Host sets the host that the request is for.
func Host(host string) RequestOption {
	return func(r *request) error {
		r.Request.Host = host
		return nil
	}
}

// Context sets the context of a request.
func Context(ctx context.Context) RequestOption {
	return func(r *request) error {
		r.Request = r.WithContext(ctx)
		return nil
	}
}

// Subprotocols offers subprotocols in the handshake of a WebSocket.
func Subprotocols(names ...string) RequestOption {
	return func(r *request) error {
		r.subprotocols = append(r.subprotocols, names...)
		return nil
	}
}

// Body sets the body of a request and its media type.
func Body(mediaType string, data []byte) RequestOption {
	return func(r *request) error {
		r.Header.Set("Content-Type", mediaType)
		r.Request.Body = io.NopCloser(bytes.NewReader(data))
		r.ContentLength = int64(len(data))
		return nil
	}
}

// JSON sets the body to v in JSON.
func JSON(v any) RequestOption {
	return func(r *request) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return Body("application/json", data)(r)
	}
}

// Form sets the body to an urlencoded form of names and values in turn:
// Form("name", "Ada", "age", "36").
func Form(pairs ...string) RequestOption {
	return func(r *request) error {
		values := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			values.Add(pairs[i], pairs[i+1])
		}
		return Body("application/x-www-form-urlencoded", []byte(values.Encode()))(r)
	}
}

// Text sets the body to a text.
func Text(s string) RequestOption {
	return Body("text/plain; charset=utf-8", []byte(s))
}
