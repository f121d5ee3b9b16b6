module github.com/gofogo/fogo/resolve/cbor

go 1.26.0

replace github.com/gofogo/fogo => ../..

require (
	github.com/fxamacker/cbor/v2 v2.9.6
	github.com/gofogo/fogo v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/ws v1.5.0 // indirect
	github.com/goccy/go-json v0.12.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
