package control

import (
	"fmt"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/freeze"
	"sendim/core/trace"
)

// Freezing adds to a plan how a Runtime is written into a checkpoint: all of it, but for
// what only a living process has, which Thawed gives back.
func Freezing(p *freeze.Plan) {
	freeze.Hold[*Runtime](p)
	freeze.Hold[Named](p)
	freeze.Hold[*flow.RuleMod](p)
	freeze.Hold[*flow.GroupMod](p)
	freeze.Hold[*flow.MeterMod](p)
	freeze.Mixed[sent](p, "what")
	freeze.Skip[Runtime](p, "delays", "a function of the world's; Thawed")
	freeze.Skip[diary](p, "sink", "the reader of the diary is another one; Thawed")
	freeze.Skip[diary](p, "page", "scratch of one entry; Thawed")
	freeze.Skip[Runtime](p, "spare", "room for plants to come")
	freeze.Skip[Application](p, "Instance", "the app is started anew; Thawed")
	freeze.Skip[Packet](p, "Bytes", "worlds that have checkpoints give a Framer")
}

// Lost says whether the i-th app is lost, so that nobody need start it again.
func (r *Runtime) Lost(i int) bool { return r.apps[i].lost != nil }

// Thawed gives a Runtime that was read from a checkpoint what it lacks. There is an
// instance for each app, in the order of their tables; nil for one that is lost.
func (r *Runtime) Thawed(instances []app.Instance, delays Delays, sink trace.Sink) error {
	if len(instances) != len(r.apps) {
		return fmt.Errorf("control: %d apps are there for the %d of the checkpoint", len(instances), len(r.apps))
	}
	for i, a := range r.apps {
		a.Instance = instances[i]
		if a.Instance == nil {
			continue
		}
		if m := a.Instance.Manifest(); m.Name != a.manifest.Name || m.Version != a.manifest.Version || m.Tables != a.manifest.Tables {
			return fmt.Errorf("control: app %s is now %s %s with %d tables, and was %s %s with %d at the checkpoint",
				a.Name, m.Name, m.Version, m.Tables, a.manifest.Name, a.manifest.Version, a.manifest.Tables)
		}
	}
	r.delays, r.diary = delays, newDiary(sink, r.net)
	return nil
}
