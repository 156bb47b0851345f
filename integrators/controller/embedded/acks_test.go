package embedded

import (
	"testing"
	"time"

	"sendim/core/control"
	"sendim/core/model"
)

func TestWhoeverAcknowledgesNothingIsGivenUpAndWhoeverIsSlowIsNot(t *testing.T) {
	const silence = time.Second
	var a acks
	late := func(at time.Duration) bool { return a.overdue(at, silence) != nil }
	if late(time.Hour) {
		t.Error("nothing was asked")
	}
	a.asking(3, time.Hour)
	a.asking(5, time.Hour+3*silence) // it goes on being asked
	if late(time.Hour + 3*silence) {
		t.Error("there is still time")
	}
	if !late(time.Hour + 4*silence) {
		t.Error("the first has not been answered")
	}
	a.acknowledged(3, time.Hour+4*silence)
	if late(time.Hour+7*silence) || !late(time.Hour+8*silence) {
		t.Error("what is answered gives time for what is not")
	}
	a.acknowledged(2, time.Hour+8*silence)
	if !late(time.Hour + 8*silence) {
		t.Error("what was answered long ago is no answer")
	}
	a.acknowledged(5, time.Hour+9*silence)
	if late(2 * time.Hour) {
		t.Error("all is answered")
	}
	a.asking(7, 3*time.Hour)
	if late(3 * time.Hour) {
		t.Error("it was asked just now")
	}
}

func TestWhoeverSaysMuchDoesNotStandBeforeEverybodyElse(t *testing.T) {
	b, loud, large, other := newInbox(), &conn{}, &conn{}, &conn{}
	for range batchMost {
		b.force(arrival{from: loud})
	}
	frame := make([]byte, batchBytes)
	b.force(arrival{large, control.Upcall{Packet: &control.Packet{Bytes: func() []byte { return frame }}}})
	if !b.full(loud) || !b.full(large) || b.full(other) {
		t.Errorf("full for the loud one: %v, for that with large packets: %v, for another: %v", b.full(loud), b.full(large), b.full(other))
	}
	for n := range inboxBytes / batchBytes {
		b.force(arrival{&conn{node: model.NodeID(n)}, control.Upcall{Packet: &control.Packet{Bytes: func() []byte { return frame }}}})
	}
	if !b.full(other) {
		t.Error("there is room for more bytes than may wait")
	}
	b.take(nil)
	if b.full(loud) || b.full(large) || b.full(other) {
		t.Error("what was taken waits")
	}
}
