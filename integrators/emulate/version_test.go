package emulate_test

import (
	"context"
	"testing"

	"sendim/core/backend"
	"sendim/core/backend/backendtest"
	"sendim/core/change"
	"sendim/core/trace"
	"sendim/integrators/emulate"
)

// older is an emulation whose deployments all ask for OpenFlow 1.3, though there is 1.5.
type older struct{ emulate.Backend }

func (b older) Open(ctx context.Context, spec backend.Spec, sink trace.Sink) (backend.Session, error) {
	s, err := b.Backend.Open(ctx, spec, sink)
	if err != nil {
		return nil, err
	}
	return olderSession{s}, nil
}

type olderSession struct{ backend.Session }

func (s olderSession) Apply(ctx context.Context, c *change.Changeset, progress func(step, done int)) error {
	of := *c
	if of.New.Deployment != nil {
		d := *of.New.Deployment
		d.Control.OpenFlow = "1.3"
		of.New.Deployment = &d
	}
	return s.Session.Apply(ctx, &of, progress)
}

func TestTheNativeEmulationSitsTheExamInOpenFlow13(t *testing.T) {
	lab(t)
	backendtest.RunAsBuilt(t, older{emulate.Backend{Native: true}})
}

// What the apps want comes out the same on switches that are spoken with in either version.
func TestTablesAreTheSameInBothVersions(t *testing.T) {
	lab(t)
	inBothAtOnce(t, func(t *testing.T, b emulate.Backend) {
		n := wire(t, "s1 s2", "s2 s3", "s3 s1", "h1 s1", "h2 s2", "h3 s3")
		var tables []string
		for _, version := range []string{"", "1.3", "1.5"} {
			t.Run("OpenFlow-"+version, func(t *testing.T) {
				d := apps("shortest-path")
				d.Control.OpenFlow = version
				l := open(t, b, n, d)
				if l.ping("h1", "h3") != 2 {
					t.Error("no ping")
				}
				tables = append(tables, l.tables())
			})
		}
		if len(tables) != 3 || tables[1] != tables[0] || tables[2] != tables[0] {
			t.Errorf("tables by version: %q", tables)
		}
	})
}
