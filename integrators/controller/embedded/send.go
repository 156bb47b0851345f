package embedded

import (
	"fmt"

	"sendim/core/flow"
	"sendim/core/model"
)

// Send has a switch send a packet that no app asked for. It does not wait: what the switch
// minds about it, it says in the diary.
func (c *Controller) Send(sw model.NodeID, p *flow.PacketOut) error {
	wrong := func(err error) error {
		return fmt.Errorf("sending a packet by %s: %w", c.cfg.Name(sw), err)
	}
	k := c.get(sw)
	if k == nil {
		return wrong(ErrNotConnected)
	}
	k.askMu.Lock()
	xid := k.number()
	k.askMu.Unlock()
	b, err := k.speaks.PacketOut(xid, p)
	if err != nil {
		return wrong(err)
	}
	k.tell(item{raw: b})
	return nil
}
