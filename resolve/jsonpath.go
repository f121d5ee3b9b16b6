package resolve

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-json"
)

// jsonPath names the value of a JSON text that ends at, or contains, an offset:
// "items[3].name". The decoder tells where it stopped as a number of bytes; a
// client wants the name. The text is known to be well-formed up to there.
func jsonPath(data []byte, offset int) string {
	s := pathScanner{data: data[:min(max(offset, 0), len(data))]}
	for s.i < len(s.data) {
		s.next()
	}
	return s.path()
}

// level is an object or array that the scanner is inside of.
type level struct {
	array bool
	index int
	key   string
	value bool // the key's colon was seen
}

type pathScanner struct {
	data   []byte
	i      int
	levels []level
}

// next moves over one token.
func (s *pathScanner) next() {
	c := s.data[s.i]
	s.i++
	switch c {
	case '{':
		s.levels = append(s.levels, level{})
	case '[':
		// A text that ends here is about the array, not about its first element.
		if s.i < len(s.data) {
			s.levels = append(s.levels, level{array: true})
		}
	case '}', ']':
		s.pop()
	case ',':
		s.comma()
	case ':':
		if n := len(s.levels); n > 0 {
			s.levels[n-1].value = true
		}
	case '"':
		s.text()
	}
}

// pop leaves a level.
func (s *pathScanner) pop() {
	if n := len(s.levels); n > 0 {
		s.levels = s.levels[:n-1]
	}
}

func (s *pathScanner) comma() {
	n := len(s.levels)
	if n == 0 || s.i >= len(s.data) {
		return // the offset is right behind the value before the comma
	}
	l := &s.levels[n-1]
	l.index++
	l.key, l.value = "", false
}

func (s *pathScanner) text() {
	start := s.i
	for s.i < len(s.data) && s.data[s.i] != '"' {
		if s.data[s.i] == '\\' {
			s.i++
		}
		s.i++
	}
	end := min(s.i, len(s.data))
	s.i++
	if n := len(s.levels); n > 0 && !s.levels[n-1].array && !s.levels[n-1].value {
		key := string(s.data[start:end])
		if strings.IndexByte(key, '\\') >= 0 {
			var unquoted string
			if json.Unmarshal([]byte(`"`+key+`"`), &unquoted) == nil {
				key = unquoted
			}
		}
		s.levels[n-1].key = key
	}
}

func (s *pathScanner) path() string {
	var b strings.Builder
	for _, l := range s.levels {
		if l.array {
			b.WriteString("[" + strconv.Itoa(l.index) + "]")
			continue
		}
		if l.key == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(l.key)
	}
	return b.String()
}

// jsonKind names a Go type to a client, who does not know Go.
func jsonKind(t reflect.Type) string {
	if t == nil {
		return "a value of the expected type"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "a boolean"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return jsonKind(t.Elem())
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		return "an integer"
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return "an integer of " + strconv.Itoa(t.Bits()) + " bits"
	}
	return "a value of the expected type"
}
