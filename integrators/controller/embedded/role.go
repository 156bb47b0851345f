package embedded

import (
	"context"
	"fmt"

	"sendim/core/model"
	"sendim/integrators/controller/embedded/wire"
)

type roleAnswer struct {
	role wire.Role
	err  error
}

// Role asks a switch to give this controller a role (section 7.3.9), and returns the one
// it has then. generation orders the claims of several controllers to be master.
func (c *Controller) Role(ctx context.Context, sw model.NodeID, r wire.Role, generation uint64) (wire.Role, error) {
	k := c.get(sw)
	if k == nil {
		return 0, fmt.Errorf("asking %s for a role: %w", c.cfg.Name(sw), ErrNotConnected)
	}
	reply := make(chan roleAnswer, 1)
	k.askMu.Lock()
	if k.gone != nil {
		k.askMu.Unlock()
		return 0, fmt.Errorf("asking for a role: %w", k.gone)
	}
	xid := k.number()
	k.roles[xid] = reply
	k.askMu.Unlock()
	k.out.push(item{raw: wire.RoleRequest(xid, r, generation)})
	select {
	case a := <-reply:
		if a.err != nil {
			return 0, fmt.Errorf("asking %s for a role: %w", c.cfg.Name(sw), a.err)
		}
		return a.role, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("asking %s for a role: %w", c.cfg.Name(sw), ctx.Err())
	}
}

func (a *asks) answerRole(m wire.Message) error {
	role, _, err := wire.DecodeRole(m)
	if err != nil {
		return err
	}
	a.askMu.Lock()
	defer a.askMu.Unlock()
	if reply, ok := a.roles[m.Xid()]; ok {
		delete(a.roles, m.Xid())
		reply <- roleAnswer{role: role}
	}
	return nil
}
