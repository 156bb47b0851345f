# The menu. Everything runs on a fresh Debian 12 machine with Go, git and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

LAB  := ./integrators/... ./cmd/... ./examples/...
REST := $(shell go list ./... 2>/dev/null | grep -v -e /integrators/ -e /cmd/ -e /examples)
RACY := ./core/control/... ./plugins/apprpc/... ./integrators/controller/... ./integrators/traffic/...

.PHONY: build demo test lab-test lint race bench generate clean

build: ## sendim and the shipped apps, into bin/
	go build -trimpath -o bin/sendim ./cmd/sendim
	go build -trimpath -o bin/sendim-app-learning-switch ./plugins/learning-switch/plugin
	go build -trimpath -o bin/sendim-app-shortest-path ./plugins/shortest-path/plugin

demo: build ## the main job on the simulator: no root, no server
	bin/sendim run examples/abilene/simulation.xml

test: build ## every test; installs what they need if root, else skips by name
	scripts/lab-setup.sh || [ -z "$${CI:-}$${SENDIM_LAB:-}" ]
	{ go test -json $(REST) || true; go test -json -p 1 $(LAB) || true; } | go run ./scripts/testsum # which judges

lab-test: ## the same, but a missing service is a failure
	SENDIM_LAB=1 $(MAKE) test

race: ## what runs concurrently, under the race detector
	go test -race $(RACY)

lint: ## formatting, vet and the scripts
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	go vet ./...
	for s in scripts/*.sh .ci/run; do bash -n $$s; done

# Each benchmark runs in a process of its own, so that its peak memory is its own.
BENCHES := descriptors:DecodeLarge converters/mininet:ConvertLarge sim:Construct sim:PacketHops sim:FlowEvents \
           sim/fluid:FatTree sim/des:Hold plugins/apprpc:Events core/control:Runtime

bench: ## speed and memory as JSON lines, beside the peers where one is at hand
	for b in $(BENCHES); do \
	  go test -run '^$$' -bench "Benchmark$${b#*:}" -benchtime $${BENCHTIME:-1s} -benchmem "./$${b%%:*}" | go run ./scripts/benchjson; \
	done

generate: ## schemas, the descriptor reference and the wire code
	go test ./descriptors -run 'Schema|Reference' -update
	plugins/apprpc/generate.sh

clean:
	rm -rf bin runs
