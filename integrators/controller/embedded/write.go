package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"sendim/core/control"
	"sendim/integrators/controller/embedded/wire"
)

// chunk is how much is written at once.
const chunk = 64 << 10

// write encodes what waits and writes it, and keeps the connection alive, until the
// connection ends.
func (k *conn) write(ctx context.Context) {
	tick := time.NewTicker(k.owner.cfg.Echo / 2)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-k.out.signal:
			err = k.writeAll(ctx)
		case <-tick.C:
			err = k.lookAfter(ctx)
		case <-ctx.Done():
			return
		}
		if err != nil {
			k.end(err)
			return
		}
	}
}

func (k *conn) writeAll(ctx context.Context) error {
	k.pen.Lock()
	defer k.pen.Unlock()
	w := &k.writer
	if err := w.flush(); err != nil { // what dash could not get rid of
		return err
	}
	items := k.out.take(w.spare)
	for i := range items {
		if err := w.put(ctx, &items[i]); err != nil {
			return err
		}
		items[i] = item{}
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.spare = items
	k.out.written()
	return nil
}

func (k *conn) lookAfter(ctx context.Context) error {
	k.pen.Lock()
	defer k.pen.Unlock()
	if err := k.writer.keepAlive(); err != nil {
		return err
	}
	if err := k.writer.check(ctx); err != nil {
		return err
	}
	return k.writer.letGo()
}

// dash writes what waits at once, without waking the writer; false where that is for the
// writer to do: it is at it, or it is much, or the line does not take it without waiting.
// The desk's.
func (k *conn) dash(ctx context.Context) bool {
	if k.writer.line == nil || !k.pen.TryLock() {
		return false
	}
	defer k.pen.Unlock()
	w := &k.writer
	if len(w.buffer) > 0 {
		return false
	}
	items, ok := k.out.little(w.spare)
	if !ok {
		return false
	}
	w.atDesk = true
	for i := range items {
		_ = w.put(ctx, &items[i]) // only what flush finds can be wrong with it
		items[i] = item{}
	}
	w.spare, w.atDesk = items, false
	if len(w.buffer) == 0 {
		k.out.written()
		return true
	}
	n := w.line.write(w.buffer)
	w.buffer = append(w.buffer[:0], w.buffer[n:]...)
	if len(w.buffer) > 0 {
		return false
	}
	k.out.written()
	return true
}

// writer is the state of whoever has the pen.
type writer struct {
	*conn
	buffer []byte
	spare  []item

	atDesk bool  // it is the desk that writes
	line   *line // nil where bytes go through TLS

	bundles, failures int  // bundles taken and refused
	lacking           bool // of bundles
}

// ready makes a connection's writer, when what it writes to is known.
func (k *conn) ready() {
	w := &k.writer
	w.conn, w.buffer = k, make([]byte, 0, 1<<10)
	w.line = lineOf(k.net)
}

func (w *writer) flush() error {
	if len(w.buffer) == 0 {
		return nil
	}
	err := w.say(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}

// say writes to the switch at once: the writer's way, and that of those before it.
func (k *conn) say(b []byte) error {
	if err := k.net.SetWriteDeadline(time.Now().Add(k.owner.cfg.Silence)); err != nil {
		return err
	}
	_, err := k.net.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it has taken nothing for %v", k.owner.cfg.Silence)
	}
	return err
}

// silence says that a switch has said nothing for too long, where that is the error.
func (k *conn) silence(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it has said nothing for %v", k.owner.cfg.Silence)
	}
	return err
}

