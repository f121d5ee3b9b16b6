package resolve

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var nilLogger = slog.New(slog.DiscardHandler)

type thing struct {
	Name string   `json:"name" xml:"name"`
	Tags []string `json:"tags" xml:"tag"`
	Any  any      `json:"any" xml:"-"`
}

func TestJSONDecode(t *testing.T) {
	deep := func(n int) string { return `{"any":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	for _, tt := range []struct {
		name, data string
		want       *thing // nil for an error
		fault      string
	}{
		{"object", `{"name":"a","tags":["b"]}`, &thing{Name: "a", Tags: []string{"b"}}, ""},
		{"unknown names are ignored", `{"nom":"a"}`, &thing{}, ""},
		{"null", `null`, &thing{}, ""},
		{"blanks around", " \n{} \t", &thing{}, ""},
		{"names are matched in any case, as encoding/json has it", `{"NAME":"a"}`, &thing{Name: "a"}, ""},
		{"of duplicate names the last counts, as in encoding/json", `{"name":"a","name":"b"}`, &thing{Name: "b"}, ""},
		{"lone surrogate becomes U+FFFD", `{"name":"\ud800"}`, &thing{Name: "\ufffd"}, ""},
		{"empty", ``, nil, "is not valid JSON"},
		{"blank", ` `, nil, "is not valid JSON"},
		{"cut off", `{"name":"a`, nil, "is not valid JSON"},
		{"trailing data", `{} {}`, nil, "is not valid JSON"},
		{"trailing letter", `{}x`, nil, "is not valid JSON"},
		{"trailing comma", `{"name":"a",}`, nil, "is not valid JSON"},
		{"no quotes", `{name:"a"}`, nil, "is not valid JSON"},
		{"leading zero", `{"any":01}`, nil, "is not valid JSON"},
		{"control character", "{\"name\":\"a\nb\"}", nil, "is not valid JSON"},
		{"bad escape", `{"name":"\q"}`, nil, "is not valid JSON"},
		{"invalid UTF-8 in a value", "{\"name\":\"\xff\"}", nil, "is not valid UTF-8"},
		{"invalid UTF-8 in a name", "{\"\xc3\":1}", nil, "is not valid UTF-8"},
		{"overlong UTF-8", "{\"name\":\"\xc0\xaf\"}", nil, "is not valid UTF-8"},
		{"byte order mark", "\ufeff{}", nil, "is not valid JSON"},
		{"UTF-16", "{\x00}\x00", nil, "is not valid JSON"},
		{"nested too deep", deep(1 << 19), nil, "exceeded max depth"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := []byte(tt.data)
			var v thing
			err := JSON().Decode(data, &v)
			assert.Equal(t, tt.data, string(data), "the data is not changed")
			if tt.want == nil {
				require.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, *tt.want, v)
		})
	}
	assert.NoError(t, JSON().Decode([]byte(deep(1000)), new(thing)))
}

// A decoded value must not lie in memory that is read into again.
func TestDecodedValuesKeepTheirText(t *testing.T) {
	for codec, data := range map[Codec]string{
		JSON(): `{"name":"original","tags":["one","two"]}`,
		XML():  `<thing><name>original</name><tag>one</tag><tag>two</tag></thing>`,
	} {
		raw := []byte(data)
		var v thing
		require.NoError(t, codec.Decode(raw, &v))
		for i := range raw {
			raw[i] = 'X'
		}
		assert.Equal(t, thing{Name: "original", Tags: []string{"one", "two"}}, v, codec.Name())
	}
}

func TestXMLDecode(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		ok         bool
	}{
		{"element", `<thing><name>a</name></thing>`, true},
		{"any root", `<other><name>a</name></other>`, true},
		{"with a prologue", `<?xml version="1.0"?><thing/>`, true},
		{"with an epilogue", "<thing/>\n<!-- done --><?pi x?>\n", true},
		{"two elements", `<thing/><thing/>`, false},
		{"text behind", `<thing/>text`, false},
		{"an end behind", `<thing/></thing>`, false},
		{"a document type behind", `<thing/><!DOCTYPE x>`, false},
		{"a comment behind that does not end", `<thing/><!-- `, false},
		{"something encoded behind", `<thing/>&amp;`, false},
		{"empty", ``, false},
		{"blank", ` `, false},
		{"no element", `text`, false},
		{"not closed", `<thing><name>a</name>`, false},
		{"closed wrongly", `<thing><name>a</thing></name>`, false},
		{"invalid UTF-8", "<thing><name>\xff</name></thing>", false},
		{"unknown entity", `<thing><name>&evil;</name></thing>`, false},
		{"entities are not declared", `<!DOCTYPE x [<!ENTITY evil "x">]><thing><name>&evil;</name></thing>`, false},
		{"unknown encoding", `<?xml version="1.0" encoding="latin1"?><thing/>`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := XML().Decode([]byte(tt.data), new(thing))
			assert.Equal(t, tt.ok, err == nil, "%v", err)
			if err != nil {
				assert.ErrorContains(t, err, "is not valid XML")
			}
		})
	}
}

