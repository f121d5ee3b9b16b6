// Package once lets a client repeat a POST whose answer it never saw, and have
// it done once (draft-ietf-httpapi-idempotency-key-header).
package once

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/database"
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

// Do runs f and keeps its result under the key, in the same transaction, or
// returns the result that is there. A key that comes again with another body is
// a mistake of the client's.
//
// The row is inserted first. Whoever comes with the same key meanwhile waits for
// this transaction to end, and then finds the result if it was committed, or
// runs f if it was not.
func Do[T any](
	ctx context.Context, tx *database.Tx, u auth.User, now clock.Clock, key Key, body []byte, f func() (T, error),
) (result T, replayed bool, err error) {
	sum := sha256.Sum256(body)
	fingerprint := hex.EncodeToString(sum[:])
	n, err := tx.ExecContext(ctx, `
		INSERT INTO idempotency (user_id, key, fingerprint, answer, created_at) VALUES ($1, $2, $3, '', $4)
		ON CONFLICT (user_id, key) DO NOTHING`, u.ID, string(key), fingerprint, now.Millis())
	if err != nil {
		return result, false, err
	}
	if n == 0 {
		result, err = replay[T](ctx, tx, u, key, fingerprint)
		return result, true, err
	}
	if result, err = f(); err != nil {
		return result, false, err
	}
	answer, err := json.Marshal(result)
	if err != nil {
		return result, false, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE idempotency SET answer = $1 WHERE user_id = $2 AND key = $3`,
		string(answer), u.ID, string(key))
	return result, false, err
}

func replay[T any](ctx context.Context, tx *database.Tx, u auth.User, key Key, fingerprint string) (result T, err error) {
	var before, answer string
	err = tx.QueryRowContext(ctx, `SELECT fingerprint, answer FROM idempotency WHERE user_id = $1 AND key = $2`,
		u.ID, string(key)).Scan(&before, &answer)
	if err != nil {
		return result, err
	}
	if before != fingerprint {
		return result, endpoint.NewError(http.StatusUnprocessableEntity, "This Idempotency-Key was used for another request.")
	}
	return result, json.Unmarshal([]byte(answer), &result)
}
