package rules_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gofogo/fogo/internal/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// row is one signature of the golden table. Its outcome is the table of the
// plan, the faults and the claims.
type row struct {
	name   string
	route  string // "GET /users/{id:int}" or "WS /rooms/{room}"
	fn     any    // a nil function, or a prototype in the role Fields
	binds  bool   // whether it does without faults
	reason string // why it is in the table
	with   []option
}

// option changes the surroundings of a signature.
type option func(*rules.Env)

func as(r rules.Role) option { return func(e *rules.Env) { e.Role = r } }
func perMessage() option     { return func(e *rules.Env) { e.PerMessage = true } }
func closing() option        { return func(e *rules.Env) { e.Closing = true } }
func allowBody() option      { return func(e *rules.Env) { e.AllowBody = true } }
func validation() option     { return func(e *rules.Env) { e.Validation = true } }
func singleton() option      { return func(e *rules.Env) { e.Singleton = true } }

// body says that something else on the route takes the body.
func takenBody(use rules.BodyUse, by string) option {
	return func(e *rules.Env) { e.Taken = append(e.Taken, rules.Claim{By: by, Use: use}) }
}

func taken(name, by string) option {
	return func(e *rules.Env) { e.Taken = append(e.Taken, rules.Claim{Var: name, By: by}) }
}

// provide registers a provider of T.
func provide[T any](by string) option {
	made := rules.Reflect(reflect.TypeFor[T]())
	return func(e *rules.Env) {
		provided, known := e.Provided, e.Known()
		e.Provided = func(t rules.Type) string {
			if t.Identical(made) {
				return by
			}
			return provided(t)
		}
		e.Known = func() []rules.Type { return append(known[:len(known):len(known)], made) }
	}
}

// env is the surroundings of a row.
func (r row) env() rules.Env {
	method, pattern, _ := strings.Cut(r.route, " ")
	env := rules.Env{
		Method:   method,
		Func:     r.name,
		Pattern:  pattern,
		Vars:     variables(pattern),
		Provided: func(rules.Type) string { return "" },
		Known:    func() []rules.Type { return nil },
	}
	if method == "WS" {
		env.Protocol, env.Method = rules.Socket, ""
	}
	for _, o := range r.with {
		o(&env)
	}
	return env
}

// variables reads the variables of a pattern without braces in constraints.
func variables(pattern string) []rules.Var {
	var vars []rules.Var
	for {
		_, rest, found := strings.Cut(pattern, "{")
		if !found {
			return vars
		}
		var inside string
		inside, pattern, _ = strings.Cut(rest, "}")
		name, multi := strings.CutSuffix(inside, "...")
		name, constraint, _ := strings.Cut(name, ":")
		vars = append(vars, rules.Var{Name: name, Constraint: constraint, Multi: multi})
	}
}

// signature is that of a function, or of a function that takes the prototype.
func (r row) signature() rules.Signature {
	t := reflect.TypeOf(r.fn)
	if r.env().Role == rules.Fields {
		return rules.Signature{In: []rules.Type{rules.Reflect(t)}}
	}
	return rules.SignatureOf(t)
}

// outcome prints what Bind says.
func (r row) outcome(result rules.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "=== %s\n# %s\n%s%s  %s\n", r.name, r.reason, r.route, r.role(), rules.Pretty(reflect.TypeOf(r.fn).String()))
	b.WriteString(rules.Format(rules.Rows(result.Bindings)))
	for _, f := range result.Faults {
		fmt.Fprintf(&b, "fault %d: %s\n", f.Param, f.Text)
	}
	if len(result.Claims) > 0 {
		b.WriteString("claims:")
		for _, c := range result.Claims {
			if c.Var == "" {
				c.Var = map[rules.BodyUse]string{
					rules.Decodes: "(body)", rules.Keeps: "(body's bytes)", rules.Streams: "(body as it arrives)",
				}[c.Use]
			}
			b.WriteString(" " + c.Var)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (r row) role() string {
	name := map[rules.Role]string{
		rules.Hook: "hook", rules.Provider: "provider", rules.Guard: "guard",
		rules.Extract: "extract", rules.Fields: "fields",
	}[r.env().Role]
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

// golden compares got with the golden file of the test.
func golden(t *testing.T, got string) {
	t.Helper()
	file := filepath.Join("testdata", t.Name()+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d differs (-update rewrites it)\n got: %s\nwant: %s", file, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, now there are %d (-update rewrites it)", file, len(wantLines), len(gotLines))
}

// TestBind runs the golden table. That a row binds, or does not, is said in
// the row too, so that -update cannot turn one into the other unseen.
func TestBind(t *testing.T) {
	var all strings.Builder
	names := make(map[string]bool)
	for _, r := range table {
		if names[r.name] {
			t.Errorf("two rows are called %q", r.name)
		}
		names[r.name] = true
		sig := r.signature()
		result := rules.Bind(sig, r.env())
		if bound := len(result.Faults) == 0; bound != r.binds {
			t.Errorf("%s: binds = %t, want %t: %v", r.name, bound, r.binds, result.Faults)
		}
		checkInvariants(t, r.name, sig, result)
		all.WriteString(r.outcome(result) + "\n")
	}
	golden(t, all.String())
}

// checkInvariants holds for every result of Bind.
func checkInvariants(t *testing.T, name string, sig rules.Signature, result rules.Result) {
	t.Helper()
	if len(result.Bindings) != len(sig.In) {
		t.Fatalf("%s: %d bindings for %d parameters", name, len(result.Bindings), len(sig.In))
	}
	for i, b := range result.Bindings {
		if b.Type == nil || b.Value == nil {
			t.Errorf("%s: parameter %d has no type", name, i)
		}
		if b.Class == rules.Unknown && !faulty(result, i) {
			t.Errorf("%s: parameter %d has neither a source nor a fault", name, i)
		}
		if (b.Class == rules.Unknown) != (b.Text == "") {
			t.Errorf("%s: parameter %d is of class %d, but its text is %q", name, i, b.Class, b.Text)
		}
		if (b.Var >= 0) != (b.Source == rules.Path) {
			t.Errorf("%s: parameter %d from source %d has variable %d", name, i, b.Source, b.Var)
		}
	}
	for _, f := range result.Faults {
		if strings.ContainsAny(f.Text, "\n") || strings.HasSuffix(f.Text, ".") || strings.Contains(f.Text, "%!") {
			t.Errorf("%s: a fault is one line without a full stop: %s", name, f.Text)
		}
		if f.Param >= len(sig.In) {
			t.Errorf("%s: a fault at parameter %d of %d", name, f.Param, len(sig.In))
		}
	}
}

// faulty reports whether a fault explains why parameter i has no source.
func faulty(result rules.Result, i int) bool {
	for _, f := range result.Faults {
		if f.Param == i || f.Param == -1 && strings.Contains(f.Text, fmt.Sprint(i+1)) {
			return true
		}
	}
	return false
}
