// Package debugpage writes the pages of debug mode: what is known about an
// error, about an application that cannot start, and about one that runs.
//
// A page is data first: the exported structs, which are answered as JSON to
// those who ask for that. HTML is written from them by hand, because the
// template packages of the standard library would make the linker keep every
// exported method of a user's program.
//
// # Escaping
//
// Markup and text are different types. What has the type markup is written as
// it is, and only constants have it: a string that came from somewhere does not
// become markup without a conversion, and a test sees to it that there is none.
// All else goes through text, which escapes it, and makes control characters
// and marks that turn the direction of a line visible.
//
// # Security
//
// A page says nearly everything about a program, so [Access] shows it to this
// machine only, [Mask] takes secrets out of the request, and [Harden] forbids
// frames, caches and every script but our own.
package debugpage
