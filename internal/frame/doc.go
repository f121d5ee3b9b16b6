// Package frame holds the values of one call in one typed struct, and calls
// functions on them.
//
// A [Layout] is a struct type made at build time with reflect.StructOf, one
// field (a slot) for every value of a call: arguments, results of providers,
// results of the handler. A [Frame] is one such struct. Code that runs per call
// reaches a slot through a [Ref], a typed view of its address, and writes it
// without reflection, boxing or look-up.
//
// # Safety
//
// This is the package that uses unsafe, and these are the rules that make it
// sound:
//
//   - A frame is one allocation of its exact struct type, from reflect.New, so
//     the garbage collector knows every pointer in it.
//   - A slot is written through a pointer to its own type, or to a type of the
//     same underlying memory (the kind's basic type, unsafe.Pointer for any
//     pointer-shaped type), so that write barriers run.
//   - A frame is cleared before it is used again, all of it but the fixed values
//     that every call has in common, pointers as pointers; and one that did not
//     reach its clear step is dropped.
//   - The address of a slot is never given to user code: what user code may
//     keep a pointer to is allocated anew with [New].
package frame
