package inject

import (
	"context"

	"github.com/gofogo/fogo/internal/frame"
)

// Scope holds the PerConnection values of one connection. The first call of the
// program fills it, the others read it; calls on one scope run one at a time.
type Scope struct {
	// Context returns the connection's context. It is called when something
	// asks for it.
	Context func() context.Context

	program *Program
	frame   *frame.Frame
	pending []pending
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

// Close runs the finishers of PerConnection values with the error that the
// connection ended with, then the releases, each in reverse order. It returns
// the error that a finisher put in err's place. ctx gives the values that the
// clean-ups see.
func (s *Scope) Close(ctx context.Context, err error) error {
	if len(s.pending) == 0 {
		return err
	}
	a := s.program.assembly
	j := janitor{ctx: ctx, log: a.opts.Logger, limit: a.opts.CleanupTimeout}
	list := s.pending
	s.pending = nil
	err = j.finish(list, err)
	j.release(list)
	return err
}
