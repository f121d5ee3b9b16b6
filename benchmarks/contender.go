package main

import (
	"net/http"

	"github.com/valyala/fasthttp"
)

// contender is one way to do what the scenarios ask for. It also implements the
// interface of each scenario that it takes part in.
type contender interface {
	// name is how tables call it.
	name() string
	// absent says why the contender takes no part in a scenario whose
	// interface it does not implement. "" leaves it out without a word, because
	// the scenario is not its kind of thing.
	absent(scenario string) string
}

// server answers the requests of an HTTP scenario in one of two ways.
type server struct {
	net  http.Handler
	fast fasthttp.RequestHandler // of fiber, which is not built on net/http
	// before, if not nil, is called before each batch of requests, to set what
	// the contender keeps in global variables.
	before func()
}

// What the HTTP scenarios ask for; scenario_http.go tells what each does.
type (
	pathInter    interface{ pathInts() (server, error) }
	querier      interface{ query() (server, error) }
	bodyDecoder  interface{ body() (server, error) }
	requestScope interface{ scoped() (server, error) }
	classViewer  interface{ class() (server, error) }
	// routeServer serves n routes, see routePattern.
	routeServer interface{ routes(n int) (server, error) }
)

// frameworks are the contenders of the HTTP scenarios.
func frameworks() []contender {
	return []contender{
		fogoApp{}, netHTTP{}, netHTTP{stdJSON: true}, chiRouter{}, ginEngine{}, ginEngine{goJSON: true},
		echoServer{}, echoServer{goJSON: true}, fiberApp{}, fiberApp{goJSON: true},
		humaAPI{}, fuegoServer{}, irisHero{}, flamegoFlame{}, macaronMacaron{}, martiniMartini{},
	}
}

// injectors are the contenders of the injection scenarios.
func injectors() []contender {
	return []contender{
		handWritten{}, handWritten{resolver: true}, fogoStep{}, fogoRun{}, fogoRun{pooled: true}, fogoFunc{},
		reflectPlan{}, digContainer{}, flamegoInject{}, martiniInject{},
	}
}
