// Package browser tests the pages of the examples in a browser. It is a module
// of its own, so that nobody else needs what drives one.
//
// The tests are skipped where there is no Chromium, unless FOGO_BROWSER is
// "require". SHOTS names the directory for the screenshots.
package browser
