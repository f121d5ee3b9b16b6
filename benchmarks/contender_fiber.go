package main

import (
	"fmt"
	"strconv"

	"github.com/go-playground/validator/v10"
	"github.com/goccy/go-json"
	"github.com/gofiber/fiber/v3"
)

// fiberApp is fiber, on fasthttp.
type fiberApp struct{ goJSON bool }

func (f fiberApp) name() string {
	if f.goJSON {
		return "fiber + go-json"
	}
	return "fiber"
}

func (fiberApp) absent(string) string { return "" }

// fiberValidator is the adapter of fiber's documentation.
type fiberValidator struct{ validate *validator.Validate }

func (v *fiberValidator) Validate(out any) error {
	if err := v.validate.Struct(out); err != nil {
		return fiber.NewError(fiber.StatusUnprocessableEntity, err.Error())
	}
	return nil
}

func (f fiberApp) app() *fiber.App {
	cfg := fiber.Config{StructValidator: &fiberValidator{validator.New(validator.WithRequiredStructEnabled())}}
	if f.goJSON {
		cfg.JSONEncoder = json.Marshal
		cfg.JSONDecoder = func(data []byte, v any) error { return json.Unmarshal(data, v) }
	}
	return fiber.New(cfg)
}

func (f fiberApp) pathInts() (server, error) {
	app := f.app()
	app.Get("/sum/:a/:b", func(c fiber.Ctx) error {
		a, err := strconv.Atoi(c.Params("a"))
		if err != nil {
			return fiber.ErrBadRequest
		}
		b, err := strconv.Atoi(c.Params("b"))
		if err != nil {
			return fiber.ErrBadRequest
		}
		return c.JSON(Sum{A: a, B: b, Sum: a + b})
	})
	return server{fast: app.Handler()}, nil
}

func (f fiberApp) query() (server, error) {
	app := f.app()
	app.Get("/search", func(c fiber.Ctx) error {
		q := new(Search)
		if err := c.Bind().Query(q); err != nil {
			return err
		}
		return c.JSON(find(*q))
	})
	return server{fast: app.Handler()}, nil
}

func (f fiberApp) body() (server, error) {
	app := f.app()
	app.Post("/orders", func(c fiber.Ctx) error {
		o := new(Order)
		if err := c.Bind().WithAutoHandling().Body(o); err != nil {
			return err
		}
		return c.JSON(buy(*o))
	})
	return server{fast: app.Handler()}, nil
}

func (f fiberApp) scoped() (server, error) {
	app, store := f.app(), newStore()
	app.Use(func(c fiber.Ctx) error {
		fiber.Locals(c, "trace", newTrace(c.Get("X-Request-Id")))
		return c.Next()
	}, func(c fiber.Ctx) error {
		s, err := newSession(c.Get("Authorization"))
		if err != nil {
			return fiber.ErrUnauthorized
		}
		fiber.Locals(c, "session", s)
		return c.Next()
	}, func(c fiber.Ctx) error {
		u, err := newUser(store, fiber.Locals[*Session](c, "session"))
		if err != nil {
			return fiber.ErrUnauthorized
		}
		fiber.Locals(c, "user", u)
		return c.Next()
	})
	app.Get("/me", func(c fiber.Ctx) error {
		return c.JSON(me(fiber.Locals[*Trace](c, "trace"), fiber.Locals[*Session](c, "session"), fiber.Locals[*User](c, "user")))
	})
	return server{fast: app.Handler()}, nil
}

type fiberGreeter struct{ phrases *Phrases }

func (g *fiberGreeter) get(c fiber.Ctx) error {
	return c.JSON(greet(g.phrases.hello, c.Params("name")))
}

func (g *fiberGreeter) post(c fiber.Ctx) error {
	h := new(Hello)
	if err := c.Bind().Body(h); err != nil {
		return err
	}
	return c.JSON(greet(h.Text, c.Params("name")))
}

func (f fiberApp) class() (server, error) {
	app, g := f.app(), &fiberGreeter{newPhrases()}
	app.Get("/greetings/:name", g.get)
	app.Post("/greetings/:name", g.post)
	return server{fast: app.Handler()}, nil
}

func (f fiberApp) routes(n int) (server, error) {
	app := f.app()
	for i := range n {
		app.Get(colons(fmt.Sprintf(routePattern, i)), func(c fiber.Ctx) error {
			id, err := strconv.Atoi(c.Params("id"))
			if err != nil {
				return fiber.ErrBadRequest
			}
			return c.JSON(Item{ID: id})
		})
	}
	return server{fast: app.Handler()}, nil
}
