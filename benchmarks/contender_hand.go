package main

// directName is the baseline of the injection scenarios.
const directName = "direct call"

// handWritten is no injection: code that knows what to pass. The direct call
// has everything at hand. The resolver is the code that injection saves one
// from writing: an application with fields, and a scope for each call that
// makes a value when it is first asked for.
type handWritten struct{ resolver bool }

func (h handWritten) name() string {
	if h.resolver {
		return "hand-written resolver"
	}
	return directName
}

func (handWritten) absent(string) string { return "" }

func (h handWritten) injectValues(fn any, _ []any) (op, error) {
	if h.resolver {
		return handTake(newApp(), fn), nil
	}
	return directTake(fn), nil
}

func (h handWritten) repeat(c chainCase) op {
	call := c.direct
	if h.resolver {
		call = c.hand
	}
	return func(n int) {
		for range n {
			keep(call())
		}
	}
}
