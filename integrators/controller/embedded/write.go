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
	w := writer{conn: k, buffer: make([]byte, 0, chunk+wire.MaxMessage)}
	tick := time.NewTicker(k.owner.cfg.Echo / 2)
	defer tick.Stop()
	var spare []item
	for {
		select {
		case <-k.out.signal:
			items := k.out.take(spare)
			for i := range items {
				if err := w.put(ctx, &items[i]); err != nil {
					k.end(err)
					return
				}
				items[i] = item{}
			}
			if err := w.flush(); err != nil {
				k.end(err)
				return
			}
			spare = items
			k.out.written()
		case <-tick.C:
			err := w.keepAlive()
			if err == nil {
				err = w.letGo()
			}
			if err != nil {
				k.end(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

type writer struct {
	*conn
	buffer []byte

	bundles, failures int  // bundles taken and refused
	lacking           bool // of bundles
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
			w.owner.post(ctx, w.conn, control.Upcall{Kind: control.Refusal, Xid: it.down.Xid, Reason: err.Error()})
			return nil
		}
	}
	if w.buffer = append(w.buffer, b...); len(w.buffer) >= chunk {
		return w.flush()
	}
	return nil
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

// askFor asks for statistics on the runtime's behalf.
func (w *writer) askFor(ctx context.Context, d *control.Downcall) ([]byte, error) {
	k, xid := w.conn, d.Xid
	return k.ask(*d.Stats, func(a *answer, err error) {
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
