package playground_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/gofogo/fogo/resolve/playground"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMessages(t *testing.T) {
	past, future := time.Unix(0, 0), time.Now().AddDate(10, 0, 0)
	text := "x!"
	for _, tt := range []struct {
		rule  string
		value any
		want  string
	}{
		{"required", "", "is required"},
		{"required", (*int)(nil), "is required"},
		{"min=3", "ab", "must have at least 3 characters"},
		{"min=3", &text, "must have at least 3 characters"},
		{"min=1", []int{}, "must have at least 1 item"},
		{"min=3", 2, "must be at least 3"},
		{"min=3", 2.5, "must be at least 3"},
		{"min=1s", time.Millisecond, "must be at least 1s"},
		{"max=1", "ab", "must have at most 1 character"},
		{"max=1", []int{1, 2}, "must have at most 1 item"},
		{"max=1", map[string]int{"a": 1, "b": 2}, "must have at most 1 item"},
		{"max=1", uint8(2), "must be at most 1"},
		{"len=3", "ab", "must have exactly 3 characters"},
		{"len=3", []int{}, "must have exactly 3 items"},
		{"len=3", 4, "must be 3"},
		{"gt=3", 3, "must be more than 3"},
		{"gte=3", 2, "must be at least 3"},
		{"lt=3", 3, "must be less than 3"},
		{"lte=3", 4, "must be at most 3"},
		{"gt", past, "must be in the future"},
		{"gte", past, "must not be in the past"},
		{"lt", future, "must be in the past"},
		{"lte", future, "must not be in the future"},
		{"eq=a", "b", "must be a"},
		{"ne=a", "a", "must not be a"},
		{"oneof=on off", "x", "must be one of on, off"},
		{"oneof='in use' free", "x", "must be one of in use, free"},
		{"oneof=1 2", 3, "must be one of 1, 2"},
		{"email", "x", "must be an email address"},
		{"url", "x", "must be a URL"},
		{"http_url", "ftp://x", "must be an HTTP URL"},
		{"uri", "", "must be a URI"},
		{"uuid", "x", "must be a UUID"},
		{"uuid4", "x", "must be a UUID of version 4"},
		{"alpha", "1", "must consist of letters"},
		{"alphanum", "!", "must consist of letters and digits"},
		{"numeric", "x", "must be a number"},
		{"lowercase", "A", "must be in lower case"},
		{"ip", "x", "must be an IP address"},
		{"ipv4", "::1", "must be an IPv4 address"},
		{"hostname", "-", "must be a host name"},
		{"contains=@", "x", "must contain @"},
		{"startswith=a", "x", "must start with a"},
		{"datetime=2006-01-02", "x", "must be a time in the format 2006-01-02"},
		{"unique", []int{1, 1}, "must not have repetitions"},
		{"e164", "x", "must be a telephone number such as +441632960961"},
		{"mongodb", "x", "does not satisfy the rule mongodb"},
		{"email|uuid", "x", "does not satisfy the rule email|uuid"},
		{"rgb|rgba", "x", "does not satisfy the rule rgb|rgba"},
		{"containsrune=a", "x", "does not satisfy the rule containsrune=a"},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			typ := reflect.StructOf([]reflect.StructField{{
				Name: "F", Type: reflect.TypeOf(tt.value), Tag: reflect.StructTag(`validate:"` + tt.rule + `"`),
			}})
			check, err := playground.Validation().Compile(typ)
			require.NoError(t, err)
			v := reflect.New(typ)
			v.Elem().Field(0).Set(reflect.ValueOf(tt.value))
			assert.Equal(t, []string{"F: " + tt.want}, wrong(t, check(v.Interface())))
		})
	}
}
