// The fields of a struct, promoted ones among them. The walk goes breadth
// first, because that is how Go decides: of two fields with one name the
// shallower one wins, and two at the same depth hide each other. Its surprise
// is that a tag ends the walk: an embedded struct that is tagged is a field
// like any other.

package rules

import (
	"reflect"
	"slices"
)

// leaf is a field of a struct, its own or promoted.
type leaf struct {
	Field
	index  []int
	within Type // the struct that declares it
	// pointer is the embedded pointer that it is promoted through, if any.
	pointer Type
	// rival is another struct that declares the same name at the same depth,
	// so that Go promotes neither.
	rival Type
}

// node is a struct on the way to the leaves.
type node struct {
	t       Type
	index   []int
	pointer Type
}

// leaves lists the fields of t in the order of their declaration. Embedded
// structs are walked through unless stop says that they are fields.
func leaves(t Type, stop func(Field) bool) []leaf {
	var all []leaf
	var visited []Type
	shadowed := make(map[string]bool)
	for level := []node{{t: t}}; len(level) > 0; {
		found, next := fieldsOf(level, visited, stop)
		all = append(all, settle(found, shadowed)...)
		for _, n := range level {
			visited = append(visited, n.t)
			for i := range n.t.NumField() {
				shadowed[n.t.Field(i).Name] = true
			}
		}
		level = next
	}
	slices.SortFunc(all, func(a, b leaf) int { return slices.Compare(a.index, b.index) })
	return all
}

// fieldsOf lists the fields at one depth, and the structs at the next one. A
// struct that was visited at a lesser depth can add nothing.
func fieldsOf(level []node, visited []Type, stop func(Field) bool) (found []leaf, next []node) {
	for _, n := range level {
		if contains(visited, n.t) {
			continue
		}
		for i := range n.t.NumField() {
			f := n.t.Field(i)
			l := leaf{Field: f, index: append(slices.Clone(n.index), i), within: n.t, pointer: n.pointer}
			if s, pointer, ok := structBehind(f.Type); ok && f.Embedded && !stop(f) {
				if pointer && l.pointer == nil {
					l.pointer = f.Type
				}
				next = append(next, node{s, l.index, l.pointer})
			} else if f.Name != "_" {
				found = append(found, l)
			}
		}
	}
	return found, next
}

// settle drops the fields that shallower ones hide, and notes those that hide
// each other; of these it keeps the first.
func settle(found []leaf, shadowed map[string]bool) []leaf {
	var kept []leaf
	for _, l := range found {
		if shadowed[l.Name] {
			continue
		}
		same := slices.IndexFunc(kept, func(k leaf) bool { return k.Name == l.Name })
		if same < 0 {
			kept = append(kept, l)
		} else {
			kept[same].rival = l.within
		}
	}
	return kept
}

// sourceTag is one tag that says where a field comes from.
type sourceTag struct {
	key    string
	source Source
	name   string
}

// sourceKeys are the tags of Params structs. The tag inject stands beside
// them: it makes no struct a Params struct.
var sourceKeys = []sourceTag{
	{key: "path", source: Path},
	{key: "query", source: Query},
	{key: "header", source: Header},
	{key: "cookie", source: Cookie},
	{key: "form", source: Form},
	{key: "body", source: Body},
	{key: "inject", source: None},
}

// keyName is the tag, and the word in tables, of a source.
func keyName(s Source) string {
	for _, k := range sourceKeys {
		if k.source == s {
			return k.key
		}
	}
	return ""
}

// tagsOf lists the source tags of a field, inject among them.
func tagsOf(f Field) []sourceTag {
	var tags []sourceTag
	for _, k := range sourceKeys {
		if name, ok := f.Tag.Lookup(k.key); ok {
			k.name = name
			tags = append(tags, k)
		}
	}
	return tags
}

// paramsLeaves lists the fields of a struct as a Params struct sees them. An
// embedded struct without exported fields is a field itself: nothing in it
// could be filled.
func paramsLeaves(t Type) []leaf {
	return leaves(t, func(f Field) bool {
		return len(tagsOf(f)) > 0 || IsScalar(f.Type) || fileBehind(f.Type) || !exports(f.Type)
	})
}

// exports reports whether a struct, or the one behind a pointer, has an
// exported field, its own or promoted.
func exports(t Type) bool {
	s, _, _ := structBehind(t)
	all := leaves(s, func(f Field) bool { return IsScalar(f.Type) || fileBehind(f.Type) })
	return slices.ContainsFunc(all, func(l leaf) bool { return l.Exported })
}

// paramsField returns the first field that makes t a Params struct.
func paramsField(t Type) (l leaf, tag sourceTag, ok bool) {
	if t.Kind() != reflect.Struct || isWrapper(t) {
		return leaf{}, sourceTag{}, false
	}
	for _, l := range paramsLeaves(t) {
		for _, tag := range tagsOf(l.Field) {
			if tag.source != None {
				return l, tag, true
			}
		}
	}
	return leaf{}, sourceTag{}, false
}

// isParams reports whether t is a Params struct.
func isParams(t Type) bool {
	_, _, ok := paramsField(t)
	return ok
}
