package rules

import (
	"fmt"
	"strings"
)

// text is the source of a binding in words, for the table of a plan.
func (b *Binding) text() string {
	if b.Text != "" {
		return b.Text
	}
	words := b.sourceText()
	if b.Optional {
		words = "optional " + words
	}
	if b.HasDefault {
		words += fmt.Sprintf(" (default %q)", b.Default)
	}
	if of := b.fileText(); of != "" {
		words += " (" + of + ")"
	}
	return words
}

// fileText says that a form field is a file, and what its tags allow.
func (b *Binding) fileText() string {
	var words []string
	switch b.Shape {
	case FileShape:
		words = append(words, "a file")
	case FilesShape:
		words = append(words, "files")
	}
	words = append(words, b.Accept...)
	if b.SizeText != "" {
		words = append(words, "up to "+b.SizeText)
	}
	return strings.Join(words, ", ")
}

func (b *Binding) sourceText() string {
	switch {
	case b.Shape == StructShape && len(b.Fields) == 0:
		return "fields: " + unknown // faults say why
	case b.Class == Extractor:
		return "Extract(" + texts(b.Nested.Bindings) + ")"
	case b.Wrapper != "" && b.Shape == StructShape:
		return keyName(b.Source) + ": " + names(b.Fields)
	case b.Class == Params && b.Shape == StructShape:
		return "params: " + texts(b.Fields)
	case b.Class == Scalar && b.Position:
		return fmt.Sprintf("path {%s} by position", b.Name)
	case b.Source == Path && (b.Class == Scalar || b.Class == Wrapper):
		return fmt.Sprintf("path {%s}", b.Name)
	case b.Source == Body:
		return "body"
	case b.Source == MessageBody:
		return "message"
	}
	return keyName(b.Source) + " " + b.Name
}

// texts joins the sources of fields, or of what an Extract method takes.
func texts(of []Binding) string {
	words := make([]string, len(of))
	for i, b := range of {
		words[i] = b.Text
		switch b.Class {
		case Unknown:
			words[i] = unknown
		case Framework:
			words[i] = b.Name
		}
	}
	return strings.Join(words, ", ")
}

// names is texts for fields of one source, which is said before them.
func names(of []Binding) string {
	words := make([]string, len(of))
	for i, b := range of {
		words[i] = strings.Replace(b.Text, keyName(b.Source)+" ", "", 1)
	}
	return strings.Join(words, ", ")
}
