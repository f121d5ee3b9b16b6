package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gofogo/fogo/examples/internal/exampletest"
	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// client is a visitor.
type client struct {
	*ws.WebSocket
	t    *testing.T
	name string
	in   Event // the welcome
}

// reply is an event, or the problem with a message.
type reply struct {
	Event
	Status int `json:"status"`
	Errors []struct {
		Location, Message string
	} `json:"errors"`
}

func start(t *testing.T) (addr string, stop func()) {
	return exampletest.Serve(t, newApp().Serve)
}

func path(name string) string { return "/ws?name=" + url.QueryEscape(name) }

func join(t *testing.T, addr, name string) *client {
	t.Helper()
	c := &client{WebSocket: exampletest.Dial(t, addr, path(name)), t: t, name: name}
	c.in = c.next()
	require.Equal(t, Welcome, c.in.Type)
	return c
}

func (c *client) reply() (r reply) {
	c.t.Helper()
	m := exampletest.Receive(c.t, c.WebSocket)
	require.Equal(c.t, ws.KindText, m.Kind)
	require.NoError(c.t, json.Unmarshal(m.Data, &r), "%s", m.Data)
	return r
}

func (c *client) next() Event {
	c.t.Helper()
	r := c.reply()
	require.Empty(c.t, r.Errors)
	return r.Event
}

// expect drops the date of the next event and compares the rest.
func (c *client) expect(kind EventType, name, text string) {
	c.t.Helper()
	e := c.next()
	assert.NotZero(c.t, e.At)
	assert.Equal(c.t, Event{Type: kind, At: e.At, Name: name, Text: text}, e)
}

func (c *client) say(text string) {
	c.t.Helper()
	require.NoError(c.t, c.SendJSON(Say{Text: text}))
}

func TestTalk(t *testing.T) {
	addr, _ := start(t)
	ada := join(t, addr, "Ada")
	assert.Equal(t, "Ada", ada.in.Name)
	assert.Equal(t, []string{"Ada"}, ada.in.Users)
	assert.Empty(t, ada.in.History)
	assert.Equal(t, maxText, ada.in.MaxText)

	bob := join(t, addr, "Bob")
	assert.Equal(t, []string{"Ada", "Bob"}, bob.in.Users)
	ada.expect(Joined, "Bob", "")

	ada.say("hi <b>there</b>")
	ada.expect(Said, "Ada", "hi <b>there</b>")
	bob.expect(Said, "Ada", "hi <b>there</b>")
	bob.say("ciao\n🔥")
	ada.expect(Said, "Bob", "ciao\n🔥")
	bob.expect(Said, "Bob", "ciao\n🔥")

	require.NoError(t, bob.Close(ws.CodeNormal))
	ada.expect(Left, "Bob", "")
}

func TestDroppedConnection(t *testing.T) {
	addr, _ := start(t)
	ada := join(t, addr, "Ada")
	network, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	exampletest.Client(t, network, path("Bob"))
	ada.expect(Joined, "Bob", "")
	require.NoError(t, network.Close())
	ada.expect(Left, "Bob", "")
}

func TestNames(t *testing.T) {
	addr, _ := start(t)
	ada := join(t, addr, "Ada")
	for _, test := range []struct{ wanted, got string }{
		{"ada", "ada (2)"}, {"Ada", "Ada (3)"}, {"Ada (2)", "Ada (2) (2)"}, {"Adá", "Adá"}, {"<i>", "<i>"},
	} {
		c := join(t, addr, test.wanted)
		assert.Equal(t, test.got, c.in.Name)
		assert.Contains(t, c.in.Users, test.got)
		ada.expect(Joined, test.got, "")
	}
	for _, bad := range []string{"", " ", " Ada", "Ada\n", "a\u202eb", "\u200b", strings.Repeat("é", maxName+1)} {
		assert.Equal(t, http.StatusUnprocessableEntity, refused(t, addr, path(bad)), "%q", bad)
	}
	assert.Equal(t, http.StatusBadRequest, refused(t, addr, "/ws"), "no name at all")
	assert.Equal(t, http.StatusBadRequest, refused(t, addr, path("\xff")), "no text")
	longest := join(t, addr, strings.Repeat("é", maxName))
	assert.Equal(t, strings.Repeat("é", maxName), longest.in.Name)
}

// refused returns the status of a handshake that fails.
func refused(t *testing.T, addr, path string) int {
	t.Helper()
	network, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	_, res, err := ws.Client(t.Context(), network, "ws://"+addr+path, nil)
	require.Error(t, err, path)
	require.NotNil(t, res)
	return res.StatusCode
}

func TestInvalidMessages(t *testing.T) {
	addr, _ := start(t)
	ada, bob := join(t, addr, "Ada"), join(t, addr, "Bob")
	ada.expect(Joined, "Bob", "")
	for _, text := range []string{"", " \n\t", strings.Repeat("🔥", maxText+1)} {
		ada.say(text)
		r := ada.reply()
		assert.Equal(t, http.StatusUnprocessableEntity, r.Status)
		require.Len(t, r.Errors, 1)
		assert.Equal(t, "message.text", r.Errors[0].Location)
		assert.NotEmpty(t, r.Errors[0].Message)
	}
	// Nobody else has seen any of it, and the connection goes on.
	longest := strings.Repeat("🔥", maxText)
	ada.say(longest)
	bob.expect(Said, "Ada", longest)
}

