package sim_test

import (
	"bytes"
	"testing"

	"sendim/converters/flowlist"
	"sendim/core/backend"
	"sendim/core/model"
)

// What a capture of a run is read as is what the run was asked to carry, losses and what
// is sent again notwithstanding, and a run of that carries it once more.
func TestACaptureOfARunIsItsTraffic(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-h2", "s1-h3"}, model.LinkSpec{Rate: 20e6, Delay: 2 * model.Millisecond, Loss: 0.01})
	flow := func(id string, from, to model.NodeID, start model.Time, f model.Flow) model.Flow {
		f.ID, f.From, f.To, f.Start, f.SrcPort, f.DstPort = id, from, to, start, uint16(3000+len(n.Flows)), uint16(4000+len(n.Flows))
		if f.Granularity == model.GranularityAuto {
			f.Granularity = model.GranularityPacket
		}
		n.Flows = append(n.Flows, f)
		return f
	}
	h1, _ := n.NodeByName("h1")
	h2, _ := n.NodeByName("h2")
	h3, _ := n.NodeByName("h3")
	flow("bulk", h1, h2, 0, model.Flow{Transport: model.TCP, Size: 3_000_000})
	flow("back", h3, h1, model.Second, model.Flow{Transport: model.TCP, Size: 70_001})
	flow("mix", h1, h3, 500*model.Millisecond, model.Flow{Transport: model.UDP, Rate: 1e6, Size: 250_000, Pattern: "poisson packets=imix"})
	var file bytes.Buffer
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.do(backend.Action{Capture: &backend.Capture{At: model.Endpoint{Node: h1, Port: 0}, Writer: &file}})
	b.run(model.Forever)
	b.close()
	want := map[uint16]int64{}
	for i := range n.Flows {
		want[n.Flows[i].DstPort] = d.results()[n.Flows[i].ID].Offered
	}
	l, err := flowlist.Read(bytes.NewReader(file.Bytes()), flowlist.Options{Name: "run.pcap"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Resolve(n, flowlist.Mapping{Others: flowlist.Refuse}).Err(); err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range l.Flows {
		f := &l.Flows[i]
		if size, ok := want[f.DstPort]; ok {
			found++
			if int64(f.Size) != size {
				t.Errorf("port %d: %d bytes are read, %d were sent", f.DstPort, f.Size, size)
			}
			if f.From == f.To || n.NodeName(f.From)[0] != 'h' {
				t.Errorf("port %d: from %s", f.DstPort, n.NodeName(f.From))
			}
		}
	}
	if found != 3 || len(l.Flows) != 3 {
		t.Fatalf("%d flows, %d of them known", len(l.Flows), found)
	}
	again := *n
	again.Flows = l.Flows
	if err := again.Validate(nil).Err(); err != nil {
		t.Fatal(err)
	}
	d = newDiary()
	b = start(t, &again, &router{}, d)
	b.run(model.Forever)
	b.close()
	for id, r := range d.results() {
		if r.Offered != want[r.Asked.DstPort] || r.Error != "" {
			t.Errorf("%s: %+v", id, r)
		}
	}
}
