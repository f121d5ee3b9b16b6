package main

import (
	"fmt"
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/goccy/go-json"
	"github.com/labstack/echo/v5"
)

// echoServer is echo. Its documentation has go-playground/validator for
// validation.
type echoServer struct{ goJSON bool }

func (e echoServer) name() string {
	if e.goJSON {
		return "echo + go-json"
	}
	return "echo"
}

func (echoServer) absent(string) string { return "" }

// echoCodec is goccy/go-json for echo.
type echoCodec struct{ echo.DefaultJSONSerializer }

func (echoCodec) Serialize(c *echo.Context, v any, _ string) error {
	return json.NewEncoder(c.Response()).Encode(v)
}

func (echoCodec) Deserialize(c *echo.Context, v any) error {
	if err := json.NewDecoder(c.Request().Body).Decode(v); err != nil {
		return echo.ErrBadRequest.Wrap(err)
	}
	return nil
}

// echoValidator is the adapter of echo's documentation.
type echoValidator struct{ validate *validator.Validate }

func (v *echoValidator) Validate(i any) error {
	if err := v.validate.Struct(i); err != nil {
		return echo.ErrBadRequest.Wrap(err)
	}
	return nil
}

func (e echoServer) echo() *echo.Echo {
	s := echo.New()
	if e.goJSON {
		s.JSONSerializer = echoCodec{}
	}
	return s
}

func (e echoServer) pathInts() (server, error) {
	s := e.echo()
	s.GET("/sum/:a/:b", func(c *echo.Context) error {
		a, err := echo.PathParam[int](c, "a")
		if err != nil {
			return err
		}
		b, err := echo.PathParam[int](c, "b")
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, Sum{A: a, B: b, Sum: a + b})
	})
	return server{net: s}, nil
}

func (e echoServer) query() (server, error) {
	s := e.echo()
	s.GET("/search", func(c *echo.Context) error {
		var q Search
		if err := c.Bind(&q); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, find(q))
	})
	return server{net: s}, nil
}

func (e echoServer) body() (server, error) {
	s := e.echo()
	s.Validator = &echoValidator{validator.New(validator.WithRequiredStructEnabled())}
	s.POST("/orders", func(c *echo.Context) error {
		var o Order
		if err := c.Bind(&o); err != nil {
			return err
		}
		if err := c.Validate(&o); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, buy(o))
	})
	return server{net: s}, nil
}

func (e echoServer) scoped() (server, error) {
	srv, store := e.echo(), newStore()
	srv.Use(
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				c.Set("trace", newTrace(c.Request().Header.Get("X-Request-Id")))
				return next(c)
			}
		},
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				s, err := newSession(c.Request().Header.Get("Authorization"))
				if err != nil {
					return echo.ErrUnauthorized.Wrap(err)
				}
				c.Set("session", s)
				return next(c)
			}
		},
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				u, err := newUser(store, c.Get("session").(*Session))
				if err != nil {
					return echo.ErrUnauthorized.Wrap(err)
				}
				c.Set("user", u)
				return next(c)
			}
		},
	)
	srv.GET("/me", func(c *echo.Context) error {
		return c.JSON(http.StatusOK, me(c.Get("trace").(*Trace), c.Get("session").(*Session), c.Get("user").(*User)))
	})
	return server{net: srv}, nil
}

type echoGreeter struct{ phrases *Phrases }

func (g *echoGreeter) get(c *echo.Context) error {
	return c.JSON(http.StatusOK, greet(g.phrases.hello, c.Param("name")))
}

func (g *echoGreeter) post(c *echo.Context) error {
	var h Hello
	if err := c.Bind(&h); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, greet(h.Text, c.Param("name")))
}

func (e echoServer) class() (server, error) {
	s, g := e.echo(), &echoGreeter{newPhrases()}
	s.GET("/greetings/:name", g.get)
	s.POST("/greetings/:name", g.post)
	return server{net: s}, nil
}

func (e echoServer) routes(n int) (server, error) {
	s := e.echo()
	for i := range n {
		s.GET(colons(fmt.Sprintf(routePattern, i)), func(c *echo.Context) error {
			id, err := echo.PathParam[int](c, "id")
			if err != nil {
				return err
			}
			return c.JSON(http.StatusOK, Item{ID: id})
		})
	}
	return server{net: s}, nil
}
