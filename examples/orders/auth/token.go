package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/resolve"
	"github.com/google/uuid"
)

// Authorization is the header of that name.
type Authorization string

// Bearer is the header as a view or provider takes it: it may be missing, which
// is a 401 and not a malformed request.
type Bearer = resolve.Optional[resolve.Header[Authorization]]

// Authenticate is the provider of User. It lives as long as a connection, so a
// WebSocket is authenticated by its handshake, with the header of that, and its
// messages know the user without asking again.
//
// A token is "id.secret". The row is found by the id, which is no secret; what
// is compared are hashes, in constant time. So neither the database nor the time
// of an answer tells a secret, and there is no index over secrets to be probed.
// A fast hash will do, for secrets are 32 random bytes and no passwords.
func Authenticate(ctx context.Context, db *sql.DB, now clock.Clock, header Bearer) (User, error) {
	h, ok := header.Get()
	if !ok {
		return User{}, unauthorized("", "This needs a bearer token.")
	}
	id, secret, ok := parse(string(h.Value))
	if !ok {
		return User{}, unauthorized("invalid_request", "The Authorization is not of the form: Bearer id.secret.")
	}
	u, hash, err := find(ctx, db, id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, database.Explain(fmt.Errorf("auth: %w", err))
	}
	// An id that doesn't exist costs the same comparison, and fails it.
	if subtle.ConstantTimeCompare([]byte(hash), []byte(hashOf(secret))) != 1 {
		return User{}, unauthorized("invalid_token", "The token is not valid.")
	}
	if !now().Before(u.Until) {
		return User{}, unauthorized("invalid_token", "The token has expired.")
	}
	return u, nil
}

// maxToken is more than any token has.
const maxToken = 256

// parse takes the header apart (RFC 6750 section 2.1). What is not made of the
// characters of a token never comes near the database.
func parse(header string) (id, secret string, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > maxToken {
		return "", "", false
	}
	id, secret, ok = strings.Cut(token, ".")
	return id, secret, ok && isWord(id) && isWord(secret)
}

func isWord(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

func find(ctx context.Context, db *sql.DB, id string) (u User, hash string, err error) {
	var until int64
	err = db.QueryRowContext(ctx, `
		SELECT users.id, users.name, users.role, tokens.hash, tokens.expires_at
		FROM tokens JOIN users ON users.id = tokens.user_id
		WHERE tokens.id = $1`, id).Scan(&u.ID, &u.Name, &u.Role, &hash, &until)
	if err != nil {
		// Of the length of a hash, and the hash of nothing.
		return User{}, strings.Repeat("-", hex.EncodedLen(sha256.Size)), err
	}
	u.Until = time.UnixMilli(until)
	return u, hash, nil
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// unauthorized is a 401 with the challenge that RFC 6750 section 3 asks for. A
// request without any token is not told of an error.
func unauthorized(code, detail string) error {
	challenge := `Bearer realm="orders"`
	if code != "" {
		challenge += `, error="` + code + `"`
	}
	return &endpoint.Error{
		Status: http.StatusUnauthorized, Detail: detail, Header: http.Header{"Www-Authenticate": {challenge}},
	}
}

// Execer runs statements: a *sql.DB, a *sql.Tx.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// AddUser stores a new user.
func AddUser(ctx context.Context, db Execer, now clock.Clock, name string, role Role) (id string, err error) {
	id = uuid.NewString()
	_, err = db.ExecContext(ctx, `INSERT INTO users (id, name, role, created_at) VALUES ($1, $2, $3, $4)`,
		id, name, string(role), now.Millis())
	return id, err
}

// Issue makes a token for a user. It is returned this once; the database keeps
// its hash.
func Issue(ctx context.Context, db Execer, userID string, until time.Time) (token string, err error) {
	id, secret := uuid.NewString(), rand.Text()+rand.Text()
	return id + "." + secret, Store(ctx, db, userID, id, secret, until)
}

// Store makes a token of a secret that exists already.
func Store(ctx context.Context, db Execer, userID, id, secret string, until time.Time) error {
	_, err := db.ExecContext(ctx, `INSERT INTO tokens (id, user_id, hash, expires_at) VALUES ($1, $2, $3, $4)`,
		id, userID, hashOf(secret), until.UnixMilli())
	return err
}
