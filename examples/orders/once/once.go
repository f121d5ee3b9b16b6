// Package once lets a client repeat a POST whose answer it never saw, and have
// it done once (draft-ietf-httpapi-idempotency-key-header).
package once

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/resolve"
)

// Key is the Idempotency-Key of a request: 1 to 128 printable ASCII characters.
// It extracts itself, so a view that takes one cannot be called without.
type Key string

const maxKey = 128

// Extract reads the header.
func (k *Key) Extract(h http.Header) error {
	values := h.Values("Idempotency-Key")
	if len(values) != 1 {
		return endpoint.NewError(http.StatusBadRequest, "This needs one Idempotency-Key, a different one for each new request.")
	}
	*k = Key(values[0])
	hidden := func(r rune) bool { return r <= ' ' || r >= 0x7f }
	if len(*k) == 0 || len(*k) > maxKey || strings.ContainsFunc(string(*k), hidden) {
		return endpoint.NewError(http.StatusBadRequest,
			fmt.Sprintf("The Idempotency-Key has to be 1 to %d visible ASCII characters.", maxKey))
	}
	return nil
}

// Call is a request that is to be done once.
type Call struct {
	tx   *database.Tx
	user auth.User
	now  clock.Clock
	key  Key
	// fingerprint tells requests apart that come under one key.
	fingerprint string
}

// NewCall is the provider of *Call. What is asked for is the path, the query and
// the body, byte by byte.
func NewCall(tx *database.Tx, u auth.User, now clock.Clock, key Key, at *url.URL, body resolve.RawBody) *Call {
	h := sha256.New()
	_, _ = io.WriteString(h, at.RequestURI()+"\n") // a hash never fails
	_, _ = h.Write(body)
	return &Call{tx, u, now, key, hex.EncodeToString(h.Sum(nil))}
}

// Replayed is the header of an answer that was given before.
const Replayed = "Idempotent-Replayed"

// Do runs f and keeps its result under the key of the call, in the same
// transaction, or returns the result that is there. A key that comes again with
// another request is a mistake of the client's.
//
// The row is inserted first. Whoever comes with the same key meanwhile waits for
// this transaction to end, and then finds the result if it was committed, or
// runs f if it was not.
func Do[T any](ctx context.Context, c *Call, f func() (T, error)) (result T, replayed bool, err error) {
	n, err := c.tx.ExecContext(ctx, `
		INSERT INTO idempotency (user_id, key, fingerprint, answer, created_at) VALUES ($1, $2, $3, '', $4)
		ON CONFLICT (user_id, key) DO NOTHING`, c.user.ID, string(c.key), c.fingerprint, c.now.Millis())
	if err != nil {
		return result, false, err
	}
	if n == 0 {
		result, err = replay[T](ctx, c)
		return result, true, err
	}
	if result, err = f(); err != nil {
		return result, false, err
	}
	answer, err := json.Marshal(result)
	if err != nil {
		return result, false, err
	}
	_, err = c.tx.ExecContext(ctx, `UPDATE idempotency SET answer = $1 WHERE user_id = $2 AND key = $3`,
		string(answer), c.user.ID, string(c.key))
	return result, false, err
}

func replay[T any](ctx context.Context, c *Call) (result T, err error) {
	var before, answer string
	err = c.tx.QueryRowContext(ctx, `SELECT fingerprint, answer FROM idempotency WHERE user_id = $1 AND key = $2`,
		c.user.ID, string(c.key)).Scan(&before, &answer)
	if err != nil {
		return result, err
	}
	if before != c.fingerprint {
		return result, endpoint.NewError(http.StatusUnprocessableEntity, "This Idempotency-Key was used for another request.")
	}
	return result, json.Unmarshal([]byte(answer), &result)
}
