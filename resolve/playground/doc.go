// Package playground checks `validate` tags with go-playground/validator:
//
//	app := fogo.New(playground.Validation())
//
// # What is checked
//
// Every struct that a request or a message is read into, with the rules of that
// library: params structs, bodies, forms and messages. A body that is a slice or
// a map of structs is checked element by element. Fields that are slices or maps
// are looked into by the rule dive, as the library has it; elements with tags
// under a field without dive are an error of the build, for nothing would look
// at them. The tag `validate:"-"` says that this is meant.
//
// # Errors of the build
//
// The library panics on the first value when a tag names an unknown rule, or a
// rule is given an argument or a type that it cannot work with. Compile tries
// every struct that it can reach, so these are errors of the build that name the
// type, the field and the tag.
//
// # Messages
//
// The rules in common use have messages in plain English, made for the client:
// "must have at least 3 characters". [WithMessage] replaces them, for other
// languages or for rules of your own, which are registered with a Validate of
// your own, see [WithValidate].
//
// # Cost
//
// The package is one of its own because the library looks methods up by computed
// names, which makes the linker keep every exported method of a program that
// links it.
package playground
