# The menu. Everything runs on a fresh Debian 12 machine with Go, git and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

LAB  := ./integrators/... ./cmd/... ./examples/...
REST := $(shell go list ./... 2>/dev/null | grep -v -e /integrators/ -e /cmd/ -e /examples)
RACY := ./core/control/... ./plugins/apprpc/... ./integrators/controller/... ./integrators/traffic/...

.PHONY: build demo test lab-test lint race bench bench-peers bench-sim bench-import bench-control generate profile clean

build: ## sendim and the shipped apps, into bin/
	go build -trimpath -pgo $(CURDIR)/cmd/sendim/sendim.pgo -o bin/sendim ./cmd/sendim
	go build -trimpath -o bin/sendim-app-learning-switch ./plugins/learning-switch/plugin
	go build -trimpath -o bin/sendim-app-load-balancer ./plugins/load-balancer/plugin
	go build -trimpath -o bin/sendim-app-shortest-path ./plugins/shortest-path/plugin
	go build -trimpath -o bin/sendim-app-throttle ./plugins/throttle/plugin

demo: build ## the main job on the simulator: no root, no server
	bin/sendim run examples/abilene/simulation.xml

test: build ## every test; installs what they need if root, else skips by name
	scripts/lab-setup.sh || [ -z "$${CI:-}$${SENDIM_LAB:-}" ]
	{ go test -json $(REST) || true; go test -json -p 1 -timeout 20m $(LAB) || true; } | go run ./scripts/testsum # which judges

lab-test: ## the same, but a missing service is a failure
	SENDIM_LAB=1 $(MAKE) test

race: ## what runs concurrently, under the race detector
	go test -race $(RACY)

lint: ## formatting, vet and the scripts
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	go vet ./...
	for s in scripts/*.sh .ci/run; do bash -n $$s; done

# Each benchmark runs in a process of its own, so that its peak memory is its own. Peers
# that are Go modules run along; BENCH_PEERS=all adds what takes gigabytes or minutes.
LARGE     := descriptors:DecodeLarge/links
DECODE    := $(foreach r,peer=encoding-xml peer=etree ours,$(LARGE)=10/$(r)) \
             $(foreach r,peer=encoding-xml $(if $(filter all,$(BENCH_PEERS)),peer=etree) ours,$(LARGE)=100/$(r))
CONVERT   := $(foreach n,10 100,converters/mininet:ConvertLarge/links=$(n))
CONSTRUCT := $(foreach n,10000 100000 1000000,sim:ConstructLarge/nodes=$(n))
PACKETS   := $(foreach k,4 8,sim/hops:PacketHops/k=$(k))
WORKERS   := $(foreach k,8 16,$(foreach n,1 2,sim/hops:Workers/k=$(k)/workers=$(n) sim/hops:Workers/k=$(k)/app/workers=$(n)))
CHUNKS    := $(foreach k,4 8,sim:ChunkHops/k=$(k))
FLOWS     := $(foreach k,8 16,$(foreach n,10000 100000,sim/fluid:FatTree/k=$(k)/flows=$(n))) sim:FlowEvents
EVENTS    := $(foreach n,64000 1000000,sim/des:Hold/pending=$(n)/exponential)
ROUTES    := core/graph:Hops core/graph:Fill core/graph:HopPath core/graph:Forest
APPS      := $(foreach n,process/1 process/256 process/4096 linked/4096,plugins/apprpc:Events/$(n)) \
             $(foreach n,echo/python learning/python learning/go,plugins/python:Events/$(n)/1 plugins/python:Events/$(n)/4096) plugins/python:Launch \
             core/control:PacketInAnsweredByRuleAndPacketOut
BENCH     := go run ./scripts/benchjson -pgo $(CURDIR)/cmd/sendim/sendim.pgo -benchtime $${BENCHTIME:-1s} -repeat $${REPEAT:-1}

bench: ## speed and memory as JSON lines, beside the peers that are Go modules
	$(BENCH) $(DECODE) $(CONVERT) $(CONSTRUCT) $(PACKETS) $(CHUNKS) $(FLOWS) $(EVENTS) $(APPS)

SCALE := $(foreach n,10000/flows=1000 100000/flows=1000 1000000/flows=10000,$(foreach g,flow packet,cmd/sendim:WholeRun/nodes=$(n)/$(g))) \
         $(foreach n,300 1000,cmd/sendim:ProactiveRun/switches=$(n)) sim:Proactive

# What ns-3 and SimGrid answer too, each beside ours; what is not built is left out.
define peered
$(MAKE) --no-print-directory -C scripts/peers >&2; \
	args=(); ours() { args+=("$$1"); }; peer() { if [ -x bin/peers/$${1%% *} ]; then args+=("./bin/peers/$$1"); fi; }; \
	for k in 4 8; do peer "ns3 packets raw $$k"; peer "ns3 packets ip $$k"; ours sim/hops:PacketHops/k=$$k; done; \
	for n in 10000 100000 $(if $(filter all,$(BENCH_PEERS)),1000000); do \
	  peer "ns3 construct $$n"; peer "simgrid construct $$n"; ours sim:ConstructLarge/nodes=$$n; done; \
	for c in 8/10000 8/100000 16/10000 $(if $(filter all,$(BENCH_PEERS)),16/100000); do k=$${c%/*} n=$${c#*/}; \
	  peer "simgrid flows exact $$k $$n"; peer "simgrid flows coarse $$k $$n"; ours sim/fluid:FatTree/k=$$k/flows=$$n; done
