package main

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
)

// The functions that the tests call by words. reflect.MakeFunc, the oracle for
// signatures at random, never stores an argument where its caller reserved
// space for it, and what it returns it knows by reflection; these are compiled,
// store all arguments at their entry, grow the stack and hand everything to the
// test.

// calleeTypes are the types of arguments and results, most of them declared in
// callees_test.go.
var calleeTypes = strings.Fields(`
	*pair *pair *int64 string string []byte []string error error any
	map[string]int64 chan*int64 func()string func(error)error func() unsafe.Pointer
	bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 int uint uintptr
	pair tail tail narrow padded blank single empty uuid uuid request12 request20 nested
	time.Time netip.Addr [0]int64 [1]*int64 [1]tail [2]string [3]int8 [3]*int64 float64 fmt.Stringer
`)

// receiverTypes have their methods generated.
var receiverTypes = strings.Fields("recvWord recvTail recvWide recvArray recvByte recvEmpty")

// resultShapes are the results of handlers and providers; T is any type.
var resultShapes = []string{
	"", "error", "T", "T", "T error", "T error", "T error", "T func()", "T func() error",
	"T func(error)error error", "T T", "T T T",
}

// roomSizes are the sizes of an array among a callee's variables: with a large
// one the callee starts by growing the stack.
var roomSizes = []int{1, 600, 3000, 9000}

type calleeWriter struct {
	b  bytes.Buffer
	rd *rand.Rand
}

// writeCallees writes the functions in files of a readable size.
func writeCallees() {
	w := &calleeWriter{rd: rand.New(rand.NewSource(1))}
	n := 0
	for i := range 6 {
		var names []string
		w.b.Reset()
		for range 38 {
			w.function(fmt.Sprintf("callee%d", n), "")
			names = append(names, fmt.Sprintf("callee%d", n))
			n++
		}
		w.file(fmt.Sprintf("callees%d_test.go", i+1), fmt.Sprintf("callees%d", i+1), names)
	}
	w.b.Reset()
	for i := range 42 {
		recv := receiverTypes[i%len(receiverTypes)]
		if i%3 == 2 {
			recv = "*" + receiverTypes[i/3%len(receiverTypes)]
		}
		w.function(fmt.Sprintf("M%d", i), recv)
	}
	w.file("callees_methods_test.go", "", nil)
	w.others()
}

// others writes generic functions and closures.
func (w *calleeWriter) others() {
	w.b.Reset()
	var names []string
	for i := range 16 {
		name := fmt.Sprintf("generic%d", i)
		w.body("func "+name+"[T, U any]", "", w.params("T", "U"), w.results("T"), name+"[T, U]")
		names = append(names, fmt.Sprintf("%s[%s, %s]", name, w.one(), w.one()))
	}
	for i := range 16 {
		name := fmt.Sprintf("closure%d", i)
		fmt.Fprintf(&w.b, "func %s(captured string) any {\nreturn ", name)
		w.body("func", "captured", w.params(), w.results(), "")
		fmt.Fprintf(&w.b, "}\n\n")
		names = append(names, fmt.Sprintf("%s(%q)", name, name))
	}
	w.file("callees_others_test.go", "calleesOther", names)
}

func (w *calleeWriter) one() string { return calleeTypes[w.rd.Intn(len(calleeTypes))] }

// params picks the parameters; the types given come first, then in any order.
func (w *calleeWriter) params(first ...string) []string {
	ts := first
	for range w.rd.Intn(8) {
		ts = append(ts, w.one())
	}
	w.rd.Shuffle(len(ts), func(i, j int) { ts[i], ts[j] = ts[j], ts[i] })
	return ts
}

func (w *calleeWriter) results(also ...string) []string {
	ts := strings.Fields(resultShapes[w.rd.Intn(len(resultShapes))])
	for i, t := range ts {
		if t == "T" && (len(also) == 0 || w.rd.Intn(3) > 0) {
			ts[i] = w.one()
		}
	}
	if len(also) == 0 {
		return ts
	}
	for i, t := range ts {
		if t == "T" {
			ts[i] = also[0]
		}
	}
	return ts
}

// function writes one function, or method of recv.
func (w *calleeWriter) function(name, recv string) {
	if recv == "" {
		w.body("func "+name, "", w.params(), w.results(), name)
		return
	}
	w.body("func (r "+recv+") "+name, "r", w.params(), w.results(), "r."+name)
}

// body writes a function that shows its arguments to the test before and after
// it grew the stack, overwrites them where they stand, and returns what the test
// prepared. Some keep arguments in registers only, some call themselves.
func (w *calleeWriter) body(head, also string, params, results []string, self string) {
	var decl, args, rets []string
	if also == "r" {
		args = append(args, "r")
	}
	for i, t := range params {
		decl = append(decl, fmt.Sprintf("a%d %s", i, t))
		args = append(args, fmt.Sprintf("a%d", i))
	}
	for i, t := range results {
		rets = append(rets, fmt.Sprintf("result[%s](%d)", t, i))
	}
	if self != "" {
		fmt.Fprintf(&w.b, "//go:noinline\n")
	}
	fmt.Fprintf(&w.b, "%s(%s) (%s) {\n", head, strings.Join(decl, ", "), strings.Join(results, ", "))
	if self != "" && w.rd.Intn(4) == 0 {
		plain := args
		if also == "r" {
			plain = args[1:]
		}
		call := fmt.Sprintf("%s(%s)", self, strings.Join(plain, ", "))
		if len(results) == 0 {
			fmt.Fprintf(&w.b, "if again() {\n%s\nreturn\n}\n", call)
		} else {
			fmt.Fprintf(&w.b, "if again() {\nreturn %s\n}\n", call)
		}
	}
	stored := w.rd.Intn(4) > 0
	if stored {
		fmt.Fprintf(&w.b, "var room [%d]byte\ntouch(unsafe.Pointer(&room)%s)\n", roomSizes[w.rd.Intn(len(roomSizes))], with(", unsafe.Pointer(&%s)", args))
	} else {
		fmt.Fprintf(&w.b, "churn()\n")
	}
	seen := args
	if also == "captured" {
		seen = append(seen[:len(seen):len(seen)], also)
	}
	show := fmt.Sprintf("saw(%s)\n", strings.TrimPrefix(with(", box(%s)", seen), ", "))
	fmt.Fprintf(&w.b, "%schurn()\n%s", show, show)
	if stored {
		for _, a := range args {
			fmt.Fprintf(&w.b, "zero(&%s)\n", a)
		}
		fmt.Fprintf(&w.b, "churn()\n")
	}
	if len(rets) > 0 {
		fmt.Fprintf(&w.b, "return %s\n", strings.Join(rets, ", "))
	}
	fmt.Fprintf(&w.b, "}\n\n")
}

func with(format string, names []string) string {
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, format, n)
	}
	return b.String()
}

func (w *calleeWriter) file(name, list string, names []string) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%spackage frame_test\n\nimport (\n", header)
	body := w.b.String() + strings.Join(names, " ")
	for _, p := range []string{"fmt", "net/netip", "time", "unsafe"} {
		if strings.Contains(body, p[strings.LastIndex(p, "/")+1:]+".") {
			fmt.Fprintf(&b, "%q\n", p)
		}
	}
	fmt.Fprintf(&b, ")\n\n")
	if list != "" {
		fmt.Fprintf(&b, "var %s = []any{\n%s,\n}\n\n", list, strings.Join(names, ",\n"))
	}
	b.WriteString(w.b.String())
	write(name, bytes.TrimSpace(b.Bytes()))
}
