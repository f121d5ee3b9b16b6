// Package together tests all middleware stacked, of all its modules, around an
// application of Fogo and around a plain handler, over real connections. It is
// a module of its own so that none of the others requires the rest.
package together
