package sim

import (
	"context"
	"fmt"
	"slices"

	"sendim/core/app"
	"sendim/core/control"
)

// memory is what an app has been told. Apps are pure reactions: one that is told the same
// once more is where the other was, whatever language it is written in and whether or not
// it can save its state.
type memory struct {
	events []app.Event
	forgot bool // there were more than mostRemembered, and nobody had asked for them
}

// mostRemembered bounds the events that are remembered without being asked for; the parts
// of a network of which an app is told count as one each.
const mostRemembered = 1 << 18

// minded is an app whose events are remembered.
type minded struct {
	app.Instance
	memory
	all  bool
	told int // since the start, or since the checkpoint
}

// Handle remembers events that the app has answered.
func (m *minded) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	m.told += len(events)
	for i := range events {
		if t := events[i].Topology; t != nil {
			m.told += len(t.Switches) + len(t.Links) + len(t.Hosts)
		}
	}
	switch {
	case m.forgot:
	case !m.all && m.told > mostRemembered:
		m.events, m.forgot = nil, true
	default:
		m.events = append(m.events, events...)
	}
	return m.Instance.Handle(ctx, events, emit)
}

// mind has the events of an app remembered.
func (s *Session) mind(i app.Instance) *minded { return &minded{Instance: i, all: s.spec.Checkpoints} }

// relaunch starts the apps of a checkpoint, but for those that were lost, and tells them
// what they have been told.
func (s *Session) relaunch(ctx context.Context, r *control.Runtime, told []memory) error {
	list := s.spec.Deployment.Applications
	if len(list) != len(told) {
		return fmt.Errorf("the deployment has %d apps, and the checkpoint %d", len(list), len(told))
	}
	for i, a := range list {
		if r.Lost(i) {
			s.apps = append(s.apps, &minded{Instance: gone{}, memory: told[i]})
			continue
		}
		instance, err := s.spec.StartApp(ctx, a)
		if err != nil {
			return err
		}
		m := s.mind(instance)
		m.memory = memory{events: slices.Clip(told[i].events)}
		s.apps = append(s.apps, m)
		if err := instance.Handle(ctx, m.events, func(int, []app.Command) {}); err != nil {
			return fmt.Errorf("telling app %s again what it was told before the checkpoint: %w", a.Name, err)
		}
	}
	return nil
}

// instances lists the apps for the runtime.
func (s *Session) instances(r *control.Runtime) []app.Instance {
	out := make([]app.Instance, len(s.apps))
	for i, a := range s.apps {
		if !r.Lost(i) {
			out[i] = a
		}
	}
	return out
}

// gone is an app that was lost before the checkpoint.
type gone struct{}

func (gone) Manifest() app.Manifest { return app.Manifest{} }
func (gone) Handle(context.Context, []app.Event, func(int, []app.Command)) error {
	return fmt.Errorf("the app was lost before the checkpoint")
}
func (gone) Save(context.Context) ([]byte, error)  { return nil, nil }
func (gone) Restore(context.Context, []byte) error { return nil }
func (gone) Close() error                          { return nil }
