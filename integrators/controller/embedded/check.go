package embedded

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"sendim/core/control"
	"sendim/integrators/controller/embedded/wire"
)

// checking is when a switch is asked again what it holds, as heard; 0 while it is asked.
type checking struct{ due atomic.Int64 }

// seldom is how many times as long as the answer takes it is at least until the next time:
// switches have other things to do.
const seldom = 20

// await begins to wait for the next time.
func (c *checking) await(now, span time.Duration) { c.due.Store(int64(now + span)) }

// check asks the switch what it holds, where it is time for that. Changes of our own that
// are on their way are the runtime's to know of.
func (w *writer) check(ctx context.Context) error {
	k, span := w.conn, w.owner.cfg.Check
	began := time.Since(w.owner.began)
	if due := k.due.Load(); span == 0 || due == 0 || int64(began) < due || w.owner.cfg.Clock.Stopped() {
		return nil
	}
	k.due.Store(0)
	request, err := k.askParts([]wire.Part{wire.PartRules, wire.PartGroups, wire.PartMeterConfig}, 0, func(a *answer, err error) {
		now := time.Since(k.owner.began)
		k.await(now, max(span, seldom*(now-began)))
		switch {
		case errors.Is(err, ErrNotConnected):
		case err != nil:
			k.owner.warn(k.name(), "what it holds cannot be read: "+err.Error())
		default:
			if !k.owner.cfg.Keep {
				_ = k.expel(a.strange, func(b []byte) error { k.tell(item{raw: b}); return nil })
			}
			k.owner.post(ctx, k, control.Upcall{Kind: control.Holdings, Stats: a.holdings()})
		}
	})
	if err != nil {
		return err
	}
	w.buffer = append(w.buffer, request...)
	return w.flush()
}
