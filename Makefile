# The same targets run locally and in .ci/run.

.PHONY: all fmt vet lint test race nested cover bench fuzz

all: fmt vet test

# fmt fails if a file is not formatted; it changes nothing.
fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not formatted:"; echo "$$out"; exit 1; }

vet:
	go vet ./...
	@for m in $(NESTED); do (cd $$m && go vet ./...) || exit 1; done

lint:
	golangci-lint run ./...

test:
	go test ./...

race:
	go test -race ./...

# nested runs the tests of the nested modules: foreign clients and browsers.
NESTED := $(patsubst %/go.mod,%,$(shell git ls-files '*/go.mod'))
nested:
	@for m in $(NESTED); do echo "== $$m"; (cd $$m && go test ./...) || exit 1; done

cover:
	go test -coverpkg=./... -coverprofile=cover.out ./... && go tool cover -func=cover.out | tail -1

bench:
	go test -run '^$$' -bench . -benchmem ./...

# fuzz runs every fuzz target for a short time.
fuzz:
	@for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz); do \
			echo "== $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-10s} $$p || exit 1; \
		done; \
	done
