package fogo_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
)

// Note is what the example keeps.
type Note struct {
	ID   NoteID `json:"id"`
	Text string `json:"text"`
}

// NoteID takes {note_id} by its name.
type NoteID int

// Notes is a service with a provider.
type Notes struct{ byID map[NoteID]string }

func newNotes() *Notes { return &Notes{byID: map[NoteID]string{1: "buy milk"}} }

func getNote(notes *Notes, id NoteID) (Note, error) {
	text, ok := notes.byID[id]
	if !ok {
		return Note{}, endpoint.NewError(404, "There is no such note.")
	}
	return Note{id, text}, nil
}

func putNote(notes *Notes, id NoteID, body resolve.Body[Note]) Note {
	notes.byID[id] = body.Value.Text
	return Note{id, body.Value.Text}
}

func Example() {
	app := fogo.New()
	app.Provide(inject.Singleton, newNotes)
	app.Get("/notes/{note_id}", getNote)
	app.Put("/notes/{note_id}", putNote)

	for _, r := range [][3]string{
		{"GET", "/notes/1"}, {"PUT", "/notes/2", `{"text":"sleep"}`}, {"GET", "/notes/3"},
	} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest(r[0], r[1], strings.NewReader(r[2])))
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 {"id":1,"text":"buy milk"}
	// 200 {"id":2,"text":"sleep"}
	// 404 {"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such note."}
}

func ExampleApp_Build() {
	app := fogo.New()
	app.Get("/notes/{note_id}", getNote) // and no provider of *Notes
	err := app.Build()
	for _, p := range inject.Problems(err) {
		fmt.Println(p.Rows[0].Type, p.Rows[0].Source)
		fmt.Println(p.Faults[0])
	}
	// Output:
	// *fogo_test.Notes ???
	// parameter 1: nothing provides "*fogo_test.Notes": register a provider, Provide(lifetime, func() *fogo_test.Notes { … })
}
