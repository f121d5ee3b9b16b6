package browser

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/gofogo/fogo/examples/internal/exampletest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// build compiles an example.
func build(t *testing.T, name string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", bin, "./examples/"+name)
	cmd.Dir = filepath.Join("..", "..", "..")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return bin
}

// join fills in the form of the chat's page.
func (p *page) join(name string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible("#name"), chromedp.SendKeys("#name", name+"\n"))
	p.wait(`document.querySelector('#state').textContent === 'Connected'`)
}

func (p *page) say(text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys("#text", text), enter)
}

// sees waits until a text is shown in the messages, once.
func (p *page) sees(text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`[...document.querySelectorAll('#log .text, #log .note')]
		.filter((e) => e.textContent.includes(%s)).length === 1`, strconv.Quote(text)))
}

// people waits until these are listed as present.
func (p *page) people(names ...string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`[...document.querySelectorAll('#users .who')].map((e) => e.textContent).join() === %s`,
		strconv.Quote(strings.Join(names, ","))))
}

func TestChat(t *testing.T) {
	browser := browse(t)
	bin, dir := build(t, "chat"), shots(t)
	server := exampletest.Start(t, bin, "-addr", "127.0.0.1:0")
	url := "http://" + server.Addr + "/"

	ada := open(t, browser, url)
	ada.look(1100, 720, "light")
	ada.do(chromedp.WaitVisible("#name"))
	ada.shoot(dir, "door-light")
	ada.join("Ada")
	ada.people("Ada")

	bob := open(t, browser, url)
	bob.look(1100, 720, "dark")
	bob.do(chromedp.WaitVisible("#name"))
	bob.shoot(dir, "door-dark")
	bob.join("Bob")
	bob.people("Ada", "Bob")
	ada.people("Ada", "Bob")
	ada.sees("Bob joined")

	ada.say("Hello Bob! Does this work?")
	bob.sees("Hello Bob! Does this work?")
	bob.say("It does. From both sides.")
	bob.eval(`document.querySelector('#text').value = 'And over several lines,\nif it has to be.'`)
	bob.do(enter)
	ada.sees("And over several lines,\nif it has to be.")
	ada.sees("It does. From both sides.")
	ada.sees("Hello Bob! Does this work?") // her own

	// What people write is text.
	const markup = `<img src=x onerror="document.title='owned'"><b>bold</b>`
	bob.say(markup)
	ada.sees(markup)
	for _, p := range []*page{ada, bob} {
		assert.Equal(t, "0", p.eval(`String(document.querySelectorAll('#log img, #log b b, #log .text b').length)`))
		assert.Equal(t, "Fogo chat", p.eval(`document.title`))
	}

	ada.say("Then here is something longer, to see where it wraps: the source of every parameter can be read off " +
		"the signature and the pattern, and what has no source is an error when the program starts.")
	bob.sees("Then here is something longer")
	ada.shoot(dir, "talk-light")
	bob.shoot(dir, "talk-dark")
	ada.look(390, 760, "light")
	ada.shoot(dir, "phone-light")
	bob.look(390, 760, "dark")
	bob.shoot(dir, "phone-dark")
	assert.Equal(t, "true", bob.eval(`String(document.documentElement.scrollWidth <= innerWidth)`), "nothing sticks out")

	// A refused message is explained and given back.
	long := strings.Repeat("too long ", 60)
	bob.eval(`document.querySelector('#text').value = ` + strconv.Quote(long))
	bob.do(chromedp.Focus("#text"), enter)
	bob.wait(`document.querySelector('#problem').textContent.includes('500')`)
	assert.Equal(t, strings.TrimSpace(long), bob.eval(`document.querySelector('#text').value`))
	bob.wait(`((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2)(document.querySelector('#log'))`)
	bob.shoot(dir, "refused-dark")
	bob.eval(`document.querySelector('#text').value = ''`)
	bob.say("Short enough.")
	ada.sees("Short enough.")
	assert.Empty(t, bob.eval(`document.querySelector('#problem').textContent`))

	// A taken name gets a number.
	other := open(t, browser, url+"?name=Ada")
	other.people("Ada", "Ada (2)", "Bob")
	other.sees("Short enough.") // from the history
	other.close()
	ada.sees("Ada (2) left")

	// The server restarts.
	server.Stop()
	for _, p := range []*page{ada, bob} {
		p.wait(`document.querySelector('#state').textContent.includes('Reconnecting')`)
	}
	ada.say("kept until later")
	ada.wait(`document.querySelector('#problem').textContent.includes('Not connected')`)
	ada.shoot(dir, "reconnecting-light")
	exampletest.Start(t, bin, "-addr", server.Addr)
	for _, p := range []*page{ada, bob} {
		p.wait(`document.querySelector('#state').textContent === 'Connected'`)
		p.people("Ada", "Bob")
		p.sees("Short enough.") // what was there stays
	}
	ada.do(chromedp.Click("#send"))
	bob.sees("kept until later")
	bob.say("Welcome back.")
	ada.sees("Welcome back.")
	ada.look(1100, 720, "dark")
	ada.shoot(dir, "back-dark")

	bob.do(chromedp.Click("#leave"), chromedp.WaitVisible("#name"))
	ada.sees("Bob left")
	ada.people("Ada")
	bob.close()
}

func TestStarletteChat(t *testing.T) {
	browser := browse(t)
	server := exampletest.Start(t, build(t, "views"), "starlette-chat", "-addr", "127.0.0.1:0")
	p := open(t, browser, "http://"+server.Addr+"/")
	p.wait(`ws.readyState === WebSocket.OPEN`)
	p.do(chromedp.SendKeys("#messageText", "hello\n"))
	p.wait(`document.querySelector('#messages li')?.textContent === 'Message text was: hello'`)
	p.do(chromedp.SendKeys("#messageText", "<b>x</b>"), chromedp.Click("button"))
	p.wait(`document.querySelectorAll('#messages li')[1]?.textContent === 'Message text was: <b>x</b>'`)
	p.look(600, 400, "light")
	p.shoot(shots(t), "starlette-chat")
	p.close()
	server.Stop()
}
