// Package auth knows who calls: users, their roles, and the bearer tokens by
// which they are recognised.
package auth

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gofogo/fogo/endpoint"
)

// Role is what a user may do.
type Role string

// The roles.
const (
	Customer Role = "customer" // their own orders and accounts
	Admin    Role = "admin"    // everything
)

// User is the caller. Views that take a User can only be called by one: there
// is no value of it for anybody else.
type User struct {
	ID   string
	Name string
	Role Role
	// Until is when the token expires. A request is shorter than that; a
	// WebSocket may not be.
	Until time.Time
}

// Scope is the user whose things this one may see, "" for everybody's. Queries
// take it as an argument:
//
//	WHERE id = $1 AND ($2 = '' OR user_id = $2)
func (u User) Scope() string {
	if u.Role == Admin {
		return ""
	}
	return u.ID
}

// Known is a guard for routes that have one for all users. It does nothing but
// need a User: and because guards run before the providers of the view, nobody
// unknown can make the application begin a transaction, nor does a request hold
// one connection of the pool while it asks for a second.
func Known(User) error { return nil }

// OnlyAdmin is a guard for routes of administrators.
func OnlyAdmin(u User) error {
	if u.Role != Admin {
		return endpoint.NewError(http.StatusForbidden, "This needs the role of an administrator.")
	}
	return nil
}

// Log is the logger of a call that also tells whose it is.
type Log struct{ *slog.Logger }

// NewLog is the provider of Log.
func NewLog(base *slog.Logger, u User) Log {
	return Log{base.With(slog.String("user", u.ID))}
}
