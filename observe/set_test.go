package observe_test

import (
	"context"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/observe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	nothing struct{}
	half    struct{ observe.ErrorFunc }
	pointer struct{}
	wrong   struct{ messages }
)

func (half) EndCall(context.Context, observe.Call, observe.CallEnd) {}

func (*pointer) ObserveError(context.Context, observe.Error) {}

func (wrong) EndMessage(context.Context, observe.Message) {}

func TestSet(t *testing.T) {
	l := &list{}
	s, err := observe.NewSet(calls{l}, providers{l}, messages{l}, connections{l}, failures{l}, &pointer{}, order{l, "x"})
	require.NoError(t, err)
	assert.Equal(t, []int{2, 1, 1, 1, 2}, []int{len(s.Calls), len(s.Providers), len(s.Messages), len(s.Connections), len(s.Errors)})
}

func TestObserversThatObserveNothing(t *testing.T) {
	for _, tt := range []struct {
		o    observe.Observer
		want string
	}{
		{nothing{}, "observe: observe_test.nothing observes nothing: it implements none of observe.CallObserver, "},
		{nil, "observe: an observer of type <nil> is nil; leave it out"},
		{(*pointer)(nil), "observe: an observer of type *observe_test.pointer is nil; leave it out"},
		{pointer{}, "observe: observe_test.pointer observes nothing, but *observe_test.pointer does: pass a pointer"},
		{half{}, "observe: observe_test.half has a method EndCall, func(context.Context, observe.Call, observe.CallEnd), " +
			"but is no CallObserver, which wants BeginCall(context.Context, observe.Call) context.Context and EndCall("},
		{wrong{}, "but is no MessageObserver"},
	} {
		_, err := observe.NewSet(tt.o)
		require.Error(t, err)
		assert.Contains(t, err.Error(), tt.want)
		err = fogo.New(fogo.WithObserver(tt.o)).Build()
		require.Error(t, err)
		assert.Contains(t, err.Error(), tt.want)
		_, err = endpoint.New(func() {}, endpoint.Configure(endpoint.Config{Observers: []observe.Observer{tt.o}}))
		require.Error(t, err)
		assert.Contains(t, err.Error(), tt.want)
	}
}

func TestLabels(t *testing.T) {
	for code, want := range map[int]string{1000: "1000", 1006: "1006", 1015: "1015", 1016: "_OTHER", 3000: "3xxx", 4999: "4xxx", 5000: "_OTHER", 0: "_OTHER"} {
		assert.Equal(t, want, observe.ConnectionEnd{Code: code}.CodeLabel())
	}
	for method, want := range map[string]string{"GET": "GET", "get": "_OTHER", "PROPFIND": "_OTHER", "": "_OTHER"} {
		assert.Equal(t, want, observe.MethodLabel(method))
	}
	for _, tt := range []struct {
		end  observe.CallEnd
		want string
	}{
		{observe.CallEnd{Status: 200}, ""},
		{observe.CallEnd{Status: 404, Class: observe.Refused}, ""},
		{observe.CallEnd{Status: 503, Class: observe.Failed}, "503"},
		{observe.CallEnd{Status: 200, Class: observe.Failed}, "failed"},
		{observe.CallEnd{Status: 500, Class: observe.Panicked}, "panic"},
		{observe.CallEnd{Class: observe.Gone}, "gone"},
	} {
		assert.Equal(t, tt.want, tt.end.ErrorType())
	}
	assert.Equal(t, "Class(9)", observe.Class(9).String())
	for code, want := range map[int]observe.Class{1000: observe.OK, 1005: observe.OK, 1006: observe.Gone, 1009: observe.Refused, 1011: observe.Failed, 4000: observe.OK} {
		assert.Equal(t, want, observe.ClassOfCode(code))
	}
}
