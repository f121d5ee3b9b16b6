package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"github.com/gin-gonic/gin"
	ginjson "github.com/gin-gonic/gin/codec/json"
	"github.com/goccy/go-json"
)

// ginEngine is gin, in release mode, without the middleware of gin.Default. Its
// codec is a global variable.
type ginEngine struct{ goJSON bool }

func (g ginEngine) name() string {
	if g.goJSON {
		return "gin + go-json"
	}
	return "gin"
}

func (ginEngine) absent(string) string { return "" }

// ginCodec is goccy/go-json for gin.
type ginCodec struct{}

func (ginCodec) Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func (ginCodec) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }
func (ginCodec) MarshalIndent(v any, prefix, indent string) ([]byte, error) {
	return json.MarshalIndent(v, prefix, indent)
}
func (ginCodec) NewEncoder(w io.Writer) ginjson.Encoder { return json.NewEncoder(w) }
func (ginCodec) NewDecoder(r io.Reader) ginjson.Decoder { return json.NewDecoder(r) }

// ginDefault is the codec that gin was built with.
var ginDefault = ginjson.API

func (g ginEngine) engine() (*gin.Engine, server) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	codec := ginDefault
	if g.goJSON {
		codec = ginCodec{}
	}
	return e, server{net: e, before: func() { ginjson.API = codec }}
}

func (g ginEngine) pathInts() (server, error) {
	e, s := g.engine()
	e.GET("/sum/:a/:b", func(c *gin.Context) {
		a, err := strconv.Atoi(c.Param("a"))
		if err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		b, err := strconv.Atoi(c.Param("b"))
		if err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusOK, Sum{A: a, B: b, Sum: a + b})
	})
	return s, nil
}

func (g ginEngine) query() (server, error) {
	e, s := g.engine()
	e.GET("/search", func(c *gin.Context) {
		var q Search
		if err := c.ShouldBindQuery(&q); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusOK, find(q))
	})
	return s, nil
}

func (g ginEngine) body() (server, error) {
	e, s := g.engine()
	e.POST("/orders", func(c *gin.Context) {
		var o Order
		if err := c.ShouldBindJSON(&o); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusOK, buy(o))
	})
	return s, nil
}

func (g ginEngine) scoped() (server, error) {
	e, srv := g.engine()
	store := newStore()
	e.Use(
		func(c *gin.Context) { c.Set("trace", newTrace(c.GetHeader("X-Request-Id"))) },
		func(c *gin.Context) {
			s, err := newSession(c.GetHeader("Authorization"))
			if err != nil {
				c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": err.Error()})
				return
			}
			c.Set("session", s)
		},
		func(c *gin.Context) {
			u, err := newUser(store, c.MustGet("session").(*Session))
			if err != nil {
				c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": err.Error()})
				return
			}
			c.Set("user", u)
		},
	)
	e.GET("/me", func(c *gin.Context) {
		c.JSON(http.StatusOK, me(c.MustGet("trace").(*Trace), c.MustGet("session").(*Session), c.MustGet("user").(*User)))
	})
	return srv, nil
}

type ginGreeter struct{ phrases *Phrases }

func (g *ginGreeter) get(c *gin.Context) {
	c.JSON(http.StatusOK, greet(g.phrases.hello, c.Param("name")))
}

func (g *ginGreeter) post(c *gin.Context) {
	var h Hello
	if err := c.ShouldBindJSON(&h); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	c.JSON(http.StatusOK, greet(h.Text, c.Param("name")))
}

func (g ginEngine) class() (server, error) {
	e, s := g.engine()
	v := &ginGreeter{newPhrases()}
	e.GET("/greetings/:name", v.get)
	e.POST("/greetings/:name", v.post)
	return s, nil
}

// braces are the variables of a pattern.
var braces = regexp.MustCompile(`\{(\w+)\}`)

// colons writes a pattern as gin, echo, fiber, macaron and martini do.
func colons(pattern string) string { return braces.ReplaceAllString(pattern, ":$1") }

func (g ginEngine) routes(n int) (server, error) {
	e, s := g.engine()
	for i := range n {
		e.GET(colons(fmt.Sprintf(routePattern, i)), func(c *gin.Context) {
			id, err := strconv.Atoi(c.Param("id"))
			if err != nil {
				c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
				return
			}
			c.JSON(http.StatusOK, Item{ID: id})
		})
	}
	return s, nil
}
