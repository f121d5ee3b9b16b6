package hotpath

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gofogo/fogo/internal/hotpath/testprog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/ssa"
)

// roots are the functions that run per request, per message or per call.
var roots = []string{
	"inject.Plan.Begin",
	"inject.Run.Do",
	"inject.Run.Finish",
	"inject.Run.End",
	"endpoint.HTTPView.Serve",
	"endpoint.session.Message",
	"router.Built.ServeHTTP",
}

// forbidden are the packages that nothing per call leads to: no reflection, and
// no formatting.
var forbidden = []string{"reflect", "fmt"}

// doors are functions of the module that do nothing but reflect. A call of one
// counts as a call of reflect.
var doors = map[string]string{
	"internal/frame.Ref.Value": "makes a reflect.Value",
	"internal/frame.Ref.Box":   "makes an interface value",
	"internal/frame.RefTo":     "takes the address out of a reflect.Value",
}

// stops are functions that are not gone into: they don't run for a call that
// succeeds, or run once per connection. So are the Error methods.
var stops = map[string]string{
	"endpoint.Debug.describe": "an error is answered in debug mode",
	"endpoint.session.encode": "an item of a stream, or a result of an interface type: its own type is known only now",
	"endpoint.session.fail":   "an error ends a connection",
	"endpoint.session.refuse": "an error refuses a connection",
	"endpoint.session.Closed": "once per connection",
	"resolve.Call.violations": "what validation found is told",
	"ws.WebSocket.Accept":     "once per connection",
	"ws.WebSocket.Close":      "once per connection",
	"ws.WebSocket.Serve":      "once per connection",
	"ws.WebSocket.part":       "an error ends a connection",
	"ws.WebSocket.lose":       "an error ends a connection",
	"ws.WebSocket.wake":       "once per time that a connection has been idle",
}

// exception is a function that may call what the hot path should not.
type exception struct {
	caller  string
	callees string // separated by spaces
	why     string
}

// The reasons that several exceptions have.
const (
	anError   = "an error is made"
	decoding  = "codec: memory that decoders and validators see is not the frame's"
	encoding  = "codec: what is encoded by reflection anyway is put into an interface"
	streaming = "a result that streams is taken out of its slot once"
	items     = "items of a stream"
)

var exceptions = []exception{
	// Calls and memory.
	{"internal/frame.Layout.New", "reflect.New reflect.Value.Elem reflect.Value.UnsafePointer", "the pool is empty"},
	{"internal/frame.views", "internal/frame.Ref.Value", "the pool is empty, and there are calls that cannot be made by words"},
	{"internal/frame.Frame.Clear", "reflect.Value.SetZero", "a frame of many pieces is cleared by the runtime"},
	{"internal/frame.copyOfParts", "internal/frame.Ref.Value reflect.Value.Set", "a value of many pieces is copied by the runtime"},
	{"internal/frame.Call.Run", "reflect.Value.Call reflect.Value.CallSlice reflect.Value.Set", "a call that cannot be made by words"},
	{"internal/frame.New", "reflect.New reflect.Value.UnsafePointer", "memory for user code is new"},

	// Parameters.
	{"resolve.sliceFiller", "reflect.Value.Grow reflect.Value.SetLen internal/frame.Ref.Value", "slices of scalars"},
	{"resolve.checkedParser", "reflect.New reflect.Value.Interface internal/frame.RefTo", "validation: a scalar that validates itself"},
	{"resolve.Binder.structFiller", "reflect.New reflect.Value.Interface internal/frame.RefTo", "validation: what validators see is not the frame's"},
	{"resolve.bodyDecoder.fill", "reflect.New reflect.Value.Interface internal/frame.RefTo", decoding},
	{"resolve.bodyDecoder.fillForm", "reflect.New reflect.Value.Interface internal/frame.RefTo", decoding},
	{"resolve.fillMessage", "reflect.New reflect.Value.Interface internal/frame.RefTo", decoding},
	{"resolve.jsonCodec.Decode", "fmt.Errorf fmt.Sprintf", anError},
	{"resolve.jsonKind", "reflect.Type.Kind reflect.Type.Elem reflect.Type.Bits", anError},
	{"resolve.xmlCodec.Decode", "fmt.Errorf", anError},

	// Results.
	{"endpoint.valueOf", "reflect.New reflect.Value.Interface reflect.Value.IsNil internal/frame.Ref.Value internal/frame.Ref.Box internal/frame.RefTo", encoding},
	{"endpoint.encoderOf", "internal/frame.Ref.Box", "a result of an interface type is what it holds"},
	{"endpoint.typedError", "internal/frame.Ref.Box", anError},
	{"endpoint.state.encode", "fmt.Errorf", anError},
	{"endpoint.state.send", "fmt.Errorf", anError},
	{"endpoint.session.encodeValue", "fmt.Errorf", anError},
	{"endpoint.checkStatus", "fmt.Errorf", anError},
	{"endpoint.File.regular", "fmt.Errorf", anError},
	{"endpoint.fileHandler.ServeHTTP", "fmt.Errorf", anError},
	{"endpoint.File.describe", "fmt.Errorf", anError},
	{"endpoint.Redirect.respond", "fmt.Errorf", anError},
	{"endpoint.RedirectLocal.respond", "fmt.Errorf", anError},
	{"endpoint.state.redirect", "fmt.Errorf", anError},
	{"endpoint.validators", "fmt.Errorf", anError},
	{"internal/conditional.Quote", "fmt.Errorf", anError},
	{"router.files.content", "fmt.Errorf", anError},
	{"endpoint.Template.respond", "fmt.Errorf", anError},
	{"endpoint.state.tellHeld", "fmt.Sprintf", "a warning, once for each view"},
	{"endpoint.result.compileValue", "internal/frame.Ref.Value", streaming},
	{"endpoint.result.compileItems", "internal/frame.Ref.Value", streaming},
	{"endpoint.messageResult.compileValue", "internal/frame.Ref.Value", streaming},
	{"endpoint.isNil", "reflect.Value.Kind reflect.Value.IsNil reflect.Value.Elem", streaming},
	{"endpoint.state.serveHandler", "reflect.Value.Interface", streaming},
	{"endpoint.state.sendReader", "reflect.Value.Interface", streaming},
	{"endpoint.session.sendReader", "reflect.Value.Interface", streaming},
	{"endpoint.items.all", "reflect.Value.IsNil reflect.Value.Interface reflect.Value.Seq reflect.Value.Seq2", items},
	{"endpoint.items.receive", "reflect.Select reflect.ValueOf reflect.Value.Interface", items},
	{"endpoint.state.encodeItem", "fmt.Errorf", anError},
	{"endpoint.flow.failed", "fmt.Errorf", anError},
	{"endpoint.state.copyReader", "fmt.Errorf", anError},
	{"endpoint.state.chunk", "fmt.Errorf", anError},
	{"ws.waiter.wait", "fmt.Errorf", anError},
	{"ws.WebSocket.Reject", "fmt.Errorf", anError},
}

