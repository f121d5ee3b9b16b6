package main

import (
	"net/http"
	"testing"

	"github.com/gofogo/fogo/examples/internal/exampletest"
	"github.com/stretchr/testify/assert"
)

func TestHello(t *testing.T) {
	p := exampletest.Start(t, exampletest.Build(t, "."), "-addr", "127.0.0.1:0")
	res, body := exampletest.Do(t, "GET", "http://"+p.Addr+"/hello/you")
	assert.Equal(t, http.StatusOK, res.StatusCode)
	assert.Equal(t, "Hello, you!", body)
	p.Stop()
}
