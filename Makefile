# The same targets run locally and in .ci/run.

.PHONY: all fmt vet lint test race nested arches words32 kqueue differential cover bench fuzz

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
	go test -race -timeout 20m $$(go list ./... | grep -v internal/pattern)
	go test -race -short ./internal/pattern

# nested runs the tests of the nested modules: foreign clients and browsers.
NESTED := $(patsubst %/go.mod,%,$(shell git ls-files '*/go.mod'))
nested:
	@for m in $(NESTED); do echo "== $$m"; (cd $$m && go test ./...) || exit 1; done

# arches runs the tests of calls by words on other architectures, under qemu-user.
ARCHES ?= arm64:aarch64 riscv64:riscv64
arches:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && for a in $(ARCHES); do \
		echo "== $${a%%:*}"; \
		GOARCH=$${a%%:*} CGO_ENABLED=0 go test -c -o "$$dir/frame.test" ./internal/frame && \
		(cd internal/frame && qemu-$${a##*:}-static "$$dir/frame.test" -test.short -frame.n=2000) || exit 1; \
	done

# words32 runs the tests where words have 32 bits: as 386, or as arm under qemu-user on kernels that run no 386.
WORDS32 = ./internal/... ./inject ./resolve/... ./endpoint ./router
words32:
	GOARCH=386 go vet ./...
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	GOARCH=386 CGO_ENABLED=0 go test -c -o "$$dir/a.test" ./internal/funcinfo && \
	if (cd internal/funcinfo && "$$dir/a.test" >/dev/null 2>&1); then \
		GOARCH=386 CGO_ENABLED=0 go test $(WORDS32); \
	else \
		echo "== arm"; GOARCH=arm CGO_ENABLED=0 go test -short -exec qemu-arm-static $(WORDS32); \
	fi

# kqueue runs the poller of macOS and the BSDs, and what stands on it, over a model of kqueue(2) on Linux,
# and checks that all of them compile.
BSDS ?= darwin dragonfly freebsd netbsd openbsd
kqueue:
	go vet -tags fogo_kqueue ./internal/poll
	go test -race -tags fogo_kqueue -short ./internal/poll
	go test -tags fogo_kqueue ./internal/poll ./ws
	go test -tags fogo_kqueue -run 'Socket|Connection|Disconnect|Drain|Shutdown' ./endpoint
	@for s in $(BSDS); do echo "== $$s"; \
		GOOS=$$s CGO_ENABLED=0 go vet ./internal/poll ./ws || exit 1; done

# differential runs 52,000 random signatures against reflect.MakeFunc, in
# processes of 4,000: types made by reflection are never freed.
differential:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && go test -c -o "$$dir/frame.test" ./internal/frame && \
	for i in $$(seq 0 12); do "$$dir/frame.test" -test.run Agree -frame.n=4000 -frame.seed=$$((100+4*i)) || exit 1; done

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
