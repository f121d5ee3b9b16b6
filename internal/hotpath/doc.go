// Package hotpath holds no code, only a test about the rest of the module: what
// runs per call does not reflect and does not format. It is a module of its own
// so that the analysis tools are no dependency of the library.
package hotpath
