package middleware_test

import (
	"testing"

	"github.com/gofogo/fogo/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
