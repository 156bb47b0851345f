package emulate_test

import (
	"path/filepath"
	"testing"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/integrators/emulate"
)

// Cutting a switch's control channel and giving it back is tried as well: it must come
// back over TLS.
func TestSwitchesAndControllerSpeakTLSWhereAsked(t *testing.T) {
	lab(t)
	for _, b := range []emulate.Backend{{}, {Native: true}} {
		t.Run(b.Name(), func(t *testing.T) {
			n := wire(t, "s1 s2", "h1 s1", "h2 s2")
			d := apps("shortest-path")
			d.Control.TLS = true
			l := open(t, b, n, d)
			if l.ping("h1", "h2") != 2 {
				t.Error("no ping")
			}
			if made, _ := filepath.Glob(filepath.Join(l.dir, "tls", "*.pem")); len(made) != 3 {
				t.Errorf("certificates in the run's directory: %v", made)
			}
			before := l.tables()
			for _, kind := range []model.ChangeKind{model.ControlDown, model.ControlUp} {
				if o := l.do(backend.Action{Change: &model.Change{Kind: kind, Node: node(t, n, "s1")}}); o.Err != nil {
					t.Fatal(o.Err)
				}
			}
			l.comesTo(before)
		})
	}
}
