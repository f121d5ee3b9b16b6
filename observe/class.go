package observe

import (
	"net/http"
	"strconv"
)

// Class says what became of a call, provider, message or connection. It is
// bounded, so that it can be a label.
type Class uint8

const (
	// OK ended as it should. Of a call: answered with a status below 400, by whomever.
	OK Class = iota
	// Refused is the client's fault: answered with 4xx, for example 404, or
	// closed with a code that says so, for example 1007.
	Refused
	// Failed is the server's: an error that is answered with 5xx or 1011, or
	// came too late to be answered.
	Failed
	// Panicked is Failed because somebody panicked.
	Panicked
	// Aborted was cut off on purpose: http.ErrAbortHandler.
	Aborted
	// Gone means that the client left before the end.
	Gone
)

var classNames = [...]string{"ok", "refused", "failed", "panic", "aborted", "gone"}

// String is "ok", "refused", "failed", "panic", "aborted" or "gone".
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "Class(" + strconv.Itoa(int(c)) + ")"
}

// ErrorType is the class as the attribute error.type of OpenTelemetry: "" for
// OK and Refused, for what a client did wrong is no error of the server.
func (c Class) ErrorType() string {
	if c <= Refused {
		return ""
	}
	return c.String()
}

// ErrorType is the attribute error.type of OpenTelemetry's HTTP conventions: the
// status where a call failed with one, "500", else that of the class.
func (e CallEnd) ErrorType() string {
	if e.Class == Failed && e.Status >= http.StatusInternalServerError {
		return strconv.Itoa(e.Status)
	}
	return e.Class.ErrorType()
}

// ClassOfStatus is the class of a call that was answered with a status.
func ClassOfStatus(status int) Class {
	switch {
	case status >= http.StatusInternalServerError:
		return Failed
	case status >= http.StatusBadRequest:
		return Refused
	}
	return OK
}

// ClassOfCode is the class of a connection that was closed with a code and had
// no error.
func ClassOfCode(code int) Class {
	switch code {
	case 1006: // abnormal
		return Gone
	case 1011: // internal error
		return Failed
	case 1002, 1003, 1007, 1008, 1009, 1010: // protocol, kind, data, policy, size, extension
		return Refused
	}
	return OK
}

// CodeLabel is the code as a label: those up to 1015 as they are, and "3xxx" and
// "4xxx" for those that clients may choose freely.
func (e ConnectionEnd) CodeLabel() string {
	switch {
	case e.Code >= 1000 && e.Code <= 1015:
		return strconv.Itoa(e.Code)
	case e.Code >= 3000 && e.Code < 4000:
		return "3xxx"
	case e.Code >= 4000 && e.Code < 5000:
		return "4xxx"
	}
	return otherCode
}

// otherCode stands for codes that may not be used.
const otherCode = "_OTHER"

// MethodLabel is a method as a label: one of those that RFC 9110 and RFC 5789
// define, or [OtherMethod]. Methods are case-sensitive.
func MethodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return OtherMethod
}