func TestEncode(t *testing.T) {
	v := thing{Name: "<ä>", Tags: []string{"b"}}
	var b bytes.Buffer
	require.NoError(t, JSON().Encode(&b, v))
	assert.JSONEq(t, `{"name":"<ä>","tags":["b"],"any":null}`, b.String())
	b.Reset()
	require.NoError(t, XML().Encode(&b, v))
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<thing><name>&lt;ä&gt;</name><tag>b</tag></thing>`, b.String())

	for _, c := range []Codec{JSON(), XML()} {
		b.Reset()
		assert.Error(t, c.Encode(&b, make(chan int)), "%s of a channel", c.Name())
		assert.ErrorIs(t, c.Encode(failingWriter{}, v), io.ErrClosedPipe, c.Name())
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestCodecsByType(t *testing.T) {
	cs := Config{}.WithDefaults().Codecs
	for contentType, want := range map[string]string{
		"":                                   "json",
		"application/json":                   "json",
		"APPLICATION/JSON":                   "json",
		"application/json; charset=utf-8":    "json",
		"text/json":                          "json",
		"application/problem+json":           "json",
		"application/vnd.api.v2+json; a=b":   "json",
		"model/gltf+json":                    "json",
		"application/a+b+json":               "json",
		"application/xml":                    "xml",
		"text/xml; charset=utf-8":            "xml",
		"application/atom+xml":               "xml",
		"image/svg+xml":                      "xml",
		"application/jsonp":                  "",
		"application/json+zip":               "",
		"text/plain":                         "",
		"application/x-www-form-urlencoded":  "",
		"application/octet-stream":           "",
		"json":                               "",
		"*/*":                                "",
		"application/json; charset":          "",
		";":                                  "",
		"application/json, application/json": "",
	} {
		c, ok := cs.ByType(contentType)
		assert.Equal(t, want != "", ok, "%q", contentType)
		if ok {
			assert.Equal(t, want, c.Name(), "%q", contentType)
		}
	}
}

// named is a codec for a type of its own.
type named struct {
	Codec
	media string
}

func (n named) Name() string         { return n.media }
func (n named) MediaTypes() []string { return []string{n.media} }

// A codec for a type goes before those that read its suffix, in any order.
func TestCodecsByTypeAndSuffix(t *testing.T) {
	api := named{JSON(), "application/vnd.api+json"}
	for _, cs := range []Codecs{{JSON(), api}, {api, JSON()}} {
		c, ok := cs.ByType("application/vnd.api+json; ext=1")
		assert.True(t, ok)
		assert.Equal(t, api.media, c.Name())
		c, ok = cs.ByType("application/problem+json")
		assert.True(t, ok)
		assert.Equal(t, "json", c.Name())
	}
	_, ok := Codecs{}.ByType("")
	assert.False(t, ok)
}

func TestCodecsByName(t *testing.T) {
	cs := Codecs{JSON(), XML()}
	c, ok := cs.ByName("xml")
	assert.True(t, ok)
	assert.Equal(t, "xml", c.Name())
	_, ok = cs.ByName("yaml")
	assert.False(t, ok)
}

func TestConfigWithDefaults(t *testing.T) {
	d := Config{}.WithDefaults()
	assert.Equal(t, int64(DefaultMaxBody), d.MaxBody)
	assert.Len(t, d.Codecs, 2)
	assert.Equal(t, d.Codecs[:1], d.Answers, "XML is read, and written on demand")
	assert.Equal(t, d, d.WithDefaults())
	own := Config{MaxBody: 5, Codecs: Codecs{XML()}}.WithDefaults()
	assert.Equal(t, int64(5), own.MaxBody)
	assert.Len(t, own.Codecs, 1)
	assert.Equal(t, own.Codecs, own.Answers)
	split := Config{Answers: Codecs{XML()}}.WithDefaults()
	assert.Len(t, split.Codecs, 2)
	assert.Len(t, split.Answers, 1)
}

func TestFaultsStatusCode(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   []int
		want int
	}{
		{"failed validation", []int{422, 422}, 422},
		{"malformed before invalid", []int{422, 400, 422}, 400},
		{"too large before malformed", []int{400, 413, 400}, 413},
		{"unsupported before invalid", []int{422, 415}, 415},
		{"too slow before malformed", []int{400, 408}, 408},
		{"of two that could not be read the first", []int{415, 413}, 415},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var fs Faults
			for _, status := range tt.of {
				fs = append(fs, Fault{Status: status})
			}
			assert.Equal(t, tt.want, fs.StatusCode())
		})
	}
	text := Faults{{Location: "path.id", Message: "is required"}, {Location: "body", Message: "is odd", Status: http.StatusBadRequest}}
	assert.EqualError(t, text, "resolve: path.id is required; body is odd")
}

func TestQuoted(t *testing.T) {
	assert.Equal(t, `"a\tb"`, quoted("a\tb"))
	assert.LessOrEqual(t, len(quoted(strings.Repeat("\x00", 1<<20))), 200)
}

func TestAcceptedTypes(t *testing.T) {
	assert.Equal(t, "application/json", orList(acceptedTypes(Codecs{JSON()}, false)))
	assert.Equal(t, "application/json, application/x-www-form-urlencoded or multipart/form-data", orList(acceptedTypes(Codecs{JSON()}, true)))
	assert.Equal(t, "application/json, application/xml, application/x-www-form-urlencoded or multipart/form-data",
		orList(acceptedTypes(Codecs{JSON(), XML()}, true)))
}
