package sim_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"sendim/converters/xsdn"
	"sendim/core/model"
	"sendim/core/random"
	"sendim/core/workload"
)

// TestXSDNsOwnFilesKeepTheTimesOfTheirRoutes runs every flow of xSDN's files alone and
// holds its end against sizes and speeds along the path that it took.
func TestXSDNsOwnFilesKeepTheTimesOfTheirRoutes(t *testing.T) {
	root := os.Getenv("SENDIM_REFERENCE")
	if root == "" {
		t.Skip("SENDIM_REFERENCE does not name a folder of reference files")
	}
	for _, names := range [][]string{{"xsdn-current/network.xml", "xsdn-current/flows.xml"}, {"xsdn-original/network.xml", "xsdn-original/flows.xml"},
		{"xsdn-benchmarking/network_random.xml", "xsdn-benchmarking/flows_random.xml"}} {
		var files []xsdn.File
		for _, name := range names {
			f, err := os.Open(filepath.Join(root, "data", "xsdn-sendim", name))
			if err != nil {
				t.Skip(err)
			}
			defer f.Close()
			files = append(files, xsdn.File{Name: name, Data: f})
		}
		all, err := xsdn.Convert(files)
		if err != nil {
			t.Fatal(err)
		}
		flows := all.Model.Flows
		for _, f := range flows {
			n := *all.Model
			n.Flows = []model.Flow{fluid("warm", f.From, f.To, 0, 1)}
			f.Start += model.Second
			n.Flows = append(n.Flows, f)
			d := newDiary()
			b := start(t, &n, &router{}, d)
			b.run(model.Forever)
			b.close()
			r := d.results()[f.ID]
			want := f.Start.Seconds() + ends(t, &n, &f, r.Path)
			if got := r.Finish.Seconds(); math.Abs(got-want) > 1e-9*want || r.Bytes != r.Offered {
				t.Errorf("%s: %s over %v ended at %.9f, want %.9f", names[1], f.ID, r.Path, got, want)
			}
		}
	}
}

// ends is when the last chunk of a flow that is alone arrives, in seconds after its start.
func ends(t *testing.T, n *model.Network, f *model.Flow, path []string) float64 {
	t.Helper()
	list, err := workload.Chunks(f, random.New(1))
	if err != nil {
		t.Fatal(err)
	}
	var speeds []float64 // bytes a second, of the links between switches
	for i := 1; i+2 < len(path); i++ {
		from, _ := n.NodeByName(path[i])
		to, _ := n.NodeByName(path[i+1])
		for _, a := range n.Arcs(from) {
			if n.ArcTo(a).Node == to {
				speeds = append(speeds, float64(n.ArcSpec(a).Rate)/8)
				break
			}
		}
	}
	free := make([]float64, len(speeds))
	at, last := 0.0, 0.0
	for i, c := range list {
		if i > 0 {
			if c.Strict {
				at = free[0]
			}
			at += c.Gap.Seconds()
		}
		now := at
		for k, speed := range speeds {
			free[k] = max(now, free[k]) + float64(c.Size)/speed
			now = free[k]
		}
		last = max(last, now)
	}
	return last
}
