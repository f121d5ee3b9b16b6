package playground_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/playground"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// compileRoute compiles a handler with the adapter, as an application would.
func compileRoute(t *testing.T, handler any) (*inject.Plan, *resolve.Config, error) {
	t.Helper()
	var cfg resolve.Config
	playground.Validation().ApplyValues(&cfg)
	cfg = cfg.WithDefaults()
	in := inject.New()
	a, err := inject.Assemble(in, inject.Options{})
	require.NoError(t, err)
	p, err := a.Compile(inject.Spec{
		Route: "POST /", Level: in,
		Binder: resolve.NewBinder(&cfg, resolve.RouteSpec{Pattern: pattern.MustParse("POST /"), Method: http.MethodPost}),
		Calls:  []inject.Call{{Handler: inject.NewFunction(reflect.ValueOf(handler), inject.RoleHandler)}},
	})
	if err != nil {
		return nil, nil, err
	}
	return p.Plan(0), &cfg, nil
}

// faultsOf calls the handler with a request and lists its faults.
func faultsOf(t *testing.T, handler any, target, contentType, body string) (int, []string) {
	t.Helper()
	plan, cfg, err := compileRoute(t, handler)
	require.NoError(t, err)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	c := &resolve.Call{Request: req, Vars: &pattern.Values{}}
	c.Configure(cfg)
	run := plan.Begin(req.Context(), c, nil)
	defer run.End()
	err = run.Finish(run.Do())
	if err == nil {
		return http.StatusOK, nil
	}
	var fs resolve.Faults
	require.ErrorAs(t, err, &fs)
	var lines []string
	for _, f := range fs {
		lines = append(lines, f.Error())
	}
	return fs.StatusCode(), lines
}

type (
	line struct {
		SKU   string `json:"sku" validate:"required"`
		Count int    `json:"count" validate:"gte=1"`
	}
	basket struct {
		Lines []line `json:"lines" xml:"line" validate:"required,dive"`
		Note  string `json:"note" validate:"max=5"`
	}
	flat struct {
		Name string `json:"name" validate:"min=2"`
		Age  int    `json:"age" validate:"gte=18"`
	}
	Common struct {
		Limit int `query:"limit" default:"10" validate:"lte=100"`
	}
	request struct {
		Common
		Sort string  `query:"sort_by" default:"name" validate:"oneof=name age"`
		IDs  []int   `query:"id" validate:"max=2,dive,gt=0"`
		Data basket  `body:""`
		Name *string `header:"X-Name" validate:"omitempty,alpha"`
	}
)

// What the validator says is told in the client's terms.
func TestLocationsOfViolations(t *testing.T) {
	const (
		json = "application/json"
		form = "application/x-www-form-urlencoded"
	)
	for _, tt := range []struct {
		name                      string
		handler                   any
		target, contentType, body string
		status                    int
		want                      []string
	}{
		{"all is well", func(resolve.Body[basket]) {}, "/", json, `{"lines":[{"sku":"a","count":1}]}`, 200, nil},
		{"body", func(resolve.Body[basket]) {}, "/", json, `{"lines":[{"sku":"a","count":1},{}],"note":"too long"}`, 422, []string{
			"body.lines[1].sku is required", "body.lines[1].count must be at least 1", "body.note must have at most 5 characters",
		}},
		{"names of XML", func(resolve.Body[basket]) {}, "/", "application/xml", `<x><line><SKU>a</SKU></line></x>`, 422, []string{
			"body.line[0].Count must be at least 1",
		}},
		{"body that is a list", func(resolve.Body[[]line]) {}, "/", json, `[{"sku":"a","count":1},{"count":1}]`, 422, []string{
			"body[1].sku is required",
		}},
		{"body that is a form", func(resolve.Body[flat]) {}, "/", form, `name=a&age=5`, 422, []string{
			"form.name must have at least 2 characters", "form.age must be at least 18",
		}},
		{"params struct", func(request) {}, "/?limit=101&sort_by=x&id=1&id=0&id=3", json, `{"lines":[{"count":1}]}`, 422, []string{
			"body.lines[0].sku is required", "query.limit must be at most 100", "query.sort_by must be one of name, age",
			"query.id must have at most 2 items",
		}},
		{"elements of a query", func(request) {}, "/?id=1&id=0", json, `{"lines":[{"sku":"a","count":1}]}`, 422, []string{
			"query.id[1] must be more than 0",
		}},
		{"what cannot be read is not validated", func(request) {}, "/?limit=x&sort_by=x", json, `{"lines":[{"sku":"a","count":1}]}`, 400, []string{
			`query.limit "x" is not an integer`,
		}},
		{"nothing can be decoded", func(resolve.Body[basket]) {}, "/", json, `{"lines":1}`, 400, []string{
			"body.lines is a JSON number, which is not a list",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, faults := faultsOf(t, tt.handler, tt.target, tt.contentType, tt.body)
			assert.Equal(t, tt.status, status)
			assert.ElementsMatch(t, tt.want, faults)
		})
	}
}

func TestWrongTagsFailTheBuild(t *testing.T) {
	type wrong struct {
		A string `query:"a" validate:"requird"`
	}
	type wrongBody struct {
		B []struct {
			A string `json:"a" validate:"requird"`
		} `json:"b" validate:"dive"`
	}
	for name, handler := range map[string]any{
		"params struct": func(wrong) {}, "body": func(resolve.Body[wrongBody]) {}, "query": func(resolve.Query[wrong]) {},
		"list": func(resolve.Body[[]wrongBody]) {},
	} {
		_, _, err := compileRoute(t, handler)
		assert.ErrorContains(t, err, "requird", name)
		assert.NotEmpty(t, inject.Problems(err), name)
	}
}

// A body is validated once decoded, not read again.
func TestValidationLeavesTheBodyAlone(t *testing.T) {
	var raw string
	status, _ := faultsOf(t, func(b resolve.Body[flat], r resolve.RawBody) {
		raw = string(r)
		_, err := io.ReadAll(strings.NewReader(b.Value.Name))
		assert.NoError(t, err)
	}, "/", "application/json", `{"name":"ann","age":20}`)
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"name":"ann","age":20}`, raw)
}
