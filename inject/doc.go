// Package inject fills the parameters of functions: it knows who makes which
// value, for how long it lives, and in which order everything is made and
// cleaned up. It knows nothing of HTTP.
//
// # What it is
//
// Providers are registered with an [Injector]. An [Assembly] puts them together
// with the functions to be called and compiles each into a [Plan]: a flat list
// of steps that makes what the function needs and calls it. All checks happen
// then. What compiles can be called; a provider that is missing, that comes
// twice or needs itself is an error of the build and never of a call.
//
// Programs that only serve requests meet this package through package fogo,
// whose application has an injector. [Assembly.Func] calls any function with
// injected parameters, for jobs, commands and tests.
//
// # Providers and shapes
//
// A provider is a constructor, registered with [Injector.Provide], or a value
// that exists, registered with [Injector.Value] or [ValueOf]. A constructor is
// an ordinary function whose parameters are injected too:
//
//	func(deps…) T
//	func(deps…) (T, error)
//	func(deps…) (T, func(), error)
//	func(deps…) (T, func(error) error, error)
//
// The last two may leave out the error, and their clean-ups may take a
// context.Context first. If the constructor fails, its clean-up is not called.
//
// A parameter gets the value of exactly its type. An interface is provided by
// a constructor whose result is that interface; nothing is ever searched for an
// implementor. Two values of one type are told apart by named types. Predeclared
// types say nothing about their meaning and cannot be provided; neither can
// empty interfaces, context.Context and *slog.Logger, which every function may
// take: the call's context and logger, in Singletons those of the application.
//
// # Lifetimes
//
// The lifetime of a provider is always written.
//
//	               made                               may depend on
//	Singleton      once, when the application starts  Singletons
//	PerConnection  once per WebSocket connection, in  those, and PerConnection
//	               its handshake; over HTTP once per
//	               request
//	PerCall        once per call: a request, or one   all
//	               event of a connection
//
// A value that would keep one which is gone before it is an error that shows
// the chain from the route to both. A value is made at most once in its scope,
// however many functions need it: the top of a diamond is made once.
//
// # Scopes and clean-ups
//
// A constructor may return a clean-up beside its value. There are two kinds, and
// the type says which:
//
// A finisher, func(error) error, ends what the call did: it commits or rolls
// back. It runs after the handler and before the first byte of the answer. It
// is given the error so far, and what it returns takes that one's place if it is
// not nil, so that a failed COMMIT is never answered as a success. It cannot
// turn an error into none.
//
// A release, func(), gives back what the call used. It runs after the answer was
// sent, so it can report nothing; a panic in it is logged.
//
// Both kinds run in the reverse of the order of making, after success, after an
// error and after a panic, the finishers all before the releases. One that
// panics keeps none of the others from running. Their context has the values of
// the call and a deadline of its own, but not the call's cancellation: the
// rollback for a client that left must still be sent. One that is overdue is
// logged and waited for.
//
// The clean-ups of PerConnection values run when the connection ends, see
// [Scope.Close]. Singletons are closed by [Assembly.Stop] in reverse order, with
// their clean-up or, if they have none and are an io.Closer, with Close. Values
// belong to whoever registered them.
//
// A call that streams its answer would hold its PerCall resources for as long
// as the stream lasts. That is an error of the build unless the route says
// [Hold].
//
// # Levels
//
// [Injector.Child] makes a level inside another, for a group of routes. Its
// providers add to those around it or override them for its routes; the inner
// one wins. PerCall and PerConnection providers see the level of the route that
// they are made for. Singletons see the level they were registered on and those
// outside it, for they are shared by all routes. One constructor is registered
// on one level only.
//
// # Plans
//
// [Assembly.Compile] compiles the calls of one route, described by a [Spec], to
// a [Program] with a [Plan] for each. Where parameters come from that are no
// components is the business of a [Binder]: package resolve has one that reads
// requests and messages. The steps of a call are in this order, for each guard
// and then for the handler:
//
//  1. what comes from a source is read, so that all faults are found together;
//  2. a check ends the call if there were any;
//  3. providers make the rest, dependencies first;
//  4. the function is called.
//
// On a connection the first call is the handshake. It makes every PerConnection
// value that a later call needs, so that whatever is wrong with it can still be
// answered as an HTTP error.
//
// A caller runs a plan with [Plan.Begin], [Run.Do], [Run.Finish] and [Run.End].
// [Program.Explain] prints a program for people, [Program.Tables] has the same
// as data and [Plan.Dump] lists the steps.
//
// # Errors
//
// Registration returns a [*Fault]. Compile returns all problems of a program
// joined, each a [*Problem]: the function, the chain of providers that leads to
// it, a table of its parameters with ??? where no source was found, and one
// line for each fault with its remedy. [Problems] takes them out of an error
// that joins those of many routes. What is wrong with a provider is told for
// the first route that needs it; the others return [ErrReported].
//
// A call returns the first error that a source, provider, guard or the handler
// reported. A panic comes back as a [*Panic] with its stack.
//
// # Performance
//
// Building reflects, calling does not: a step is a typed function that writes
// into its slot of a frame, one struct that holds all values of the call. There
// is no map by type and no boxing. Frames are pooled with their plan and keep the
// Singletons from one call to the next, so that those cost nothing per call. The
// result of a provider is written where its consumers read it, and calls that
// follow each other are one step. Arguments cost no allocation. Where a function
// cannot be called directly it is called through reflect.Value.Call, which
// allocates for results; Explain says how each function is called.
//
// Clean-ups cost a timer for each call that has any; one that takes a context
// also costs that. Steps that tell [Options].Observers of what providers do are
// there only if there are any; calls of providers are steps of their own then.
//
// # Security and soundness
//
// No request can choose what is injected: types decide, at build time, and a
// forgotten provider is an error rather than a value that a client fills in.
//
// A frame is cleared before another call uses it, and dropped if a call left it
// in the middle of a step or if something that the handler returned still reads
// it. Memory whose address user code has seen is never used again: receivers of
// methods and of Extract are allocated for each call. So no call sees the
// values of another, which a test with the race detector holds to it.
//
// Registration and compiling belong to one goroutine. Programs are immutable:
// after [Assembly.Start] their plans may run on any number of goroutines, while
// the calls on one [Scope] run one at a time.
package inject