func (w *writer) keepAlive() error {
	if w.owner.cfg.Clock.Stopped() { // the network stands still, and may be silent
		w.heard.Store(int64(time.Since(w.owner.began)))
		w.waited.Store(int64(time.Since(w.owner.began)))
		return nil
	}
	if err := w.overdue(time.Since(w.owner.began), w.owner.cfg.Silence); err != nil {
		return err
	}
	silent := time.Since(w.owner.began) - time.Duration(w.heard.Load())
	switch {
	case silent >= w.owner.cfg.Silence:
		return fmt.Errorf("it has said nothing for %v", silent.Round(time.Millisecond))
	case silent >= w.owner.cfg.Echo:
		w.buffer = append(w.buffer, wire.EchoRequest(w.speaks.Version(), own)...)
		return w.flush()
	}
	return nil
}

// put appends one item to the buffer. What cannot be written is refused in the switch's
// stead; only a broken connection is an error.
func (w *writer) put(ctx context.Context, it *item) error {
	if it.bundle != nil {
		return w.putBundle(ctx, it.bundle)
	}
	b := it.raw
	if b == nil {
		var err error
		w.newest.Store(max(w.newest.Load(), it.down.Xid))
		if it.down.Kind == control.LimitPort { // in order with what the switch gets itself
			if err = w.flush(); err != nil {
				return err
			}
		}
		if b, err = w.encode(ctx, &it.down); err != nil {
			w.refuse(ctx, control.Upcall{Kind: control.Refusal, Xid: it.down.Xid, Reason: err.Error()})
			return nil
		}
	}
	if w.buffer = append(w.buffer, b...); len(w.buffer) >= chunk && !w.atDesk {
		return w.flush()
	}
	return nil
}

// refuse answers in the switch's stead.
func (w *writer) refuse(ctx context.Context, u control.Upcall) {
	if !w.atDesk {
		w.owner.post(ctx, w.conn, u)
		return
	}
	u.Switch, u.At = w.node, w.owner.cfg.Clock.Elapsed()
	w.owner.inbox.force(arrival{w.conn, u})
}

func (w *writer) encode(ctx context.Context, d *control.Downcall) ([]byte, error) {
	xid := short(d.Xid)
	switch {
	case d.Kind == control.ModRule && d.Rule != nil:
		return w.speaks.RuleMod(xid, d.Rule)
	case d.Kind == control.ModGroup && d.Group != nil:
		return w.speaks.GroupMod(xid, d.Group)
	case d.Kind == control.ModMeter && d.Meter != nil:
		return w.speaks.MeterMod(xid, d.Meter)
	case d.Kind == control.SendPacket && d.Packet != nil:
		return w.sendPacket(d)
	case d.Kind == control.Barrier:
		w.asking(d.Xid, time.Since(w.owner.began))
		return wire.BarrierRequest(w.speaks.Version(), xid), nil
	case d.Kind == control.AskStats && d.Stats != nil:
		return w.askFor(ctx, d)
	case d.Kind == control.LimitPort && d.Port != nil:
		if w.owner.cfg.LimitPort == nil {
			return nil, errors.New("this world cannot limit a port")
		}
		return nil, w.owner.cfg.LimitPort(ctx, w.node, *d.Port)
	}
	return nil, fmt.Errorf("there is no downcall of kind %d, or it lacks its part", d.Kind)
}

// statsMost is how many bytes of statistics an app is told at once, some two hundred
// thousand rules: what does not fit into a message to it would lose it, and its rules are
// what a switch says that they are.
const statsMost = 16 << 20

// askFor asks for statistics on the runtime's behalf.
func (w *writer) askFor(ctx context.Context, d *control.Downcall) ([]byte, error) {
	k, xid := w.conn, d.Xid
	return k.ask(*d.Stats, statsMost, func(a *answer, err error) {
		if errors.Is(err, ErrNotConnected) {
			return // the runtime hears of the loss itself
		}
		if err != nil {
			k.owner.post(ctx, k, control.Upcall{Kind: control.Refusal, Xid: xid, Reason: err.Error()})
			return
		}
		k.owner.post(ctx, k, control.Upcall{Kind: control.StatsReply, Xid: xid, Stats: &a.stats})
	})
}
