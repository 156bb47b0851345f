package app

import (
	"context"
	"testing"

	"sendim/core/model"
)

// wordy answers an event with many commands and asks for the acknowledgement of each.
type wordy struct{ commands int }

func (wordy) Manifest() Manifest { return Manifest{Name: "wordy", Tables: 1} }
func (w wordy) React(_ *Event, out *Commands) {
	for range w.commands {
		out.After("t", model.Second)
		out.Acknowledge()
	}
}

func TestALongAnswerComesInPieces(t *testing.T) {
	const commands = 3*spillMost + 1
	next, last, pieces := uint64(1), 0, 0
	err := Local(wordy{commands}).Handle(context.Background(), make([]Event, 2), func(event int, some []Command) {
		if event < last || len(some) == 0 || len(some) > spillMost {
			t.Fatalf("%d commands for event %d after event %d", len(some), event, last)
		}
		last = event
		pieces++
		for _, c := range some {
			if c.ID != next || !c.Ack {
				t.Fatalf("command %d, acknowledged %v; want command %d", c.ID, c.Ack, next)
			}
			next++
		}
	})
	if err != nil || next != 2*commands+1 || pieces != 8 {
		t.Errorf("%v after %d commands in %d pieces", err, next-1, pieces)
	}
}
