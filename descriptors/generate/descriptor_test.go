package generate_test

import (
	"testing"
	"testing/fstest"

	"sendim/core/model"
	"sendim/descriptors"
)

// TestDefaultsOfSomeNodesKeepWhatAGeneratorSaid: defaults for hosts alone do not take away
// what <generate> says of its links, nor what differs from link to link.
func TestDefaultsOfSomeNodesKeepWhatAGeneratorSaid(t *testing.T) {
	const text = `<system name="a">
  <defaults><link loss="1%"/></defaults>
  <defaults for="type=host"><link queue="7p" delay="9ms"/></defaults>
  <defaults for="s1"><link rate="4Mbps"/></defaults>
  <generate kind="waxman" n="6" alpha="1" beta="100" delay-per-km="5us" spare="1" host-rate="3Mbps"/>
</system>`
	sys, _, err := descriptors.Decode(fstest.MapFS{"a.xml": {Data: []byte(text)}}, descriptors.Options{}, "a.xml")
	if err != nil {
		t.Fatal(err)
	}
	n := sys.Model
	s1, _ := n.NodeByName("s1")
	spares := 0
	for l := range n.Links() {
		want := model.LinkSpec{Loss: 0.01, Delay: l.Spec.Delay, Spare: l.Spec.Spare}
		if l.A.Node == s1 || l.B.Node == s1 {
			want.Rate = 4e6
		}
		if n.NodeKindOf(l.A.Node) == model.Host {
			want.Rate, want.Delay, want.Queue = 3e6, 9*model.Millisecond, model.QueueLimit{Packets: 7}
		} else if l.Spec.Delay == 0 || l.Spec.Delay > 8*model.Millisecond {
			t.Errorf("%s: delay %v", n.LinkName(l.ID), l.Spec.Delay)
		}
		if l.Spec.Spare {
			spares++
		}
		if l.Spec != want || l.Back != want {
			t.Errorf("%s: %+v, want %+v", n.LinkName(l.ID), l.Spec, want)
		}
	}
	if spares < 10 {
		t.Errorf("%d spare links", spares)
	}
}