endef

bench-peers: ## ours beside ns-3 and SimGrid in one run; needs g++ libns3-dev libsimgrid-dev
	@$(peered); $(BENCH) "$${args[@]}"

bench-sim: ## the simulator beside its peers, workers, routes, descriptors, and whole runs of up to a million nodes
	@$(peered); $(BENCH) "$${args[@]}" $(if $(filter all,$(BENCH_PEERS)),,sim:ConstructLarge/nodes=1000000 sim/fluid:FatTree/k=16/flows=100000) \
	  $(WORKERS) $(CHUNKS) sim:FlowEvents $(EVENTS) $(ROUTES) $(DECODE) $(CONVERT) $(SCALE)

EMULATION := $(foreach n,200 400,$(foreach w,peer=unbatched peer=mininet ours,integrators/emulate:Start/nodes=$(n)/$(w))) \
             $(foreach w,$(if $(filter all,$(BENCH_PEERS)),peer=unbatched) peer=mininet ours,integrators/emulate:Start/nodes=800/$(w)) \
             integrators/emulate:Start/nodes=1800/ours integrators/netns:MakeHosts integrators/netns:OpenClose

bench-emulation: ## the start and end of emulated chains, native beside Mininet; needs root
	SENDIM_LAB=1 $(BENCH) $(EMULATION)

IMPORT := cmd/sendim:Import $(foreach n,10000 100000 1000000,$(foreach k,topology-zoo brite caida,cmd/sendim:ImportLarge/kind=$(k)/nodes=$(n))) \
          $(foreach k,linear leaf-spine fat-tree jellyfish small-world random waxman barabasi-albert,$(foreach n,10000 100000 1000000,cmd/sendim:Generate/kind=$(k)/nodes=$(n)))

bench-import: ## foreign files (SENDIM_REFERENCE names a folder of them) and generated networks, beside networkx
	$(BENCH) $(IMPORT)

CONTROL := $(foreach b,Connect Rules RoundTrips LinkFailure,$(foreach n,50 200 400,integrators/controller/embedded:Many$(b)/switches=$(n))) \
           integrators/controller/embedded:Rules integrators/controller/embedded:RoundTrips/1-under-way integrators/controller/embedded:RoundTrips/64-under-way \
           integrators/controller/embedded:Return/10000-rules \
           $(foreach b,rules trips many-trips,$(foreach v,1.3 1.5,integrators/controller/embedded:Versions/$(b)/OpenFlow-$(v))) \
           $(foreach n,50 200,integrators/serve:ManyFound/switches=$(n)) \
           $(foreach b,PingAll RoundTrips/under-way=1 RoundTrips/under-way=64,$(foreach w,peer=os-ken peer=ovs-testcontroller app-in-a-process ours,integrators/serve:Contrast$(b)/$(w)))

bench-control: ## the embedded controller with hundreds of real switches, and beside other controllers; needs root, Open vSwitch and Mininet
	$(BENCH) $(CONTROL)

generate: ## schemas, the descriptor reference and the wire code
	go test ./descriptors -run Generated -update
	plugins/apprpc/generate.sh
	plugins/python/generate.sh

# What the compiler makes fast. Were it called default.pgo, every go build and go test of
# cmd/sendim would compile all packages a second time for it; so make build and the
# benchmarks name it. An old profile still does: names of functions count, lines hardly.
# Renew it when the simulator's hot path was reworked.
PROFILED := sim/hops:PacketHops/k=4 sim/hops:PacketHops/k=8 sim:ClassedHops sim:ChunkHops/k=4 sim:FlowEvents sim/tcp:Dumbbell sim/fluid:FatTree/k=8/flows=10000

profile: ## the profile by which sendim is compiled, from the simulator's benchmarks; takes a minute on a quiet machine
	folder=$$(mktemp -d); trap 'rm -rf $$folder' EXIT; n=0; \
	for b in $(PROFILED); do n=$$((n+1)); \
	  go test ./$${b%%:*} -pgo=off -run '^$$' -bench "^Benchmark$$(sed 's,/,$$/^,g' <<< "$${b#*:}")$$" -benchtime $${BENCHTIME:-3s} -o $$folder/test -cpuprofile $$folder/$$n.prof; done; \
	go tool pprof -proto $$folder/*.prof > cmd/sendim/sendim.pgo

clean:
	rm -rf bin runs
