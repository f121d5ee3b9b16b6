package main

import "testing"

// TestBuild proves every route, without a database.
func TestBuild(t *testing.T) {
	app := NewApp(Config{})
	if err := app.Build(); err != nil {
		t.Fatal(err)
	}
	for _, w := range app.Warnings() {
		t.Error(w)
	}
	if testing.Verbose() {
		for _, r := range app.Routes() {
			if r.Program != nil {
				t.Log("\n" + r.Program.Explain())
			}
		}
	}
}