// TestHotPath finds calls of reflect and fmt on the way from a request or a
// message to its answer.
func TestHotPath(t *testing.T) {
	p := load(t)
	w := p.walk(t, roots, rules{doors: doors, stops: stops})
	allowed := map[call]bool{}
	for _, e := range exceptions {
		assert.NotEmpty(t, e.why)
		for callee := range strings.FieldsSeq(e.callees) {
			c := call{e.caller, callee}
			assert.False(t, allowed[c], "%s to %s is in the table twice", c.caller, c.callee)
			allowed[c] = true
			assert.Contains(t, w.offences, c, "%s does not call %s any more: take that out of the table", c.caller, c.callee)
		}
	}
	for _, c := range sorted(w.offences) {
		if !allowed[c] {
			assert.Fail(t, "a call that reflects or formats",
				"%s calls %s, on the way\n\t%s", c.caller, c.callee, strings.Join(w.path(w.offences[c]), "\n\t→ "))
		}
	}
	for name := range stops {
		assert.True(t, w.stops[name], "nothing leads to %s any more: take it out of the table", name)
		assert.NotEmpty(t, p.walk(t, []string{name}, rules{}).offences, "%s can be gone into: take it out of the table", name)
	}
	for name := range doors {
		assert.NotEmpty(t, p.walk(t, []string{name}, rules{}).offences, "%s is no door", name)
	}
}

func sorted(offences map[call]*ssa.Function) []call {
	return slices.SortedFunc(maps.Keys(offences), func(a, b call) int {
		return cmp.Or(cmp.Compare(a.caller, b.caller), cmp.Compare(a.callee, b.callee))
	})
}

// TestTheGraph holds the analysis to account: calls that only the plan's values
// connect, and that a broken analysis would miss.
func TestTheGraph(t *testing.T) {
	p := load(t)
	w := p.walk(t, roots, rules{doors: doors, stops: stops})
	reached := map[string]bool{}
	for fn := range w.from {
		reached[nameOf(fn)] = true
	}
	for name, why := range map[string]string{
		"endpoint.HTTPView.call":       "through the tree's value and its target",
		"resolve.parseInt":             "through a step's fill, a filler and a parser",
		"resolve.oneOf":                "through the reader of a scalar",
		"resolve.classFill":            "through the fill of a fresh copy",
		"resolve.Binder.Check":         "through the interface of the binder",
		"internal/frame.copyAs":        "through the copy of a step",
		"internal/frame.Call.store":    "through the caller of a call by words",
		"endpoint.result.compilePlain": "through a result's make",
		"endpoint.Status[T].respond":   "through an unexported method of a value that reflection made",
		"resolve.jsonEncoder.Write":    "through the encoder that it is handed to",
		"endpoint.session.deliver":     "a message's answer",
		"inject.pending.run":           "a clean-up",
	} {
		assert.True(t, reached[name], "%s is not reached: %s", name, why)
	}
}

// TestTestprog proves that the program that is analysed is a program.
func TestTestprog(t *testing.T) {
	app, err := testprog.New()
	require.NoError(t, err)
	require.NoError(t, app.Stop(t.Context()))
}
