package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unknown stands in tables where no source was found.
const unknown = "???"

// Row is one line of the table of a plan: a parameter's number, its type and
// its source.
type Row struct{ Index, Type, Source string }

// Rows returns the rows for the bindings of a function.
func Rows(bindings []Binding) []Row {
	rows := make([]Row, len(bindings))
	for i, b := range bindings {
		rows[i] = Row{Index: strconv.Itoa(i + 1), Type: b.Type.String(), Source: b.Text}
		if b.Class == Unknown {
			rows[i].Source = unknown
		}
	}
	return rows
}

// Format aligns rows, one per line:
//
//	1 · context.Context · framework
//	2 · main.UserID     · path {user_id}
//	3 · int             · ???
func Format(rows []Row) string {
	var index, typ int
	for _, r := range rows {
		index = max(index, utf8.RuneCountInString(r.Index))
		typ = max(typ, utf8.RuneCountInString(r.Type))
	}
	var b strings.Builder
	for _, r := range rows {
		if r.Source == "" {
			r.Source = unknown
		}
		fmt.Fprintf(&b, "%*s · %-*s · %s\n", index, r.Index, typ, r.Type, r.Source)
	}
	return b.String()
}
