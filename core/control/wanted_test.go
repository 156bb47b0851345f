package control

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/flow"
	"sendim/core/packet"
)

// What is wanted, with rules shared, is what a switch of its own would hold.
func TestSharedRulesAreAsUnsharedOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var shared sharing
		const switches = 3
		var have [switches]wanted
		var want [switches]flow.Switch
		for now := range int64(rapid.IntRange(0, 120).Draw(t, "steps")) {
			i := rapid.IntRange(0, switches-1).Draw(t, "switch")
			if rapid.IntRange(0, 200).Draw(t, "group") == 0 {
				g := &flow.GroupMod{Group: flow.Group{Number: 2, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}}}
				_, a := have[i].ApplyGroup(g, now)
				_, b := want[i].ApplyGroup(g, now)
				if (a == nil) != (b == nil) {
					t.Fatalf("%v, want %v", a, b)
				}
				continue
			}
			m := &flow.RuleMod{Command: rapid.SampledFrom([]flow.ModCommand{flow.Add, flow.Add, flow.Add, flow.DeleteStrict, flow.DeleteStrict,
				flow.Delete, flow.Modify}).Draw(t, "command")}
			if m.Command == flow.Delete && rapid.IntRange(0, 20).Draw(t, "seldom") > 0 {
				m.Command = flow.DeleteStrict
			}
			if m.Command == flow.Modify && rapid.IntRange(0, 20).Draw(t, "seldom") > 0 {
				m.Command = flow.Add
			}
			m.Rule.Table = rapid.SampledFrom([]uint8{0, 0, 0, 1, 0xff}).Draw(t, "table")
			m.Rule.Priority = uint16(rapid.IntRange(1, 2).Draw(t, "priority"))
			m.Rule.Match = flow.Match{}.IPv4To(packet.IPv4(rapid.IntRange(0, 15).Draw(t, "ip")), rapid.SampledFrom([]int{32, 32, 30}).Draw(t, "prefix"))
			m.Rule.Apply = []flow.Action{flow.Out(uint32(rapid.IntRange(0, 2).Draw(t, "port")))} // there is no port 0
			if rapid.IntRange(0, 60).Draw(t, "group") == 0 {
				m.Rule.Apply = []flow.Action{{Type: flow.ToGroup, Arg: 2}}
			}
			m.Rule.Cookie = uint64(rapid.IntRange(0, 1).Draw(t, "cookie"))
			if m.Command != flow.Add && rapid.Bool().Draw(t, "mask") {
				m.CookieMask = 1
			}
			m.Rule.Idle = uint16(rapid.IntRange(0, 1).Draw(t, "idle"))
			m.CheckOverlap = rapid.IntRange(0, 40).Draw(t, "overlap") == 0
			known := false
			mine := m
			if mine, known = shared.of(m); !mine.Identical(m) {
				t.Fatalf("%+v stands for %+v", mine, m)
			}
			gone, err := have[i].ApplyRule(mine, now, known)
			if err == nil && !known {
				shared.keep(m)
			}
			wantGone, wantErr := want[i].ApplyRule(m, now)
			if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
				t.Fatalf("%+v: %v, want %v", m, err, wantErr)
			}
			if len(gone)+len(wantGone) > 0 && !reflect.DeepEqual(gone, wantGone) {
				t.Fatalf("%+v took %+v out, want %+v", m, gone, wantGone)
			}
			for i := range have {
				if got, want := slices.Collect(have[i].Rules(now)), slices.Collect(want[i].Rules(flow.AllTables, now)); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
					t.Fatalf("after %+v switch %d holds\n%+v, want\n%+v", m, i, got, want)
				}
				if have[i].Empty() != (want[i].Len()+len(want[i].Groups()) == 0) {
					t.Fatalf("empty %v", have[i].Empty())
				}
			}
		}
	})
}
