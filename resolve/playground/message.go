package playground

import (
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
)

// messages are those of the rules that need neither argument nor type.
var messages = map[string]string{
	"required":             "is required",
	"required_if":          "is required",
	"required_unless":      "is required",
	"required_with":        "is required",
	"required_with_all":    "is required",
	"required_without":     "is required",
	"required_without_all": "is required",
	"excluded_if":          "must be absent",
	"excluded_unless":      "must be absent",
	"excluded_with":        "must be absent",
	"excluded_with_all":    "must be absent",
	"excluded_without":     "must be absent",
	"excluded_without_all": "must be absent",
	"isdefault":            "must be absent",
	"unique":               "must not have repetitions",

	"alpha":           "must consist of letters",
	"alphaunicode":    "must consist of letters",
	"alphanum":        "must consist of letters and digits",
	"alphanumunicode": "must consist of letters and digits",
	"ascii":           "must consist of ASCII characters",
	"printascii":      "must consist of printable ASCII characters",
	"lowercase":       "must be in lower case",
	"uppercase":       "must be in upper case",
	"boolean":         "must be true or false",
	"numeric":         "must be a number",
	"number":          "must consist of digits",

	"email":              "must be an email address",
	"url":                "must be a URL",
	"http_url":           "must be an HTTP URL",
	"https_url":          "must be an HTTPS URL",
	"uri":                "must be a URI",
	"uuid":               "must be a UUID",
	"uuid3":              "must be a UUID of version 3",
	"uuid4":              "must be a UUID of version 4",
	"uuid5":              "must be a UUID of version 5",
	"uuid_rfc4122":       "must be a UUID",
	"ulid":               "must be a ULID",
	"hostname":           "must be a host name",
	"hostname_rfc1123":   "must be a host name",
	"hostname_port":      "must be a host name with a port",
	"fqdn":               "must be a fully qualified domain name",
	"ip":                 "must be an IP address",
	"ipv4":               "must be an IPv4 address",
	"ipv6":               "must be an IPv6 address",
	"cidr":               "must be an address range in CIDR notation",
	"mac":                "must be a MAC address",
	"port":               "must be a port number",
	"e164":               "must be a telephone number such as +441632960961",
	"hexadecimal":        "must be hexadecimal",
	"hexcolor":           "must be a color such as #00ff00",
	"base64":             "must be base64",
	"base64url":          "must be base64 for URLs",
	"json":               "must be JSON",
	"jwt":                "must be a JSON web token",
	"latitude":           "must be a latitude",
	"longitude":          "must be a longitude",
	"timezone":           "must be the name of a time zone",
	"semver":             "must be a semantic version",
	"credit_card":        "must be a credit card number",
	"iso3166_1_alpha2":   "must be a country code of two letters",
	"iso3166_1_alpha3":   "must be a country code of three letters",
	"iso4217":            "must be a currency code",
	"bcp47_language_tag": "must be a language tag",
}

// comparisons are the rules that compare with their argument: a number, the
// number of characters or of items.
var comparisons = map[string]string{
	"min": "at least", "gte": "at least",
	"max": "at most", "lte": "at most",
	"gt": "more than", "lt": "less than",
	"len": "exactly",
}

// phrases precede the argument of a rule.
var phrases = map[string]string{
	"eq":             "must be ",
	"ne":             "must not be ",
	"eq_ignore_case": "must be ",
	"ne_ignore_case": "must not be ",
	"contains":       "must contain ",
	"containsany":    "must contain one of ",
	"excludes":       "must not contain ",
	"excludesall":    "must contain none of ",
	"startswith":     "must start with ",
	"endswith":       "must end with ",
	"startsnotwith":  "must not start with ",
	"endsnotwith":    "must not end with ",
	"datetime":       "must be a time in the format ",
	"eqfield":        "must equal ",
	"eqcsfield":      "must equal ",
	"nefield":        "must differ from ",
	"necsfield":      "must differ from ",
	"gtfield":        "must be more than ",
	"gtefield":       "must be at least ",
	"ltfield":        "must be less than ",
	"ltefield":       "must be at most ",
}

// message says what is wrong in words for a client.
func message(e validator.FieldError) string {
	rule, arg := e.Tag(), e.Param()
	if m, ok := messages[rule]; ok {
		return m
	}
	if how, ok := comparisons[rule]; ok {
		return compared(how, arg, e.Type())
	}
	if m, ok := phrases[rule]; ok {
		return m + arg
	}
	switch rule {
	case "oneof", "oneofci":
		return "must be one of " + strings.Join(choices(arg), ", ")
	}
	if arg != "" {
		rule += "=" + arg
	}
	return "does not satisfy the rule " + rule
}

func compared(how, arg string, t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
	case arg == "": // gt and its like on a time compare with now
		return map[string]string{
			"more than": "must be in the future", "less than": "must be in the past",
			"at least": "must not be in the past", "at most": "must not be in the future",
		}[how]
	case t.Kind() == reflect.String:
		return "must have " + how + " " + counted(arg, "character")
	case holds(t):
		return "must have " + how + " " + counted(arg, "item")
	}
	if how == "exactly" {
		return "must be " + arg
	}
	return "must be " + how + " " + arg
}

func counted(n, what string) string {
	if n == "1" {
		return "1 " + what
	}
	return n + " " + what + "s"
}

// choices splits the argument of oneof, in which quotes hold blanks together.
func choices(arg string) []string {
	var all []string
	for arg = strings.TrimSpace(arg); arg != ""; arg = strings.TrimSpace(arg) {
		var one string
		if rest, quoted := strings.CutPrefix(arg, "'"); quoted {
			one, arg, _ = strings.Cut(rest, "'")
		} else {
			one, arg, _ = strings.Cut(arg, " ")
		}
		all = append(all, one)
	}
	return all
}
