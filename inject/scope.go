package inject

import (
	"context"
	"log/slog"

	"github.com/gofogo/fogo/internal/frame"
)

// Scope holds the PerConnection values of one connection. The first call of the
// program fills it, the others read it; calls on one scope run one at a time.
type Scope struct {
	// Context returns the connection's context. It is called when something
	// asks for it.
	Context func() context.Context

	program  *Program
	frame    *frame.Frame
	pending  []pending
	finished bool // the finishers among pending have run
}

// NewScope returns the scope of a new connection. Close it when the connection
// is over.
func (p *Program) NewScope(ctx func() context.Context) *Scope {
	s := &Scope{Context: ctx, program: p}
	if p.scope != nil {
		s.frame = p.scope.New()
	}
	return s
}

// Finish runs the finishers of PerConnection values, once, in reverse order, as
// Run.Finish does: with the error that the connection ended with. It returns the
// error that a finisher put in err's place. It is for an end that can still be
// told to the peer; Close does the same. ctx gives the values that the clean-ups
// see.
func (s *Scope) Finish(ctx context.Context, err error) error {
	if s.finished || len(s.pending) == 0 {
		return err
	}
	s.finished = true
	return s.janitor(ctx).finish(s.pending, err)
}

// Close runs the finishers of PerConnection values unless Finish did, then the
// releases in reverse order. It returns the error that a finisher put in err's
// place.
func (s *Scope) Close(ctx context.Context, err error) error {
	if len(s.pending) == 0 {
		return err
	}
	err = s.Finish(ctx, err)
	list := s.pending
	s.pending = nil
	s.janitor(ctx).release(list)
	return err
}

func (s *Scope) janitor(ctx context.Context) *janitor {
	opts := &s.program.assembly.opts
	return &janitor{of: scopeEnd{ctx, opts.Logger}, limit: opts.CleanupTimeout}
}

// scopeEnd is the custodian of a connection's values.
type scopeEnd struct {
	ctx context.Context
	log *slog.Logger
}

func (e scopeEnd) Context() context.Context { return e.ctx }
func (e scopeEnd) Logger() *slog.Logger     { return e.log }
