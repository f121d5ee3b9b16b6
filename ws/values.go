package ws

import (
	"context"
	"reflect"
)

// valuesOf returns a context with the values of ctx that holds on to less memory: without the
// layers that do nothing but cancel. net/http puts two of them around the context of every request,
// with a channel, some 270 bytes which a connection would keep as long as it lives, although both are cancelled soon.
//
// Package context doesn't tell what a context is made of. But its types embed their parent in an exported
// field, so reflection may follow it. Should that change, the context is kept as it is; a
// test says so.
func valuesOf(ctx context.Context) context.Context {
	for {
		v := reflect.ValueOf(ctx)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem().PkgPath() != "context" {
			return ctx
		}
		switch v.Type().Elem().Name() {
		case "cancelCtx", "timerCtx":
		default:
			return ctx
		}
		parent := v.Elem().FieldByName("Context")
		if !parent.IsValid() || !parent.CanInterface() {
			return ctx
		}
		inner, ok := parent.Interface().(context.Context)
		if !ok {
			return ctx
		}
		ctx = inner
	}
}
