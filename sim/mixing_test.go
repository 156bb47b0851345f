package sim_test

import (
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
)

// Fluid flows see no frames, and frames keep a tenth: so beside fluid flows that take all of
// a link, the link carries 110 %. Frames that waited when those came leave at the rate that
// they were given when they came to the queue, which is the whole link's: in the interval
// in which that happens there are as many more bytes as the queue holds.
func TestALinkCarriesMoreThanItsRateByWhatFramesKeepAndByWhatWaitedWhenAFluidCame(t *testing.T) {
	const rate, size, room, interval = 10e6, 1000, 50, 100 * model.Millisecond // room is for 40 ms
	n := sketch(t, []string{"h1-s1", "h2-s1", "h3-s1", "s2-h4", "s2-h5", "s1-s2"}, model.LinkSpec{Rate: rate, Delay: model.Microsecond,
		Queue: model.QueueLimit{Packets: room}}, func(n *model.Network) {
		node := func(name string) model.NodeID { id, _ := n.NodeByName(name); return id }
		water := fluid("water", node("h3"), node("h5"), 1050*model.Millisecond, 0)
		water.Duration = 2 * model.Second
		n.Flows = []model.Flow{udp("flood", node("h1"), node("h4"), 0, 4*model.Second, 8e6), udp("flood too", node("h2"), node("h4"), 0, 4*model.Second, 8e6), water}
		n.Flows[1].SrcPort = 2001
		n.Watches = []model.Watch{{Series: model.SeriesLinks, Links: "s1--s2", Sample: interval}}
	})
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.run(5 * model.Second)
	b.close()
	full := rate / 8 * interval.Seconds()
	first, later := 0.0, 0.0
	for _, e := range d.kind(trace.LinkSample) {
		if e.Sample.From != "s1" {
			continue
		}
		share := float64(e.Sample.Bytes) / full
		switch {
		case e.At <= 1000*model.Millisecond:
			if share > 1.02 {
				t.Errorf("at %s the link has carried %.1f %% without fluid flows", e.At, 100*share)
			}
		case e.At <= 1200*model.Millisecond:
			first = max(first, share)
		case e.At <= 3000*model.Millisecond:
			later = max(later, share)
		}
	}
	if most := 1.1 + room*size/full + 0.02; first < 1.15 || first > most {
		t.Errorf("in the interval in which the fluid came the link carried %.1f %%, no more than %.1f %% are to be expected", 100*first, 100*most)
	}
	if later < 1.08 || later > 1.12 {
		t.Errorf("afterwards the link carried up to %.1f %%, not 110 %%", 100*later)
	}
}
