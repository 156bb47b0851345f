package job

import (
	"context"
	"strings"
	"testing"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
)

// world can do what it says.
type world []backend.Capability

func (w world) Name() string { return "world" }

func (w world) Capabilities(context.Context, backend.Spec) (backend.Capabilities, error) {
	return backend.Capabilities{Can: w}, nil
}

func (w world) Open(context.Context, backend.Spec, trace.Sink) (backend.Session, error) {
	panic("nothing is to be opened")
}

func TestGranularityIsTheSimulatorsFreedomAndAListOfChunksADemand(t *testing.T) {
	all := world{backend.LinkRate, backend.LinkDelay, backend.LinkQueue, backend.Queues}
	for _, c := range []struct {
		name   string
		world  world
		change func(*model.Flow)
		want   bool
	}{
		{"a real world carries any flow", all, func(f *model.Flow) { f.Granularity = model.GranularityChunk }, true},
		{"but not as if it had another kernel", all, func(f *model.Flow) { f.Transport, f.TCP = model.TCP, "dctcp" }, false},
		{"a simulator has every TCP", append(world{backend.TCPOptions}, all...), func(f *model.Flow) { f.Transport, f.TCP = model.TCP, "dctcp" }, true},
		{"but no list of chunks", all, func(f *model.Flow) { f.Size, f.Chunks = 0, "1,2" }, false},
		{"a simulator that knows no chunks", append(world{backend.VirtualTime}, all...), func(f *model.Flow) { f.Granularity = model.GranularityChunk }, false},
		{"one that does", append(world{backend.VirtualTime, backend.ChunkFlows}, all...), func(f *model.Flow) { f.Size, f.Chunks = 0, "1,2" }, true},
	} {
		j, err := Load(Input{Descriptor: files(t, `<deployment realization="simulation"><system href="net.xml"/></deployment>`)})
		if err != nil {
			t.Fatal(err)
		}
		c.change(&j.Model.Flows[0])
		_, err = Check(t.Context(), j, c.world, nil)
		if refused := fault.Is(err, fault.MissingCapability); refused == c.want || err != nil && !refused || refused && !strings.Contains(err.Error(), "net.xml:6:3") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAWorldWithoutQueuesGoesWithoutClassesAndSaysSo(t *testing.T) {
	for _, c := range []struct {
		name  string
		class model.Class
		world world
		want  bool
	}{
		{"a class with a bound", model.Class{ID: "x", Max: 1e6}, world{backend.LinkRate, backend.LinkDelay, backend.LinkQueue}, true},
		{"a class that goes first", model.Class{ID: "x", Priority: 1}, world{backend.LinkRate, backend.LinkDelay, backend.LinkQueue}, true},
		{"a class that is a name only", model.Class{ID: "x"}, world{backend.LinkRate, backend.LinkDelay, backend.LinkQueue}, false},
		{"a world with queues", model.Class{ID: "x", Max: 1e6}, world{backend.LinkRate, backend.LinkDelay, backend.LinkQueue, backend.Queues}, false},
	} {
		j, err := Load(Input{Descriptor: files(t, `<deployment realization="simulation"><system href="net.xml"/></deployment>`)})
		if err != nil {
			t.Fatal(err)
		}
		j.Model.Classes = []model.Class{c.class}
		j.Model.Flows[0].Class = "x"
		w, err := Check(t.Context(), j, c.world, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if warned := strings.Contains(strings.Join(j.Warnings, "\n"), "goes without queues, which the class of flow"); warned != c.want || (len(w.Without) > 0) != c.want {
			t.Errorf("%s: warnings %q, without %v", c.name, j.Warnings, w.Without)
		}
	}
}
