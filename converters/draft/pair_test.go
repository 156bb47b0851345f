package draft

import (
	"testing"

	"sendim/core/model"
)

func TestDirectionsPairUpOneToOneInOrder(t *testing.T) {
	rate := func(r model.Rate) model.LinkSpec { return model.LinkSpec{Rate: r} }
	links := []Link{{ID: "0", A: 0, B: 1, Spec: rate(1)}, {ID: "1", A: 0, B: 1, Spec: rate(2)}, {ID: "2", A: 1, B: 0, Spec: rate(3), Properties: []model.Property{{Name: "w", Value: "9"}}},
		{ID: "3", A: 2, B: 2}, {ID: "4", A: 1, B: 0, Spec: rate(4)}, {ID: "5", A: 2, B: 1}}
	out, oneWay := Pair(links, nil)
	if len(out) != 4 || oneWay != 1 {
		t.Fatalf("%d links, %d one way", len(out), oneWay)
	}
	if out[0].Back.Rate != 3 || out[1].Back.Rate != 4 || out[3].Back != nil {
		t.Errorf("paired otherwise: %+v", out)
	}
	if p := out[0].Properties; len(p) != 2 || p[0].Value != "2" || p[1] != (model.Property{Name: "back.w", Value: "9"}) {
		t.Errorf("properties of the way back: %v", p)
	}
	if out, oneWay := Pair(links, make([]bool, len(links))); len(out) != len(links) || oneWay != 0 {
		t.Errorf("undirected links were paired: %d, %d", len(out), oneWay)
	}
}
