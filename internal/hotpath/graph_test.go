package hotpath

// The call graph of the module.
//
// Only the module's own packages have bodies; what they import is known by its
// types. A call through an interface or a function value leads wherever a value
// can come from, found by following the values through the module (variable type
// analysis). Values that come from elsewhere, such as results of the user's
// functions, cannot be followed. If the method that is called is unexported, the
// value is of a type of the module, and the call leads to all that have the
// method; else it is the user's own, and leads out of the module. What is handed
// to foreign code, a callback or a value behind an interface, is taken to be
// called by whoever hands it out.

import (
	"go/types"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/cha"
	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

const module = "github.com/gofogo/fogo"

// program is the module in SSA form.
type program struct {
	prog   *ssa.Program
	byName map[string][]*ssa.Function
	values *callgraph.Graph // what values can come from
	typed  *callgraph.Graph // what has the type
}

// load analyses the packages that testprog consists of.
func load(t *testing.T) *program {
	t.Helper()
	ours := dependencies(t, module+"/internal/hotpath/testprog")
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax}, ours...)
	require.NoError(t, err)
	require.Zero(t, packages.PrintErrors(pkgs))
	prog, _ := ssautil.Packages(pkgs, ssa.InstantiateGenerics)
	prog.Build()
	fns := ssautil.AllFunctions(prog)
	p := &program{prog: prog, byName: map[string][]*ssa.Function{}, typed: cha.CallGraph(prog)}
	p.values = vta.CallGraph(fns, p.typed)
	for fn := range fns {
		p.byName[nameOf(fn)] = append(p.byName[nameOf(fn)], fn)
	}
	return p
}

// dependencies are the packages of the module that a package is made of.
func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	const mode = packages.NeedName | packages.NeedImports | packages.NeedDeps
	pkgs, err := packages.Load(&packages.Config{Mode: mode}, pkg)
	require.NoError(t, err)
	var list []string
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		if ours(p.PkgPath) {
			list = append(list, p.PkgPath)
		}
	})
	return list
}

func ours(pkg string) bool { return pkg == module || strings.HasPrefix(pkg, module+"/") }

// nameOf is the name of a function as the tables have it, "inject.Run.Do": for a
// closure, that of the function around it.
func nameOf(fn *ssa.Function) string {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if o := fn.Origin(); o != nil {
		fn = o
	}
	return plain(fn.RelString(nil))
}

// plain leaves out the module, parentheses and stars, and what is made of a
// method when it is used as a value.
func plain(name string) string {
	name = strings.ReplaceAll(name, module+"/", "")
	name = strings.NewReplacer("(", "", ")", "", "*", "").Replace(name)
	name, _, _ = strings.Cut(name, "$")
	return name
}

// packageOf is the path of the package that a function is of.
func packageOf(fn *ssa.Function) string {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if fn.Pkg != nil {
		return fn.Pkg.Pkg.Path()
	}
	if o := fn.Object(); o != nil && o.Pkg() != nil {
		return o.Pkg().Path()
	}
	return ""
}

// callees are the functions that a function calls, and the methods of foreign
// interfaces, for which there is no function.
func (p *program) callees(fn *ssa.Function) (fns []*ssa.Function, foreign []*types.Func) {
	for site := range calls(fn) {
		if c := site.Common(); c.IsInvoke() && c.Method.Pkg() != nil && !ours(c.Method.Pkg().Path()) {
			foreign = append(foreign, c.Method)
		}
		found := targets(p.values, fn, site)
		if c := site.Common(); len(found) == 0 && c.IsInvoke() && !c.Method.Exported() {
			found = targets(p.typed, fn, site)
		}
		fns = append(fns, found...)
		if !slices.ContainsFunc(found, func(f *ssa.Function) bool { return ours(packageOf(f)) }) {
			fns = append(fns, p.handedOut(site)...)
		}
	}
	return fns, foreign
}

func calls(fn *ssa.Function) iter.Seq[ssa.CallInstruction] {
	return func(yield func(ssa.CallInstruction) bool) {
		for _, b := range fn.Blocks {
			for _, i := range b.Instrs {
				if site, ok := i.(ssa.CallInstruction); ok && !yield(site) {
					return
				}
			}
		}
	}
}

func targets(g *callgraph.Graph, fn *ssa.Function, site ssa.CallInstruction) []*ssa.Function {
	n := g.Nodes[fn]
	if n == nil {
		return nil
	}
	var list []*ssa.Function
	for _, e := range n.Out {
		if e.Site == site {
			list = append(list, e.Callee.Func)
		}
	}
	return list
}

// handedOut are the functions among the arguments of a call of foreign code,
// and the methods of the values that it gets to see through an interface.
func (p *program) handedOut(site ssa.CallInstruction) []*ssa.Function {
	var list []*ssa.Function
	for _, arg := range site.Common().Args {
		switch v := arg.(type) {
		case *ssa.Function:
			list = append(list, v)
		case *ssa.MakeClosure:
			list = append(list, v.Fn.(*ssa.Function))
		case *ssa.MakeInterface:
			list = append(list, p.methods(v)...)
		}
	}
	return list
}

// methods are those of a value that its interface has.
func (p *program) methods(v *ssa.MakeInterface) []*ssa.Function {
	var list []*ssa.Function
	set := p.prog.MethodSets.MethodSet(v.X.Type())
	iface := v.Type().Underlying().(*types.Interface)
	for m := range iface.Methods() {
		if sel := set.Lookup(m.Pkg(), m.Name()); sel != nil {
			if fn := p.prog.MethodValue(sel); fn != nil && ours(packageOf(fn)) {
				list = append(list, fn)
			}
		}
	}
	return list
}
