//go:build !linux

package fleet

import "time"

// Fleet is not there on this system.
type Fleet struct{}

// New fails.
func New(Options) (*Fleet, error) { return nil, ErrSystem }

func (*Fleet) SetMessage(Message, int)                           {}
func (*Fleet) Grow(int, time.Duration) error                     { return ErrSystem }
func (*Fleet) Echo(time.Duration, int) (Load, error)             { return Load{}, ErrSystem }
func (*Fleet) EchoAll(int, time.Duration) error                  { return ErrSystem }
func (*Fleet) Probe(int, time.Duration) ([]time.Duration, error) { return nil, ErrSystem }
func (*Fleet) Await(int, time.Duration) (Load, error)            { return Load{}, ErrSystem }
func (*Fleet) Rest(time.Duration) error                          { return ErrSystem }
func (*Fleet) Do(func())                                         {}
func (*Fleet) Run()                                              {}
func (*Fleet) Counts() Counts                                    { return Counts{} }
func (*Fleet) Close()                                            {}
