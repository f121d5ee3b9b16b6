package endpoint_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gofogo/fogo/endpoint"
)

// OutOfStock is an error with a status of its own. Its text is meant for
// clients.
type OutOfStock struct{ Left int }

func (e *OutOfStock) Error() string   { return fmt.Sprintf("There are only %d left.", e.Left) }
func (e *OutOfStock) StatusCode() int { return http.StatusConflict }

func order(amount int) (string, error) {
	switch {
	case amount < 1:
		return "", endpoint.NewError(http.StatusBadRequest, "Order at least one.")
	case amount > 100:
		return "", errors.New("dial tcp 10.0.0.7:5432: connection refused")
	case amount > 3:
		return "", &OutOfStock{Left: 3}
	}
	return "ordered", nil
}

// What an error does not say for the client, the client is not told.
func ExampleError() {
	orders := endpoint.Func(order, endpoint.Pattern("/orders/{amount}"))

	show(orders, "/orders/2")
	show(orders, "/orders/0")
	show(orders, "/orders/7")

	// Output:
	// 200 ordered
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"Order at least one."}
	// 409 {"type":"about:blank","title":"Conflict","status":409,"detail":"There are only 3 left."}
}
