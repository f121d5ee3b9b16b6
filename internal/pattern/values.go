package pattern

// inlineValues is how many values need no allocation.
const inlineValues = 8

// Values receives the values of a pattern's variables from [Tree.Match]. The
// zero value is ready. It may be a variable on the stack, or be embedded in
// pooled state, which takes the values over with [Values.Take]; [Values.Reset]
// makes it ready again. It is not safe for concurrent use.
//
// The values are substrings of the matched path where nothing was unescaped.
type Values struct {
	n      int
	inline [inlineValues]string
	more   []string // values from number inlineValues on
}

// Len returns the number of values, which is that of the variables of the
// matched pattern, or 0 if none matched.
func (v *Values) Len() int { return v.n }

// At returns value number i, unescaped, for 0 ≤ i < Len.
func (v *Values) At(i int) string {
	if uint(i) >= uint(v.n) {
		panic("bug: pattern: value index out of range")
	}
	if i < inlineValues {
		return v.inline[i]
	}
	return v.more[i-inlineValues]
}

// Take makes the values those of from, which must not be used any more.
func (v *Values) Take(from *Values) {
	v.n = from.n
	for i := range min(v.n, inlineValues) {
		v.inline[i] = from.inline[i]
	}
	if v.n > inlineValues {
		v.more = from.more
	}
}

// Reset forgets the values, so that they can be freed. What a search left
// behind that went back, Match overwrites and Take leaves out.
func (v *Values) Reset() {
	for i := range min(v.n, inlineValues) {
		v.inline[i] = ""
	}
	v.n, v.more = 0, nil
}

// set stores value number i. While a match is searched values come in order,
// but the search may go back to a lower i; what is then above is stale and is
// overwritten or cut off by n.
func (v *Values) set(i int, s string) {
	if i < inlineValues {
		v.inline[i] = s
		return
	}
	v.more = append(v.more[:i-inlineValues], s)
}

// Shift makes room for n values before those that are there. [Values.Set] says
// what they are.
func (v *Values) Shift(n int) {
	v.n += n
	if v.n > inlineValues && len(v.more) < v.n-inlineValues {
		v.more = append(v.more, make([]string, v.n-inlineValues-len(v.more))...)
	}
	for i := v.n - 1; i >= n; i-- {
		v.Set(i, v.At(i-n))
	}
}

// Set replaces value number i, for 0 ≤ i < Len.
func (v *Values) Set(i int, value string) {
	if uint(i) >= uint(v.n) {
		panic("bug: pattern: value index out of range")
	}
	if i < inlineValues {
		v.inline[i] = value
		return
	}
	v.more[i-inlineValues] = value
}
