package main

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/benchmarks/internal/fleet"
)

// TestMain lets the test program be a child of the scenarios that have some.
func TestMain(m *testing.M) {
	if serveAsChild() || serveSockets() || fleet.Work() {
		return
	}
	os.Exit(m.Run())
}

func silent(rounds int) *session {
	return &session{quick: true, rounds: rounds, tell: &progress{w: io.Discard}}
}

// TestScenarios runs the comparison of answers of every scenario, and each
// contender once. How long that takes is nobody's business here.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, sc := range scenarios() {
		t.Run(sc.id, func(t *testing.T) {
			require.False(t, seen[sc.id], "two scenarios of that name")
			seen[sc.id] = true
			if sc.baseline == bestPeer {
				return // TestSocketScenarios
			}
			f, err := sc.open(silent(1))
			require.NoError(t, err)
			if f.close != nil {
				defer f.close()
			}
			baseline := false
			for _, st := range f.starters {
				baseline = baseline || st.contender == sc.baseline
				if strings.HasPrefix(sc.id, "growth/") && st.x > 100 {
					continue
				}
				got, err := st.run(silent(1))
				require.NoError(t, err, st.contender)
				assert.NotEmpty(t, got, st.contender)
			}
			assert.True(t, baseline, "the baseline %q does not take part", sc.baseline)
			for _, a := range f.absent {
				assert.NotEmpty(t, a.Reason, a.Contender)
			}
		})
	}
}

// TestEveryFrameworkTakesPart holds that who stays away from an HTTP scenario
// says why.
func TestEveryFrameworkTakesPart(t *testing.T) {
	for _, c := range httpCases() {
		for _, who := range frameworks() {
			s, err := c.server(who)
			require.NoError(t, err)
			if s == nil {
				assert.NotEmpty(t, who.absent("http/"+c.id), "%s in %s", who.name(), c.id)
			}
		}
	}
}

// TestChecksFindWrongAnswers holds that the comparison of answers is one.
func TestChecksFindWrongAnswers(t *testing.T) {
	e := expectation{request{method: "GET", target: "/"}, 200, `{"a":1,"b":[2]}`}
	ok := response{200, "application/json; charset=utf-8", []byte("{\"b\": [2],\n\"a\":1.0}")}
	assert.NoError(t, e.check(ok))
	for name, bad := range map[string]response{
		"status": {201, ok.contentType, ok.body},
		"type":   {200, "text/plain", ok.body},
		"value":  {200, ok.contentType, []byte(`{"a":2,"b":[2]}`)},
		"more":   {200, ok.contentType, []byte(`{"a":1,"b":[2],"c":3}`)},
		"broken": {200, ok.contentType, []byte(`{"a":1`)},
	} {
		assert.Error(t, e.check(bad), name)
	}
	assert.Error(t, expectation{request{}, 0, ""}.check(ok), "a success where a refusal is expected")
}

// TestRun runs the program on its cheapest scenario and reads its files.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, run([]string{"-quick", "-rounds", "1", "-run", "^(injection/(diamond|chain)|http/path-ints)$", "-out", dir}, io.Discard))

	var rep Report
	data, err := os.ReadFile(filepath.Join(dir, "results.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &rep))
	require.Len(t, rep.Results, 3)
	assert.NotEmpty(t, rep.Machine.Go)
	for _, r := range rep.Results {
		for _, p := range r.Points {
			_, ok := p.get(nsPerOp)
			assert.True(t, ok, "%s %s", r.ID, p.Contender)
			if p.Contender == r.Baseline {
				x, _ := p.get(toBaseline)
				assert.Equal(t, 1.0, x)
			}
		}
		svg, err := os.ReadFile(filepath.Join(dir, chartFile(r)))
		require.NoError(t, err)
		assert.NoError(t, xml.Unmarshal(svg, new(struct{ XMLName xml.Name })))
		assert.Contains(t, string(svg), "prefers-color-scheme: dark")
		assert.Contains(t, string(svg), "<text")
	}
	md, err := os.ReadFile(filepath.Join(dir, "results.md"))
	require.NoError(t, err)
	assert.Contains(t, string(md), "| **direct call** |")
	assert.Contains(t, string(md), "dig.Invoke: not supported: ")
}

func TestLinesAreNameValueUnit(t *testing.T) {
	x := 4
	r := &Result{ID: "a/b", Points: []Point{{Contender: "some one", X: &x, Metrics: []Metric{{Unit: nsPerOp, Value: 12.34}}}}}
	var b strings.Builder
	r.lines(&b)
	assert.Equal(t, "a/b/4/some-one 12.3 ns/op\n", b.String())
}

func TestQuantile(t *testing.T) {
	assert.Equal(t, 2.0, quantile([]float64{3, 1, 2}, 0.5))
	assert.Equal(t, 2.5, quantile([]float64{4, 1, 2, 3}, 0.5))
	assert.Equal(t, 7.0, quantile([]float64{7}, 0.25))
}

// The report tells how to repeat a run, and not where it was written to.
func TestCommandHasNoPaths(t *testing.T) {
	o, err := parseFlags([]string{"-quick", "-run", "http", "-out", "/somewhere/else"})
	require.NoError(t, err)
	assert.Equal(t, "go run . -quick -rounds 3 -run 'http'", o.command())
}

func TestFlags(t *testing.T) {
	o, err := parseFlags([]string{"-quick", "-run", "http", "-contender", "gin|fogo"})
	require.NoError(t, err)
	assert.Equal(t, 3, o.rounds)
	assert.True(t, o.run.MatchString("http/post-json"))
	_, err = parseFlags([]string{"-run", "("})
	assert.Error(t, err)
	_, err = parseFlags([]string{"stray"})
	assert.Error(t, err)

	s := &session{contender: regexp.MustCompile("^gin$")}
	assert.True(t, s.takesPart("gin", "x"))
	assert.True(t, s.takesPart("x", "x"), "the baseline always takes part")
	assert.False(t, s.takesPart("gin + go-json", "x"))
}

func TestProgress(t *testing.T) {
	var b strings.Builder
	p := &progress{w: &b, terminal: true}
	p.begin("http", 2)
	p.step("gin")
	assert.Contains(t, b.String(), " 50% http · gin")
	assert.Contains(t, b.String(), "███████████████░░░")
	p.step("chi")
	p.end()
	assert.Contains(t, b.String(), "http: 2 measurements in ")

	b.Reset()
	p = &progress{w: &b}
	p.begin("http", 1)
	p.step("gin")
	assert.Empty(t, b.String(), "a file gets lines, not bars")
	p.end()
	assert.Equal(t, 1, strings.Count(b.String(), "\n"))
}
