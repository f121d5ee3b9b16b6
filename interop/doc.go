// Package interop has tests only: views of package endpoint, served by
// net/http, talk with clients that others wrote. They are github.com/gorilla/websocket
// and github.com/coder/websocket, the package ws of Node.js, and a browser. And
// applications stand behind a real nginx: absolute URLs, addresses of clients,
// WebSockets, streams, the drain, and what debug mode must not show.
//
// Node.js, the browser and nginx are looked for in the PATH. Where one is missing
// its test is skipped, unless FOGO_INTEROP=require is set in the environment.
//
// It is a module of its own, so that these clients are nobody's dependencies.
package interop
