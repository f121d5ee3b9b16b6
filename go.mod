module github.com/gofogo/fogo

go 1.26.0

require (
	github.com/gobwas/ws v1.5.0
	github.com/goccy/go-json v0.12.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
