module github.com/gofogo/fogo/middleware/cors

go 1.26.0

require (
	github.com/rs/cors v1.11.1
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
