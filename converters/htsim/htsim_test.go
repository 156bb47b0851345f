package htsim

import (
	"testing"

	"sendim/converters/draft"
	"sendim/core/model"
)

const small = "# two tiers\nNodes 32\nTiers 2\nPodsize 32\n\nTier 0\nDownlink_speed_Gbps 100\nRadix_Down 8\nRadix_Up 2\nDownlink_Latency_ns 1000\nSwitch_Latency_ns 0\nOversubscribed 4\n\n" +
	"Tier 1\nDownlink_speed_Gbps 100\nRadix_Down 4\nDownlink_Latency_ns 1000\nSwitch_Latency_ns 500"

const pods = "Nodes 16\nTiers 3\nPodsize 4\nTier 0\nDownlink_speed_Gbps 10\nRadix_Down 2\nRadix_Up 2\nDownlink_Latency_ns 1\nTier 1\nDownlink_speed_Gbps 10\nRadix_Down 2\nRadix_Up 2\nDownlink_Latency_ns 1\nTier 2\nDownlink_speed_Gbps 10\nRadix_Down 4\nDownlink_Latency_ns 1\n"

func read(t *testing.T, text string) *draft.Network {
	t.Helper()
	f := draft.File{Name: "x.topo", Data: []byte(text)}
	if !Is(f) {
		t.Fatal("not recognised")
	}
	n, err := Read([]draft.File{f})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTwoTiersAreALeafSpine(t *testing.T) {
	n := read(t, small)
	// 32 hosts, 4 leaves of 8 hosts with 2 ports up, 2 spines.
	if len(n.Nodes) != 32+4+2 || len(n.Links) != 32+4*2 {
		t.Fatalf("%d nodes, %d links", len(n.Nodes), len(n.Links))
	}
	if got := n.Links[32].Spec; got != (model.LinkSpec{Rate: 100e9, Delay: 1500 * model.Nanosecond}) {
		t.Errorf("a link to a spine is %+v", got)
	}
}

func TestThreeTiersAreAFatTree(t *testing.T) {
	n := read(t, pods)
	if len(n.Nodes) != 16+8+8+4 || len(n.Links) != 48 {
		t.Fatalf("%d nodes, %d links", len(n.Nodes), len(n.Links))
	}
	ports := make([]int, len(n.Nodes))
	for _, l := range n.Links {
		ports[l.A]++
		ports[l.B]++
	}
	for i, p := range ports[16:] {
		if p != 4 {
			t.Errorf("switch %s has %d ports", n.Nodes[16+i].ID, p)
		}
	}
}

func TestRemarksAndSizesOfQueuesAreTaken(t *testing.T) {
	n := read(t, "# one switch\nnodes 4 # hosts\ntiers 2\npodsize 4\ntier 0\ndownlink_speed_gbps 10\nradix_down 4\nradix_up 1\ndownlink_latency_ns 1 # a short wire\noversubscribed 4\nqueue_down 7\nqueue_up 9\n"+
		"tier 1\ndownlink_speed_gbps 10\nradix_down 1\ndownlink_latency_ns 1\n")
	if len(n.Nodes) != 6 || len(n.Links) != 5 || len(n.Notes) != 1 {
		t.Fatalf("%+v", n)
	}
	if down, up := n.Links[0].Properties, n.Links[4].Properties; len(down) != 1 || down[0].Value != "7" || len(up) != 1 || up[0].Value != "9" {
		t.Errorf("the links say %v and %v", down, up)
	}
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		"Nodes 1000000000\nTiers 3\nPodsize 4\n":               "x: Nodes is 1000000000; 1 to 131072 are allowed [out-of-range]\nx: there is no Tier 0 [out-of-range]\nx: there is no Tier 1 [out-of-range]\nx: there is no Tier 2 [out-of-range]",
		"Nodes 16\nTiers 2\nPodsize 16\nTier 0\nRadix_Dwn 3\n": "x:5: a tier has no \"Radix_Dwn\"; did you mean \"radix_down\"? [unknown-attribute]",
		"Nodes x\nTiers 2\nPodsize 16\n":                       "x:1: Nodes: \"x\" is not a whole number from 0 to 1073741824 [bad-number]",
	} {
		if _, err := Read([]draft.File{{Name: "x", Data: []byte(text)}}); err == nil || err.Error() != want {
			t.Errorf("%q gives %v", text, err)
		}
	}
}
