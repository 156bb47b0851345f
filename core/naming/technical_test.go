package naming

import (
	"testing"

	"pgregory.net/rapid"

	"sendim/core/model"
)

func TestNamesAreAppendedAsTheyAreGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.OneOf(
			rapid.StringMatching(`[sh][0-9]{1,3}`),
			rapid.StringMatching(`[sh][0-9](-eth[0-9])?`),
			rapid.SampledFrom([]string{"lo", "n2", "n2_1", "a.b", "ein-langer-Name", "zehn-Zeich", "neun-Zeic"}),
		), 1, 8, rapid.ID[string]).Draw(t, "ids")
		var nodes []model.Node
		for _, id := range ids {
			nodes = append(nodes, model.Node{Name: id, Kind: model.Switch})
		}
		net := network(t, nodes...)
		names, err := New(net)
		if err != nil {
			t.Fatal(err)
		}
		for i := range net.NodeCount() {
			id := model.NodeID(i)
			if got, want := string(names.AppendTechnical([]byte("x"), id)), "x"+names.Technical(id); got != want {
				t.Errorf("of %q: %q, want %q", net.NodeName(id), got, want)
			}
			for _, port := range []model.PortNo{1, 7, 12, 1234, 60000} {
				if got, want := string(names.AppendInterface([]byte("x"), id, port)), "x"+names.Interface(id, port); got != want {
					t.Errorf("of %q, port %d: %q, want %q", net.NodeName(id), port, got, want)
				}
			}
		}
	})
}
