package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// Kind is the kind of a [Constraint].
type Kind uint8

const (
	None   Kind = iota // {id}:            any segment that is not empty
	Int                // {id:int}:        ASCII digits, at least one, with an optional '-' before
	UUID               // {id:uuid}:       8-4-4-4-12 hexadecimal digits of either case
	Regexp             // {slug:[a-z-]+}:  a regular expression in RE2 syntax, for the whole segment
)

// A Constraint says which segments a variable matches. The zero value is no
// constraint. Compare them with [Constraint.Equal], not with ==.
type Constraint struct {
	kind Kind
	src  string         // as written; "" for None
	re   *regexp.Regexp // Regexp only: anchored at both ends
}

// The regular expressions of the built-in constraints, for the search in
// disjoint.go. Matching does not use them.
const (
	intSource  = `-?[0-9]+`
	uuidSource = `[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`
)

// parseConstraint returns the constraint with the source src. The error
// continues a sentence that begins with the constraint.
func parseConstraint(src string) (Constraint, error) {
	switch src {
	case "":
		return Constraint{}, errors.New("is empty")
	case "int":
		return Constraint{kind: Int, src: src}, nil
	case "uuid":
		return Constraint{kind: UUID, src: src}, nil
	}
	tree, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		return Constraint{}, fmt.Errorf("is not a regular expression (%w)", err)
	}
	// The printed tree is wrapped, not src, which may end in an open \Q.
	re, err := regexp.Compile(`\A(?:` + tree.String() + `)\z`)
	if err != nil {
		return Constraint{}, fmt.Errorf("is not a regular expression (%w)", err)
	}
	c := Constraint{kind: Regexp, src: src, re: re}
	if s := search(c, c); !s.found && !s.costly {
		return Constraint{}, errors.New("matches no segment")
	}
	return c, nil
}

// Kind returns the kind.
func (c Constraint) Kind() Kind { return c.kind }

// String returns the constraint as written: "" for None, "int", "uuid", or the
// regular expression.
func (c Constraint) String() string { return c.src }

// Equal reports whether c and d are written the same. Two regular expressions
// that only match the same strings are not equal.
func (c Constraint) Equal(d Constraint) bool { return c.src == d.src }

// Match reports whether s, an unescaped segment, satisfies c. The empty string
// is not a segment and satisfies nothing. There is no limit to the digits of an
// Int. Match does not allocate, except for what package regexp may.
func (c Constraint) Match(s string) bool {
	if s == "" {
		return false
	}
	switch c.kind {
	case None:
		return true
	case Int:
		return isInt(s)
	case UUID:
		return isUUID(s)
	default:
		return c.re.MatchString(s)
	}
}

func isInt(s string) bool {
	if s[0] == '-' {
		s = s[1:]
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// compile returns the program of c for the search in disjoint.go. A constraint
// of kind None has none.
func (c Constraint) compile() (*syntax.Prog, error) {
	src := c.src
	switch c.kind {
	case Int:
		src = intSource
	case UUID:
		src = uuidSource
	}
	tree, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return syntax.Compile(tree.Simplify())
}
