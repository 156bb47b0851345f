package sim_test

import (
	"testing"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
	"sendim/sim/tcp"
)

func TestATransferDoesNotFillTheQueueOfItsOwnHost(t *testing.T) {
	for _, rate := range []model.Rate{2e6, 10e6, 100e6} {
		d := newDiary()
		n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: rate, Queue: model.QueueLimit{Packets: 30}})
		n.Flows = []model.Flow{
			{ID: "there", From: 0, To: 2, Start: model.Second, Duration: 6 * model.Second, Transport: model.TCP},
			{ID: "back", From: 2, To: 0, Start: model.Second, Duration: 6 * model.Second, Transport: model.TCP, SrcPort: 5000},
			udp("udp", 0, 2, 0, 6*model.Second, rate/20),
		}
		b := start(t, n, &router{}, d)
		b.run(model.Forever)
		b.close()
		r := d.results()
		// Beside it go the acknowledgements, 66 bytes for two segments, and the datagrams.
		most := float64(rate) * 1448 / 1514
		full := most * 1514 / (1514 + 33)
		if got := r["there"].Rate; got < 0.90*full || got > most {
			t.Errorf("%v: there %.4g of %.4g", rate, got, full)
		}
		if got := r["back"].Rate; got < 0.95*full || got > most {
			t.Errorf("%v: back %.4g of %.4g", rate, got, full)
		}
		u := r["udp"]
		// At most three segments, or what takes a millisecond, are before it, and the like
		// at the switch if both ends send at once; and acknowledgements.
		longest := 3*rate.TransmissionTime(1514) + model.Millisecond
		if u.Lost != 0 || r["there"].Retransmits+r["back"].Retransmits != 0 || u.LatencyMax > 3*longest {
			t.Errorf("%v: %d datagrams lost, %d and %d segments sent again, a datagram took %v", rate, u.Lost, r["there"].Retransmits, r["back"].Retransmits, u.LatencyMax)
		}
		for _, e := range d.kind(trace.LinkTotal) {
			if e.Sample.Drops > 0 {
				t.Errorf("%v: %d frames dropped", rate, e.Sample.Drops)
			}
		}
	}
}

func TestAHeldTransferOutlivesAnOutage(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 5e6, Delay: 20 * model.Millisecond})
	n.Flows = []model.Flow{{ID: "tcp", From: 0, To: 2, Size: 2_000_000, Transport: model.TCP}}
	b := start(t, n, &router{}, d)
	b.run(model.Second)
	flip := func(k model.ChangeKind) {
		b.do(backend.Action{Change: &model.Change{Kind: k, Link: 0, Node: model.NoNode}})
	}
	flip(model.LinkDown)
	b.run(1500 * model.Millisecond)
	flip(model.LinkUp)
	b.run(model.Forever)
	b.close()
	if r := d.results()["tcp"]; r.Bytes != 2_000_000 || r.Finish > 8*model.Second || r.Error != "" {
		t.Errorf("%+v", r)
	}
}

func TestEveryControlFillsItsOwnLink(t *testing.T) {
	for _, kind := range []tcp.Kind{tcp.NewReno, tcp.Cubic} {
		for _, sack := range []bool{true, false} {
			c := tcp.Default()
			c.Control, c.SACK = kind, sack
			d := newDiary()
			n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 20e6, Delay: 10 * model.Millisecond, Loss: 0.0001})
			n.Flows = []model.Flow{{ID: "a", From: 0, To: 2, Duration: 10 * model.Second, Transport: model.TCP}}
			b := startOn(t, sim.Backend{TCP: c}, n, &router{}, d)
			b.run(model.Forever)
			b.close()
			if r := d.results()["a"]; r.Rate < 0.8*20e6*1448/1514 {
				t.Errorf("%v, SACK %t: %.3g", kind, sack, r.Rate)
			}
		}
	}
}
