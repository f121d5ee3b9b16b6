module github.com/gofogo/fogo/middleware/internal/together

go 1.26.0

replace (
	github.com/gofogo/fogo => ../../..
	github.com/gofogo/fogo/middleware/compress => ../../compress
	github.com/gofogo/fogo/middleware/cors => ../../cors
	github.com/gofogo/fogo/middleware/ratelimit => ../../ratelimit
)

require (
	github.com/gofogo/fogo v0.0.0
	github.com/gofogo/fogo/middleware/compress v0.0.0
	github.com/gofogo/fogo/middleware/cors v0.0.0
	github.com/gofogo/fogo/middleware/ratelimit v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/andybalholm/brotli v1.2.8 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/ws v1.5.0 // indirect
	github.com/goccy/go-json v0.12.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/rs/cors v1.11.1 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/time v0.16.0 // indirect
)
