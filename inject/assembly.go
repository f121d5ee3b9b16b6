package inject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/observe"
)

// Options configure an Assembly.
type Options struct {
	// Logger gets what has nobody to be returned to: overdue clean-ups,
	// errors while closing. The default discards.
	Logger *slog.Logger
	// CleanupTimeout is the deadline of the context that finishers and
	// releases are given, and after which an overdue one is logged; 10 s if 0.
	CleanupTimeout time.Duration
	// Replace has values that take the place of the providers of their types
	// on every level, for tests.
	Replace []reflect.Value
	// Neutral binds the parameters of Singletons; Plain() if nil.
	Neutral Binder
	// Observers are told of every value that a provider makes. Without them the
	// plans have no steps for it.
	Observers []observe.ProviderObserver
}

// Assembly is one application put together from its providers: the programs
// compiled for its routes, and the Singletons that they need.
//
// Compile is called from one goroutine. After it the programs are immutable
// and run from any number of goroutines, once Start has made the Singletons.
type Assembly struct {
	root       *Injector
	opts       Options
	replaced   map[reflect.Type]*provider
	singletons map[*provider]*singleton
	order      []*singleton // dependencies first
	used       map[*provider]bool
	reported   map[string]bool // faults of providers, each reported once
	made       []*singleton    // at run time, in order of making
	// age counts the starts. A frame keeps the Singletons of the start that it
	// was used after, and gets others after the next.
	age int
}

// Assemble begins an assembly of the providers of root and the levels inside
// it. From now on none can be added.
func Assemble(root *Injector, opts Options) (*Assembly, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.CleanupTimeout == 0 {
		opts.CleanupTimeout = 10 * time.Second
	}
	if opts.Neutral == nil {
		opts.Neutral = Plain()
	}
	root.freeze()
	a := &Assembly{
		root: root, opts: opts,
		replaced:   map[reflect.Type]*provider{},
		singletons: map[*provider]*singleton{},
		used:       map[*provider]bool{},
		reported:   map[string]bool{},
	}
	return a, a.replace(opts.Replace)
}

func (a *Assembly) replace(values []reflect.Value) error {
	var errs []error
	for _, v := range values {
		found := false
		a.root.all(func(p *provider) { found = found || p.typ == v.Type() })
		if !found {
			errs = append(errs, faultf("a replacement for %s replaces nothing: no provider has that type", v.Type()))
			continue
		}
		if a.replaced[v.Type()] != nil {
			errs = append(errs, faultf("%s is replaced twice", v.Type()))
			continue
		}
		a.replaced[v.Type()] = &provider{typ: v.Type(), lifetime: Singleton, value: v, level: a.root}
	}
	return errors.Join(errs...)
}

// lookup finds the provider of t for a consumer on a level.
func (a *Assembly) lookup(level *Injector, t reflect.Type) *provider {
	p := level.lookup(t)
	if p == nil {
		return nil
	}
	if r := a.replaced[t]; r != nil {
		return r
	}
	return p
}

// CleanupTimeout is the deadline for clean-ups.
func (a *Assembly) CleanupTimeout() time.Duration { return a.opts.CleanupTimeout }

// Unused describes the providers that no program needs, in order of
// registration.
func (a *Assembly) Unused() []string {
	var unused []string
	a.root.all(func(p *provider) {
		if !a.used[p] && a.replaced[p.typ] == nil {
			unused = append(unused, fmt.Sprintf("%s provides %s, which nothing needs", p, p.typ))
		}
	})
	return unused
}

// Start makes the Singletons that the compiled programs need, dependencies
// first, with ctx as their context. On an error it closes those made so far,
// in reverse order, and returns the joined errors.
func (a *Assembly) Start(ctx context.Context) error {
	a.age++
	for _, s := range a.order {
		if err := s.make(ctx, a); err != nil {
			return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
		}
		a.made = append(a.made, s)
	}
	return nil
}

// Stop closes the Singletons in reverse order of making: with the clean-up
// that the constructor returned, else with Close for an io.Closer. Values
// belong to whoever registered them. It returns the joined errors; every
// Singleton is closed whatever the others return, and if they panic.
func (a *Assembly) Stop(ctx context.Context) error {
	var errs []error
	for _, s := range slices.Backward(a.made) {
		if err := a.close(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("closing %s: %w", s.p.typ, err))
		}
	}
	a.made = nil
	return errors.Join(errs...)
}

// close closes one Singleton. If it is not over when ctx is done, that is logged.
func (a *Assembly) close(ctx context.Context, s *singleton) error {
	if s.plan != nil && ctx.Err() == nil {
		told := context.AfterFunc(ctx, func() {
			a.opts.Logger.Warn("closing a Singleton is overdue", slog.String("singleton", s.p.typ.String()))
		})
		defer told()
	}
	return s.close(ctx)
}

// singleton is one Singleton of an assembly and the cell that holds it.
type singleton struct {
	p       *provider
	cell    frame.Ref // of type p.typ
	plan    *Plan     // makes it; nil for values
	broken  bool      // it cannot be made, which was reported
	cleanup func(context.Context, error) error
}

func (s *singleton) make(ctx context.Context, a *Assembly) (err error) {
	if s.plan == nil {
		return nil
	}
	r := s.plan.Begin(ctx, nil, nil)
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("making %s with %s: panic: %v", s.p.typ, s.p, v)
		}
	}()
	if err := r.Do(); err != nil {
		r.End()
		return fmt.Errorf("making %s with %s: %w", s.p.typ, s.p, err)
	}
	// A Singleton's clean-up is the application's, not the call's.
	s.cleanup = r.takeCleanup()
	s.cell.Value(s.p.typ).Set(r.Result(0).Value(s.p.typ))
	r.End()
	return nil
}

func (s *singleton) close(ctx context.Context) (err error) {
	if s.plan == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	if s.cleanup != nil {
		return s.cleanup(ctx, nil)
	}
	v := s.cell.Value(s.p.typ)
	if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return nil
	}
	if c, ok := v.Interface().(io.Closer); ok {
		return c.Close()
	}
	return nil
}
