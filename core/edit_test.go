package core

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/core/trace"
)

func host(name string) model.Edit {
	return model.Edit{Kind: model.AddNode, Node: name, NodeKind: model.Host}
}

func joined(a, b string) model.Edit {
	return model.Edit{Kind: model.AddLink, A: model.LinkEnd{Node: a, Port: model.AutoPort}, B: model.LinkEnd{Node: b, Port: model.AutoPort}}
}

func removed(name string) model.Edit { return model.Edit{Kind: model.DelNode, Node: name} }

// edited runs the pair and edits it at some moments.
func edited(t *testing.T, at map[model.Time][]model.Edit, more ...Stop) *Result {
	t.Helper()
	s := spec(load(t, pair, "x", "refuse"), t.TempDir())
	for when, edits := range at {
		s.Stops = append(s.Stops, Stop{At: when, Do: func(w *World) error { return w.Edit(t.Context(), edits) }})
	}
	s.Stops = append(s.Stops, more...)
	slices.SortStableFunc(s.Stops, func(a, b Stop) int { return int(a.At - b.At) })
	r, err := Run(t.Context(), s, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Manifest.State != report.Finished {
		t.Errorf("the run is %s", r.Manifest.State)
	}
	return r
}

func TestARunWhoseHostIsRemovedSaysWhatBecameOfWhatNeededIt(t *testing.T) {
	r := edited(t, map[model.Time][]model.Edit{500 * model.Millisecond: {removed("h2"), host("h3"), joined("h3", "s1")}})
	if f := r.Flows[0]; f.Error != "h2 was removed" || f.Received == 0 {
		t.Errorf("the flow: %+v", f.FlowResult)
	}
	want := []string{"a step of the scenario at 1s is left out: link-down: h2--s1 was removed", "a step of the scenario at 3s is left out: link-up: h2--s1 was removed"}
	for _, text := range want {
		if !strings.Contains(file(t, filepath.Join(r.Dir, "trace.jsonl")), text) {
			t.Errorf("the diary does not say: %s", text)
		}
	}
	if v := r.Tests[0]; !v.Passed || v.Measured != "2 of 2 pairs answered" {
		t.Errorf("h1 and h3: %+v", v)
	}
	var names []string
	for _, n := range r.Topology.Nodes {
		names = append(names, n.Name)
	}
	if got := strings.Join(names, " "); got != "s1 h1 h3" || len(r.Topology.Links) != 2 || r.Topology.Links[1].B != 0 || r.Topology.Links[1].A != 2 {
		t.Errorf("drawn are %s and %+v", got, r.Topology.Links)
	}
}

func TestACaptureAtALinkThatIsRemovedEndsAndKeepsWhatItSaw(t *testing.T) {
	begin := Stop{At: 100 * model.Millisecond, Do: func(w *World) error {
		h2, _ := w.Model.NodeByName("h2")
		_, err := w.Captures.Start(t.Context(), w, backend.Capture{At: model.Endpoint{Node: h2}}, "")
		return err
	}}
	var ports []string
	r := edited(t, map[model.Time][]model.Edit{500 * model.Millisecond: {removed("h2")}}, begin,
		Stop{At: 600 * model.Millisecond, Do: func(w *World) error { ports, _ = w.Captures.List(); return nil }})
	if len(ports) > 0 {
		t.Errorf("captured are still %v", ports)
	}
	if b := file(t, filepath.Join(r.Dir, "captures", "h2-0.pcap")); len(b) < 1000 {
		t.Errorf("the file has %d bytes", len(b))
	}
}

func TestARunGoesOnFromACheckpointOfAnEditedNetwork(t *testing.T) {
	edits := map[model.Time][]model.Edit{300 * model.Millisecond: {host("h3"), joined("h3", "s1")}, 700 * model.Millisecond: {removed("h3"), host("h3"), joined("h3", "s1")}}
	whole := edited(t, edits)
	var b bytes.Buffer
	edited(t, edits, Stop{At: 700 * model.Millisecond, Do: func(w *World) error { return w.Checkpoint(&b) }}) // the apps have not heard of it yet
	cp, err := ReadCheckpoint(&b)
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := cp.Job.Model.NodeByName("h3"); !ok || id != 4 {
		t.Fatalf("h3 is node %d", id)
	}
	s := spec(cp.Job, t.TempDir())
	s.From = cp
	rest, err := Run(t.Context(), s, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(file(t, filepath.Join(whole.Dir, "trace.jsonl")), "\n")
	if got := file(t, filepath.Join(rest.Dir, "trace.jsonl")); got != strings.Join(lines[cp.Entries:], "") {
		t.Error("the diary differs")
	}
	if rest.Manifest.Digest != whole.Manifest.Digest {
		t.Error("the digests differ")
	}
	if len(rest.Tests) == 0 || !rest.Tests[0].Passed || rest.Tests[0].Measured != "6 of 6 pairs answered" {
		t.Errorf("%+v", rest.Tests)
	}
}

func TestTimeGoesBackBeforeAnEditAndThatIsUndone(t *testing.T) {
	got := interactive(t, func(ctx context.Context, w *World) error {
		if err := w.Mark(); err != nil {
			return err
		}
		before := w.Model
		for _, step := range []func() error{
			func() error { return w.To(ctx, 500*model.Millisecond) },
			func() error { return w.Edit(ctx, []model.Edit{host("h3"), joined("h3", "s1")}) },
			w.Mark,
			func() error { return w.To(ctx, 900*model.Millisecond) },
			func() error { _, err := w.Seek(ctx, 700*model.Millisecond); return err },
			func() error {
				if _, ok := w.Model.NodeByName("h3"); !ok {
					t.Error("after the edit h3 is not there")
				}
				_, err := w.Seek(ctx, 200*model.Millisecond)
				return err
			},
		} {
			if err := step(); err != nil {
				return err
			}
		}
		if _, ok := w.Model.NodeByName("h3"); ok || w.Model.NodeCount() != before.NodeCount() {
			t.Error("before the edit h3 is there")
		}
		return w.To(ctx, 2500*model.Millisecond)
	})
	want := interactive(t, func(ctx context.Context, w *World) error { return w.To(ctx, 2500*model.Millisecond) })
	if got != want {
		t.Error("the diary of a run whose edit was undone differs from one without")
	}
}

func TestWhatAnEditCannotBeIsSaidAndChangesNothing(t *testing.T) {
	interactive(t, func(ctx context.Context, w *World) error {
		before := w.Model
		for name, c := range map[string]struct {
			edit model.Edit
			code fault.Code
		}{
			"a host that is there":       {host("h1"), fault.DuplicateID},
			"an address that is counted": {model.Edit{Kind: model.AddNode, Node: "h9", NodeKind: model.Host, Identity: model.Identity{IP: 10<<24 | 1, Prefix: 8}}, fault.AddressTaken},
			"an outside":                 {model.Edit{Kind: model.AddNode, Node: "x9", NodeKind: model.External}, fault.MissingCapability},
		} {
			if err := w.Edit(ctx, []model.Edit{host("h8"), c.edit}); !fault.Is(err, c.code) || w.Model != before {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.Capabilities.Can = slices.DeleteFunc(slices.Clone(w.Capabilities.Can), func(c backend.Capability) bool { return c == backend.LiveChange })
		if err := w.Edit(ctx, []model.Edit{host("h8")}); !fault.Is(err, fault.MissingCapability) || !strings.Contains(err.Error(), "(live-change)") {
			t.Error(err)
		}
		return nil
	})
}

func TestEditsAreInTheDiary(t *testing.T) {
	r := edited(t, map[model.Time][]model.Edit{2200 * model.Millisecond: {host("h3"), joined("h3", "s1"), removed("h1")}})
	var said []string
	for _, line := range strings.Split(file(t, filepath.Join(r.Dir, "trace.jsonl")), "\n") {
		if strings.Contains(line, `"kind":"`+string(trace.ChangeStep)+`"`) {
			said = append(said, line)
		}
	}
	want := `{"at":2200000000000,"kind":"change","link":"h1--s1","text":"link between h1:0 and s1:1","reason":"removed"}
{"at":2200000000000,"kind":"change","node":"h1","text":"host","reason":"removed"}
{"at":2200000000000,"kind":"change","node":"h3","text":"host","reason":"added"}
{"at":2200000000000,"kind":"change","link":"h3--s1","text":"link between h3:0 and s1:3","reason":"added"}`
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("the diary says\n%s", got)
	}
}
