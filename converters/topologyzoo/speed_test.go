package topologyzoo

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sendim/converters/draft/drafttest"
	"sendim/core/model"
)

func TestSpeedsAreReadOutOfLabels(t *testing.T) {
	p := newSpeeds()
	for _, c := range []struct {
		text string
		rate model.Rate
		how  string
	}{
		{"45 Mbps DS-3", 45e6, ""},
		{"1 Gbit/s", 1e9, ""},
		{"10Gbps", 10e9, ""},
		{"155Mb/s", 155e6, ""},
		{"155mb/s", 155e6, ""},
		{"1gb/s", 1e9, ""},
		{"24 MB/s", 24e6, ""}, // the Zoo itself reads it as bits
		{"155M", 155e6, ""},
		{"2.5G", 2.5e9, ""},
		{"2,5 Gbit/s", 2.5e9, ""},
		{"10G Ethernet", 10e9, ""},
		{"10 GE", 10e9, ", Ethernet rate"},
		{"1GE Primary Link", 1e9, ", Ethernet rate"},
		{"10GbE", 10e9, ", Ethernet rate"},
		{"9600 bps", 9600, ""},
		{"56k", 56e3, ""},
		{"10 Gigabit Ethernet", 10e9, ""},
		{"100 Megabit", 100e6, ""},
		{"GigE", 1e9, ", Ethernet rate"},
		{"Fast Ethernet", 1e8, ", Ethernet rate"},
		{"GigE/FE/ATM", 1e9, ", Ethernet rate, the first of several"},
		{">=1 Gb/s", 1e9, ", a bound"},
		{"<= 10 Mbps backup", 10e6, ", a bound"},
		{"<45Mb", 45e6, ", a bound"},
		{"up to 2 Gbps", 2e9, ", a bound"},
		{"1-2.5 Gb/s", 2.5e9, ", top of a range"},
		{"300M-1Gb/s", 1e9, ", top of a range"},
		{"Dark Fiber (1-10Gbps)", 10e9, ", top of a range"},
		{"34/45 Mbit/s", 45e6, ", top of a range"},
		{"Managed Fiber (10Gbps, 100Mbps)", 10e9, ", the first of several"},
		{"OC192/STM64", 9953_280_000, ", SONET or SDH rate"},
		{"OC-192c", 9953_280_000, ", SONET or SDH rate"},
		{"OC48/STM16", 2488_320_000, ", SONET or SDH rate"},
		{"OC3 and below/STM1", 155_520_000, ", SONET or SDH rate, a bound"},
		{"IPLC STM-1", 155_520_000, ", SONET or SDH rate"},
		{"STM-64x2", 2 * 9953_280_000, ", SONET or SDH rate, multiplied"},
		{"4 x 10G", 40e9, ", multiplied"},
		{"8*GbE", 8e9, ", Ethernet rate, multiplied"},
		{"4*2 Mbps PDH", 8e6, ", multiplied"},
		{"10GEx12", 120e9, ", Ethernet rate, multiplied"},
		{"CANARIE N*10Gbit/s", 10e9, ", a bound"},
		{"2 x E3 (68Mbps)", 68_736_000, ", PDH rate, multiplied"},
		{"internetMCI T3", 44_736_000, ", PDH rate"},
		{"E1", 2_048_000, ", PDH rate"},
		{"DTP-Ring 2.5 Gbit/s", 2.5e9, ""},
		{"Peering, 13 Gbps", 13e9, ""},
		{"72 Lambda ROADM Network", 0, ""},
		{"Completion 2007-2008", 0, ""},
		{"TAT-14", 0, ""},
		{"SeaMeWe-3", 0, ""},
		{"Adria-1", 0, ""},
		{"Yellow", 0, ""},
		{"DWDM", 0, ""},
		{"Ethernet", 0, ""},
		{"FLAG Europe-Asia", 0, ""},
		{"20 km", 0, ""},
		{"100 m", 0, ""},
		{"5 miles", 0, ""},
		{"Dark Fibre", 0, ""},
		{"0 Mbps", 0, ""},
		{"99999999999999999999 Tbps", 0, ""},
		{"liaison ge et fe", 0, ""},
		{"", 0, ""},
	} {
		if got := p.read(c.text); got != (speed{c.rate, c.how}) {
			t.Errorf("%q: %v%s, want %v%s", c.text, got.rate, got.how, c.rate, c.how)
		}
	}
}

// Where the Zoo gives both a label and its own reading of it, ours is the same, but for
// several lines in parallel, of which the Zoo counts one, and rates that it rounds.
func TestLabelsAreReadAsTheZooItselfReadsThem(t *testing.T) {
	files := drafttest.Reference(t, "topology-zoo/gml/*.gml")
	p, same := newSpeeds(), 0
	for _, name := range files {
		g, err := readGML(drafttest.Load(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range g.edges {
			label, raw := take(&e.attrs, "LinkLabel"), take(&e.attrs, "LinkSpeedRaw")
			if raw == "" {
				continue
			}
			zoo, err := strconv.ParseFloat(raw, 64)
			if err != nil {
				t.Fatal(err)
			}
			got := p.read(label)
			switch {
			case float64(got.rate) == zoo:
				same++
			case !strings.Contains(got.how, "multiplied"):
				t.Errorf("%s: %q: %v, the Zoo says %v", filepath.Base(name), label, got.rate, zoo)
			}
		}
	}
	if same < 100 {
		t.Errorf("only %d labels were compared", same)
	}
}
