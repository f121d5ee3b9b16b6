package frame_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/leak"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Types with what an ABI may stumble over.
type (
	uuid   [16]byte
	single [1]string
	empty  struct{}
	pair   struct {
		a, b *int64
		s    string
	}
	tail struct { // one word, but sixteen bytes to store
		p *int64
		_ struct{}
	}
	narrow struct {
		a int8
		b uint16
		c bool
		d int32
	}
	padded struct {
		a int8
		b int64
		c uint8
	}
	blank struct {
		_ int32
		p *int64
		_ [0]func()
		n int8
		_ *int64
	}
	nested struct {
		tail
		narrow
		err error
		_   [0]int64
	}
	request12 struct {
		id         int64
		name, note string
		tags       []string
		at         netip.Addr
		last       *int64
	}
	request20 struct {
		request12
		token uuid
		more  any
		when  time.Time
		n     int8
	}
)

// Types whose methods are generated.
type (
	recvWord  struct{ p *int64 }
	recvTail  struct{ tail }
	recvWide  request12
	recvArray [2]string
	recvByte  int8
	recvEmpty struct{}
)

// rec is what a callee and the test know of each other. The callees are called
// one at a time.
var rec struct {
	rd      *source
	seen    []string
	results []any // pointers to what the callee returns
	again   bool
}

// saw notes the arguments, of which it gets copies.
func saw(copies ...any) {
	for _, c := range copies {
		v := reflect.ValueOf(c)
		rec.seen = append(rec.seen, print(v.Type().Elem(), v.UnsafePointer()))
	}
}

//go:noinline
func box[T any](v T) any {
	p := new(T)
	*p = v
	return p
}

// touch keeps arguments in memory: where the caller reserved it for them.
//
//go:noinline
func touch(ps ...unsafe.Pointer) {
	for _, p := range ps {
		if p == nil {
			panic("nil address")
		}
	}
}

// zero overwrites a whole argument, with its padding.
//
//go:noinline
func zero[T any](p *T) {
	var z T
	*p = z
}

// result takes the result that the test prepared; nothing else holds it then.
//
//go:noinline
func result[T any](i int) T {
	p := rec.results[i].(*T)
	rec.results[i] = nil
	return *p
}

// again is true once in a call.
func again() bool {
	r := rec.again
	rec.again = false
	return r
}

// churn grows the stack and collects garbage.
//
//go:noinline
func churn() {
	grow(rec.rd.rd.Intn(30))
	if rec.rd.chance(4) {
		runtime.GC()
	}
}

//go:noinline
func grow(n int) byte {
	var room [1024]byte
	if n > 0 {
		room[n] = grow(n - 1)
	}
	return room[n]
}

// guarded makes the call among variables that nobody may change.
//
//go:noinline
func guarded(c *frame.Call, f *frame.Frame) error {
	var before, after [24]uint64
	for i := range before {
		before[i], after[i] = uint64(i)*0x0101010101010101, ^uint64(i)
	}
	c.Run(f)
	for i := range before {
		if before[i] != uint64(i)*0x0101010101010101 || after[i] != ^uint64(i) {
			return fmt.Errorf("the call changed its caller's variables: %x %x", before, after)
		}
	}
	return nil
}

// onNewStack runs f on a goroutine of its own, whose stack is small.
func onNewStack(f func() error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = f()
	}()
	<-done
	return err
}

// underPressure runs f while garbage is collected all the time.
func underPressure(f func()) {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
		}
	})
	f()
	close(stop)
	wg.Wait()
}

// byWords reports whether this build makes calls by words.
func byWords() bool {
	c, _, _, _ := layoutOf(reflect.ValueOf(func() {}))
	return c.Way() == "words"
}

// callees are all generated functions: plain, generic, closures, and the method
// expressions of values and pointers.
func callees() map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for _, list := range [][]any{callees1, callees2, callees3, callees4, callees5, callees6, calleesOther} {
		for _, fn := range list {
			v := reflect.ValueOf(fn)
			all[fmt.Sprintf("%03d %s %v", len(all), runtime.FuncForPC(v.Pointer()).Name(), v.Type())] = v
		}
	}
	for _, t := range []reflect.Type{
		reflect.TypeFor[recvWord](), reflect.TypeFor[recvTail](), reflect.TypeFor[recvWide](),
		reflect.TypeFor[recvArray](), reflect.TypeFor[recvByte](), reflect.TypeFor[recvEmpty](),
	} {
		for _, t := range []reflect.Type{t, reflect.PointerTo(t)} {
			for i := range t.NumMethod() {
				all[fmt.Sprintf("%v.%s", t, t.Method(i).Name)] = t.Method(i).Func
			}
		}
	}
	return all
}

func TestCompiledCallees(t *testing.T) {
	rounds := 2
	if testing.Short() {
		rounds = 1
	}
	fns := callees()
	require.Greater(t, len(fns), 300)
	ways := map[string]int{}
	rec.rd = newSource(3)
	rec.rd.noNil = true
	underPressure(func() {
		for name, fn := range fns {
			for range rounds {
				var way string
				err := onNewStack(func() (err error) {
					way, err = callCompiled(fn)
					return err
				})
				if !assert.NoError(t, err, "%s by %s", name, way) {
					break
				}
				ways[way]++
			}
		}
	})
	t.Logf("%d functions, calls %v", len(fns), ways)
	if byWords() {
		assert.Greater(t, ways["words"], ways["reflect"])
	}
}

// callCompiled calls a generated function once, on values at random.
func callCompiled(fn reflect.Value) (way string, err error) {
	s, typ := rec.rd, fn.Type()
	c, f, in, out := layoutOf(fn)
	ins, outs := make([]reflect.Value, typ.NumIn()), make([]reflect.Value, typ.NumOut())
	for i := range ins {
		ins[i] = in(i)
		s.fill(typ.In(i), ins[i].Addr().UnsafePointer(), depthOfValues)
	}
	sent := printAll(ins)
	rec.seen, rec.results, rec.again = nil, nil, true
	var want []string
	for i := range outs {
		outs[i] = out(i)
		v := reflect.New(typ.Out(i))
		s.fill(typ.Out(i), v.UnsafePointer(), depthOfValues)
		want = append(want, print(typ.Out(i), v.UnsafePointer()))
		rec.results = append(rec.results, v.Interface())
	}
	if err := guarded(c, f); err != nil {
		return c.Way(), err
	}
	// A callee shows its arguments twice, a closure what it captured as well.
	n := len(rec.seen) / 2
	for _, seen := range [][]string{rec.seen[:n], rec.seen[n:]} {
		if n == len(sent)+1 {
			seen = seen[:len(sent)]
		}
		if len(seen) > 0 && "&"+seen[0] == sent[0] {
			seen[0] = sent[0] // the method of a value, called through its pointer
		}
		if err := differ("argument", seen, sent); err != nil {
			return c.Way(), err
		}
	}
	if s.chance(20) {
		runtime.GC()
	}
	if err := differ("result", printAll(outs), want); err != nil {
		return c.Way(), err
	}
	return c.Way(), differ("argument in the frame", printAll(ins), sent)
}

func TestMain(m *testing.M) { leak.Main(m) }
