package resolve

import (
	"encoding/hex"
	"errors"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// uuid is the kind of type that libraries have for it.
type uuid [16]byte

func (u *uuid) UnmarshalText(text []byte) error {
	s := strings.ReplaceAll(string(text), "-", "")
	if len(s) != 32 {
		return errors.New("wrong length")
	}
	_, err := hex.Decode(u[:], []byte(s))
	return err
}

// keeper keeps the address that it was parsed at.
type keeper struct{ self *keeper }

func (k *keeper) UnmarshalText([]byte) error { k.self = k; return nil }

type (
	userID int32
	level8 int8
	flag   bool
	label  string
	ratio  float32
	wait   time.Duration
)

// parsed parses a text as a T and returns the value and the problem.
func parsed[T any](text string) (T, string) {
	var v T
	problem := parserOf(reflect.TypeFor[T]())(text, frame.RefOf(&v))
	return v, problem
}

func accepts[T any](text string, want T) func(*testing.T) {
	return func(t *testing.T) {
		got, problem := parsed[T](text)
		assert.Empty(t, problem)
		assert.Equal(t, want, got)
	}
}

func refuses[T any](text, want string) func(*testing.T) {
	return func(t *testing.T) {
		got, problem := parsed[T](text)
		assert.Equal(t, want, problem)
		assert.Zero(t, got, "what does not parse leaves nothing behind")
	}
}

func TestParsers(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"string":             accepts("text", "text"),
		"string empty":       accepts("", ""),
		"string named":       accepts("a b", label("a b")),
		"bool true":          accepts("true", true),
		"bool 1":             accepts("1", true),
		"bool f":             accepts("f", false),
		"bool named":         accepts("TRUE", flag(true)),
		"bool yes":           refuses[bool]("yes", `"yes" is not true or false`),
		"bool empty":         refuses[bool]("", `"" is not true or false`),
		"int":                accepts(strconv.Itoa(math.MinInt), math.MinInt),
		"int plus":           accepts("+7", 7),
		"int zeros":          accepts("007", 7),
		"int over":           refuses[int]("9223372036854775808", `"9223372036854775808" is out of range`),
		"int word":           refuses[int]("abc", `"abc" is not an integer`),
		"int empty":          refuses[int]("", `"" is not an integer`),
		"int fraction":       refuses[int]("1.0", `"1.0" is not an integer`),
		"int blank":          refuses[int](" 1", `" 1" is not an integer`),
		"int hexadecimal":    refuses[int]("0x10", `"0x10" is not an integer`),
		"int underscore":     refuses[int]("1_000", `"1_000" is not an integer`),
		"int exponent":       refuses[int]("1e3", `"1e3" is not an integer`),
		"int8 least":         accepts("-128", int8(-128)),
		"int8 most":          accepts("127", int8(127)),
		"int8 over":          refuses[int8]("128", `"128" is out of range`),
		"int8 under":         refuses[int8]("-129", `"-129" is out of range`),
		"int8 named":         accepts("-5", level8(-5)),
		"int8 named over":    refuses[level8]("300", `"300" is out of range`),
		"int16 most":         accepts("32767", int16(math.MaxInt16)),
		"int16 over":         refuses[int16]("32768", `"32768" is out of range`),
		"int32 least":        accepts("-2147483648", int32(math.MinInt32)),
		"int32 over":         refuses[int32]("2147483648", `"2147483648" is out of range`),
		"int32 named":        accepts("42", userID(42)),
		"int64 most":         accepts("9223372036854775807", int64(math.MaxInt64)),
		"int64 over":         refuses[int64]("-9223372036854775809", `"-9223372036854775809" is out of range`),
		"uint most":          accepts(strconv.FormatUint(math.MaxUint, 10), uint(math.MaxUint)),
		"uint over":          refuses[uint]("18446744073709551616", `"18446744073709551616" is out of range`),
		"uint negative":      refuses[uint]("-1", `"-1" is not a non-negative integer`),
		"uint8 most":         accepts("255", uint8(255)),
		"uint8 over":         refuses[uint8]("256", `"256" is out of range`),
		"uint16 over":        refuses[uint16]("65536", `"65536" is out of range`),
		"uint32 most":        accepts("4294967295", uint32(math.MaxUint32)),
		"uint32 over":        refuses[uint32]("4294967296", `"4294967296" is out of range`),
		"uint64 most":        accepts("18446744073709551615", uint64(math.MaxUint64)),
		"uint64 plus":        refuses[uint64]("+1", `"+1" is not a non-negative integer`),
		"float64":            accepts("1e-3", 0.001),
		"float64 over":       refuses[float64]("1e400", `"1e400" is out of range`),
		"float64 word":       refuses[float64]("1,5", `"1,5" is not a number`),
		"float32":            accepts("1.5", float32(1.5)),
		"float32 named":      accepts("-2", ratio(-2)),
		"float32 over":       refuses[float32]("1e39", `"1e39" is out of range`),
		"float infinite":     refuses[float64]("-Inf", `"-Inf" is not a number`),
		"float NaN":          refuses[float32]("nan", `"nan" is not a number`),
		"duration":           accepts("1m30s", 90*time.Second),
		"duration number":    refuses[time.Duration]("90", `"90" is not a duration such as "1m30s"`),
		"duration named":     accepts("90", wait(90)),
		"time":               accepts("2026-01-02T03:04:05Z", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
		"time without zone":  refuses[time.Time]("2026-01-02T03:04:05", `"2026-01-02T03:04:05" is not a valid Time`),
		"time impossible":    refuses[time.Time]("2026-02-30T03:04:05Z", `"2026-02-30T03:04:05Z" is not a valid Time`),
		"address":            accepts("::1", netip.MustParseAddr("::1")),
		"address wrong":      refuses[netip.Addr]("1.2.3", `"1.2.3" is not a valid Addr`),
		"uuid":               accepts("00000000-0000-0000-0000-0000000000ff", uuid{15: 0xff}),
		"uuid half":          refuses[uuid]("00000000-0000-0000-0000-00000000zzff", `"00000000-0000-0000-0000-00000000zzff" is not a valid uuid`),
		"uuid short":         refuses[uuid]("1", `"1" is not a valid uuid`),
		"long text is cut":   refuses[int](strings.Repeat("x", 100), `"`+strings.Repeat("x", 40)+`…" is not an integer`),
		"control is escaped": refuses[int]("a\x00\n", `"a\x00\n" is not an integer`),
		"quotes are escaped": refuses[int](`a"b`, `"a\"b" is not an integer`),
		"invalid UTF-8":      refuses[int]("\xff", `"\xff" is not an integer`),
		"runes are counted":  refuses[int](strings.Repeat("ä", 41), `"`+strings.Repeat("ä", 40)+`…" is not an integer`),
	} {
		t.Run(name, test)
	}
}

// Memory that a user's method has seen is not the frame's.
func TestUnmarshalTextGetsMemoryOfItsOwn(t *testing.T) {
	var slot keeper
	require.Empty(t, parserOf(reflect.TypeFor[keeper]())("x", frame.RefOf(&slot)))
	assert.NotNil(t, slot.self)
	assert.NotSame(t, &slot, slot.self)
}

func TestParsersDoNotAllocate(t *testing.T) {
	var n int64
	var s string
	number, text := parserOf(reflect.TypeFor[int64]()), parserOf(reflect.TypeFor[string]())
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		number("123456", frame.RefOf(&n))
		text("some text", frame.RefOf(&s))
	}))
}

func TestSplitDefault(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "a": {"a"}, "a,b": {"a", "b"}, " a , b ": {"a", "b"}, "a,": {"a", ""},
	} {
		assert.Equal(t, want, splitDefault(text), "%q", text)
	}
}
