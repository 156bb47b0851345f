package wire_test

import (
	"testing"

	"sendim/core/flow"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

// TestWhatASwitchGivesAsAReasonIsAlwaysAWordThatAppsKnow: who cannot write a word down for an
// app loses the app, for the sake of one switch.
func TestWhatASwitchGivesAsAReasonIsAlwaysAWordThatAppsKnow(t *testing.T) {
	anyMatch := []byte{0, 1, 0, 4, 0, 0, 0, 0}
	for _, d := range []wire.Dialect{wire.V13{}, wire.V15{}} {
		for n := range 256 {
			in := append(make([]byte, 16), 0, 1, 0, 12, 0x80, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)
			in[6] = byte(n)
			p, err := d.DecodePacketIn(wiretest.Message(d.Version(), wire.TypePacketIn, 0, in))
			if err != nil || p.Reason > flow.ReasonInvalidTTL || n <= int(flow.ReasonInvalidTTL) && int(p.Reason) != n {
				t.Errorf("OpenFlow %s: a packet-in for reason %d is for %s, %v", d.Version(), n, p.Reason, err)
			}
			gone := append(make([]byte, 40), anyMatch...)
			at := 10
			if d.Version() == wire.Version15 {
				gone, at = append(append(make([]byte, 16), anyMatch...), 0, 0, 0, 4, 0, 0, 0, 0), 1
			}
			gone[at] = byte(n)
			r, _, err := d.DecodeFlowRemoved(wiretest.Message(d.Version(), wire.TypeFlowRemoved, 0, gone))
			if err != nil || r.Reason > flow.RemovedMeter || n <= int(flow.RemovedMeter) && int(r.Reason) != n {
				t.Errorf("OpenFlow %s: a rule that ended for reason %d did for %s, %v", d.Version(), n, r.Reason, err)
			}
			group := []byte{0, 8, byte(n), 0, 0, 0, 0, 7}
			if d.Version() == wire.Version15 {
				group = []byte{0, 16, byte(n), 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0}
			}
			known, foreign, err := d.DecodeGroups(group)
			switch {
			case err != nil || len(known)+len(foreign) != 1:
				t.Errorf("OpenFlow %s: a group of type %d: %v %v %v", d.Version(), n, known, foreign, err)
			case n > int(flow.FastFailover) && len(known) > 0, n <= int(flow.FastFailover) && len(foreign) > 0:
				t.Errorf("OpenFlow %s: a group of type %d: known %v, a stranger's %v", d.Version(), n, known, foreign)
			}
		}
	}
}
