package fogo

import (
	"errors"
	"net/http"

	"github.com/gofogo/fogo/router"
)

// WithBaseURL says under which URL the client of a request sees the application,
// for [router.Route.AbsoluteURL] and [App.URLFor]: scheme and host, and a path if
// a proxy strips one. Behind proxies it is what a middleware found out that knows
// whom to trust:
//
//	app := fogo.New(fogo.WithBaseURL(middleware.BaseURL))
//	app.Use(middleware.RealIP(middleware.RealIPOptions{Trusted: middleware.PrivateNetworks()}))
//
// A path that the proxy strips is known where it is configured, or from
// X-Forwarded-Prefix: RealIPOptions.Prefix.
//
// Without it absolute URLs have the scheme and the Host of the request. That Host
// is whatever a client wants it to be, and so it is with the function above: URLs
// that somebody else is to follow, in mails for example, need a [WithPublicURL].
func WithBaseURL(f func(*http.Request) string) Option {
	return option(func(s *settings) { s.build.BaseURL, s.build.PublicURL = f, "" })
}

// WithPublicURL is [WithBaseURL] for an application that has one URL, such as
// "https://example.com" or "https://example.com/app": no request is asked, and
// [App.URLFor] may be given none. Build refuses a URL without scheme or host, or
// with more than a path behind them.
func WithPublicURL(url string) Option {
	return option(func(s *settings) { s.build.BaseURL, s.build.PublicURL = nil, url })
}

// URL returns the path and query that lead to the route with a name, see
// [router.Route.URL] for the values. A route of what is mounted has the mount's
// name before its own: "shop:item". The application must be built.
func (a *App) URL(name string, values ...any) (string, error) {
	b, err := a.links()
	if err != nil {
		return "", err
	}
	return b.URL(name, values...)
}

// URLFor is [App.URL] with scheme and host, as the client of the request sees
// the application: see [WithBaseURL].
func (a *App) URLFor(r *http.Request, name string, values ...any) (string, error) {
	b, err := a.links()
	if err != nil {
		return "", err
	}
	return b.URLFor(r, name, values...)
}

// errUnbuilt is why there are no URLs yet.
var errUnbuilt = errors.New("fogo: there are no URLs before the application is built: call Build first")

// links is the built application, without the lock that is held while start
// hooks run.
func (a *App) links() (*router.Built, error) {
	if b := a.life.links.Load(); b != nil {
		return b, nil
	}
	return nil, errUnbuilt
}
