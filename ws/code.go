package ws

import (
	"strconv"
	"unicode/utf8"
)

// Code is the status of a closed connection (RFC 6455 section 7.4).
type Code uint16

// The codes of RFC 6455 section 7.4.1 and of the IANA registry.
// 3000 to 3999 are registered by libraries, 4000 to 4999 are free for applications.
const (
	CodeNormal             Code = 1000 // the purpose of the connection is fulfilled
	CodeGoingAway          Code = 1001 // a server stops, a page is left
	CodeProtocolError      Code = 1002 // the peer broke the protocol
	CodeUnsupportedData    Code = 1003 // a kind of message that the endpoint does not take
	CodeNoStatus           Code = 1005 // never sent: the peer's Close frame was empty
	CodeAbnormal           Code = 1006 // never sent: the connection dropped without a Close frame
	CodeInvalidPayload     Code = 1007 // malformed data, such as text that is not UTF-8
	CodePolicyViolation    Code = 1008 // the general refusal
	CodeMessageTooBig      Code = 1009 // a message above the limit
	CodeMandatoryExtension Code = 1010 // a client misses an extension in the server's answer
	CodeInternalError      Code = 1011 // an unexpected condition in the endpoint
	CodeServiceRestart     Code = 1012 // the server restarts; come back after a random delay
	CodeTryAgainLater      Code = 1013 // the server is overloaded
	CodeBadGateway         Code = 1014 // a gateway got an invalid answer from upstream
)

// Valid reports whether the code may stand in a Close frame, sent or received:
// 1000 to 1003, 1007 to 1014, 3000 to 4999.
//
// RFC 6455 section 7.4.1 reserves 1004, and forbids 1005, 1006 and 1015 in a
// frame; section 7.4.2 leaves 0 to 999 unused. 1012 to 1014 were registered later.
func (c Code) Valid() bool {
	switch {
	case c >= 1000 && c <= 1003:
		return true
	case c >= 1007 && c <= 1014:
		return true
	}
	return c >= 3000 && c <= 4999
}

// String returns the number and, for the codes named here, their meaning: "1001 going away".
func (c Code) String() string {
	s := strconv.Itoa(int(c))
	if m := c.meaning(); m != "" {
		return s + " " + m
	}
	return s
}

func (c Code) meaning() string {
	switch c {
	case CodeNormal:
		return "normal closure"
	case CodeGoingAway:
		return "going away"
	case CodeProtocolError:
		return "protocol error"
	case CodeUnsupportedData:
		return "unsupported data"
	case CodeNoStatus:
		return "no status received"
	case CodeAbnormal:
		return "abnormal closure"
	case CodeInvalidPayload:
		return "invalid payload"
	case CodePolicyViolation:
		return "policy violation"
	case CodeMessageTooBig:
		return "message too big"
	case CodeMandatoryExtension:
		return "mandatory extension"
	case CodeInternalError:
		return "internal error"
	case CodeServiceRestart:
		return "service restart"
	case CodeTryAgainLater:
		return "try again later"
	case CodeBadGateway:
		return "bad gateway"
	}
	return ""
}

// Reason is the text of a Close frame: UTF-8, at most 123 bytes
// (RFC 6455 section 5.5: a control frame carries at most 125, the code takes two).
type Reason string

// maxReason is the room that a Close frame leaves for the reason.
const maxReason = 123

// cutReason shortens a valid UTF-8 string to maxReason bytes without splitting a rune.
func cutReason(s string) string {
	if len(s) <= maxReason {
		return s
	}
	n := maxReason
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Kind tells text messages from binary ones (RFC 6455 section 5.6).
type Kind uint8

// The two kinds of messages. The zero Kind is neither, and refused.
const (
	KindText   Kind = 1 // UTF-8 text
	KindBinary Kind = 2 // any bytes
)

// String returns "text", "binary", or "kind(n)".
func (k Kind) String() string {
	switch k {
	case KindText:
		return "text"
	case KindBinary:
		return "binary"
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Data are the bytes of a message of either kind.
// A handler's parameter of this type takes messages as they come;
// as a result it is sent in the kind of the message being handled.
type Data []byte

// Text is a text message.
type Text string

// Binary is a binary message.
type Binary []byte

// Message is one whole message.
type Message struct {
	Kind Kind
	// Data belongs to the receiver: the package keeps no reference to it and never reuses it.
	Data []byte
}