func TestMalformedMessages(t *testing.T) {
	addr, _ := start(t)
	for _, test := range []struct {
		name string
		data string
		code ws.Code
	}{
		{"no JSON", `{"text":`, ws.CodeInvalidPayload},
		{"no object", `"hi"`, ws.CodeInvalidPayload},
		{"no string", `{"text":1}`, ws.CodeInvalidPayload},
		{"too big", `{"text":"` + strings.Repeat("x", 16<<10) + `"}`, ws.CodeMessageTooBig},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := join(t, addr, "Eve")
			require.NoError(t, c.Send(ws.KindText, []byte(test.data)))
			assert.Equal(t, test.code, <-exampletest.CloseCode(c.WebSocket))
		})
	}
}

func TestHistory(t *testing.T) {
	addr, _ := start(t)
	ada := join(t, addr, "Ada")
	for i := range historySize + 5 {
		ada.say(fmt.Sprint(i))
		ada.expect(Said, "Ada", fmt.Sprint(i))
	}
	bob := join(t, addr, "Bob")
	require.Len(t, bob.in.History, historySize)
	last := int64(0)
	for i, e := range bob.in.History {
		assert.Equal(t, Event{Type: Said, At: e.At, Name: "Ada", Text: fmt.Sprint(i + 5)}, e)
		assert.Greater(t, e.At, last, "the dates are the events' identities")
		last = e.At
	}
	assert.Greater(t, bob.in.At, last)
}

func TestSlowConsumer(t *testing.T) {
	addr, _ := start(t)
	ada := join(t, addr, "Ada")
	slow := exampletest.Dial(t, addr, path("Bob")) // and doesn't read
	ada.expect(Joined, "Bob", "")

	// Ada talks until the network between the room and Bob is full, and then
	// his queue. She never waits for him: what she says comes back at once.
	text := strings.Repeat("🔥", maxText)
	talk := func() (left bool) {
		ada.say(text)
		for {
			switch e := ada.next(); e.Type {
			case Left:
				left = true
			case Said:
				return left
			}
		}
	}
	for n := 0; !talk(); n++ {
		require.Less(t, n, 50_000, "nobody is thrown out")
	}
	// Who reads again finds the reason behind what was on its way.
	assert.Equal(t, ws.CodeTryAgainLater, <-exampletest.CloseCode(slow))
	ada.say("still here")
	for ada.next().Text != "still here" {
	}
	assert.Equal(t, []string{"Ada", "Eve"}, join(t, addr, "Eve").in.Users)
}

func TestShutdown(t *testing.T) {
	addr, stop := start(t)
	var codes []<-chan ws.Code
	for _, name := range []string{"Ada", "Bob", "Eve"} {
		codes = append(codes, exampletest.CloseCode(join(t, addr, name).WebSocket))
	}
	stop()
	for _, code := range codes {
		assert.Equal(t, ws.CodeGoingAway, <-code)
	}
}

// TestCrowd lets many talk, join and leave at once. Everybody who stays sees
// the same events in the same order.
func TestCrowd(t *testing.T) {
	for _, size := range []int{2, 10, 100} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			addr, _ := start(t)
			members := make([]*client, size)
			for i := range members {
				members[i] = join(t, addr, fmt.Sprint("member ", i))
			}
			complete := members[size-1].in.At
			seen := make([][]Event, size)
			var all sync.WaitGroup
			for i, c := range members {
				all.Go(func() { // reads until everybody has spoken
					for said := 0; said < size; {
						e := c.next()
						if e.Type == Said {
							said++
						}
						if e.At > complete {
							seen[i] = append(seen[i], e)
						}
					}
				})
				all.Go(func() { // speaks, and brings a guest now and then
					c.say("hello from " + c.name)
					if i%10 == 0 {
						_ = join(t, addr, "guest").Close(ws.CodeNormal)
					}
				})
			}
			all.Wait()
			require.False(t, t.Failed())
			shortest := slices.MinFunc(seen, func(a, b []Event) int { return len(a) - len(b) })
			for i := range seen {
				assert.Equal(t, shortest, seen[i][:len(shortest)], "member %d", i)
			}
		})
	}
}

func TestPage(t *testing.T) {
	addr, _ := start(t)
	for path, contentType := range map[string]string{
		"/":         "text/html; charset=utf-8",
		"/chat.js":  "text/javascript; charset=utf-8",
		"/chat.css": "text/css; charset=utf-8",
		"/icon.svg": "image/svg+xml",
	} {
		res, body := exampletest.Do(t, "GET", "http://"+addr+path)
		assert.Equal(t, http.StatusOK, res.StatusCode, path)
		assert.Equal(t, contentType, res.Header.Get("Content-Type"), path)
		assert.NotEmpty(t, body, path)
		policy := res.Header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.NotContains(t, policy, "unsafe", path)
	}
	for _, path := range []string{"/room.go", "/page/index.html", "/../room.go"} {
		res, _ := exampletest.Do(t, "GET", "http://"+addr+path)
		assert.Equal(t, http.StatusNotFound, res.StatusCode, path)
	}
}

// TestPageIsSafe looks for what would take text for HTML.
func TestPageIsSafe(t *testing.T) {
	script := embeddedFile(t, "page/chat.js")
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "setAttribute('on"} {
		assert.NotContains(t, script, word)
	}
	html := embeddedFile(t, "page/index.html")
	assert.NotRegexp(t, `(?i)\son[a-z]+=|\sstyle=|<style|<script>`, html, "the policy forbids what is inline")
}

func embeddedFile(t *testing.T, name string) string {
	t.Helper()
	f, err := embedded.Open(name)
	require.NoError(t, err)
	defer f.Close()
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(b)
}

func TestProgram(t *testing.T) {
	p := exampletest.Start(t, exampletest.Build(t, "."), "-addr", "127.0.0.1:0")
	code := exampletest.CloseCode(join(t, p.Addr, "Ada").WebSocket)
	p.Stop()
	assert.Equal(t, ws.CodeGoingAway, <-code)
}
