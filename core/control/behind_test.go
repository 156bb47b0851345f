package control_test

import (
	"slices"
	"testing"

	"sendim/core/app"
	"sendim/core/model"
)

// Several hosts at one port are joined by something external: apps are told of each of
// them, at that port, and are not told of what joins them.
func TestHostsBehindOnePortAreToldOfOneByOne(t *testing.T) {
	a := &scripted{manifest: app.Manifest{Services: []app.Service{app.ServiceARP, app.ServiceFlood}}}
	d := newDesk(t, network(t, "s1 s2", "h1 s1"), a)
	d.connect(-5*ms, "s1", "s2")
	d.react(0)
	if err := d.r.Start(0); err != nil {
		t.Fatal(err)
	}
	d.barriers(d.react(1))
	d.react(9 * ms)
	hub := model.Edit{Kind: model.AddNode, Node: "x1", NodeKind: model.External}
	for i, c := range []struct {
		edits []model.Edit
		hears []string
	}{
		{[]model.Edit{hub, tie("s2", "x1"), plus("h2"), tie("x1", "h2"), plus("h3"), tie("x1", "h3")},
			[]string{"port s2:2 up=true", "host h2 at s2:2 up=true gone=false", "host h3 at s2:2 up=true gone=false"}},
		{[]model.Edit{plus("h4"), tie("x1", "h4")}, []string{"host h4 at s2:2 up=true gone=false"}},
		{[]model.Edit{minus("h3")}, []string{"host h3 at s2:2 up=true gone=true"}},
		{[]model.Edit{untie("x1", "h2"), tie("s1", "h2")}, []string{"host h2 at s1:3 up=false gone=false", "port s1:3 up=true", "host h2 at s1:3 up=true gone=false"}},
	} {
		a.seen = nil
		at := model.Time(10*(i+1)) * ms
		d.edit(at, false, c.edits...)
		d.react(at + ms)
		got, want := a.heard(d.net), slices.Clone(c.hears)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("after edit %d the app heard %q\nnot %q", i+1, got, want)
		}
	}
}
