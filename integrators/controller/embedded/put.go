package embedded

import (
	"fmt"

	"sendim/core/flow"
	"sendim/core/model"
)

// Put gives a switch rules that the runtime knows nothing of: it wants what it wanted
// before. It does not wait; Ask, called after it, does. What the switch minds about them,
// it says in the diary.
func (c *Controller) Put(sw model.NodeID, mods []flow.RuleMod) error {
	wrong := func(err error) error {
		return fmt.Errorf("changing rules of %s: %w", c.cfg.Name(sw), err)
	}
	k := c.get(sw)
	if k == nil {
		return wrong(ErrNotConnected)
	}
	var raw []byte
	for i := range mods {
		k.askMu.Lock()
		xid := k.number()
		k.askMu.Unlock()
		b, err := k.speaks.RuleMod(xid, &mods[i])
		if err != nil {
			return wrong(err)
		}
		raw = append(raw, b...)
		if len(raw) >= chunk || i == len(mods)-1 {
			k.tell(item{raw: raw})
			raw = nil
		}
	}
	return nil
}
