package sim_test

import (
	"testing"

	"sendim/core/model"
)

// A flow of 125,000 bytes over two links of 10 Mbit/s lasts 0.1 s to the picosecond where
// nobody has to ask for an address.
func TestHostsThatKnowEachOtherDoNotAsk(t *testing.T) {
	for _, c := range []struct {
		name  string
		knows bool
		want  model.Time
	}{
		{"asking first takes an ARP exchange", false, 100*model.Millisecond + 4*33600*model.Nanosecond},
		{"known addresses take none", true, 100 * model.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDiary()
			n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 10e6})
			n.StaticARP = c.knows
			n.Flows = append(n.Flows, fluid("f", 0, 2, 0, 125_000))
			b := start(t, n, &router{}, d)
			b.run(model.Forever)
			b.close()
			r := d.results()["f"]
			if got := r.Finish - r.Start; got != c.want && c.knows || !c.knows && got <= 100*model.Millisecond {
				t.Errorf("took %s, want %s", got, c.want)
			}
		})
	}
}
