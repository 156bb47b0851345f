package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sendim/core/model"
	"sendim/integrators/controller/embedded/wire"
)

// office is the part that this controller has among several: at every switch that is
// there and at every one that comes.
type office struct {
	officeMu   sync.Mutex
	part       wire.Role // Equal, Master or Slave
	generation uint64
}

func (o *office) now() (wire.Role, uint64) {
	o.officeMu.Lock()
	defer o.officeMu.Unlock()
	return o.part, o.generation
}

func (o *office) set(part wire.Role, generation uint64) {
	o.officeMu.Lock()
	defer o.officeMu.Unlock()
	o.part, o.generation = part, generation
}

// Lead makes this controller the master of every switch that is there and of every one
// that comes (section 6.3.6): the others become slaves there, and switches that it kept
// standing by are read, repaired and served. generation orders the claims of several
// controllers; whoever elects a leader counts it up. A switch that has seen a newer one
// refuses, which is an error with ErrSuperseded; it is kept standing by.
func (c *Controller) Lead(ctx context.Context, generation uint64) error {
	c.set(wire.RoleMaster, generation)
	var errs []error
	for _, k := range c.all() {
		if _, err := k.claim(ctx, wire.RoleMaster, generation); err != nil && !errors.Is(err, ErrNotConnected) {
			errs = append(errs, fmt.Errorf("leading %s: %w", c.cfg.Name(k.node), err))
		}
	}
	return errors.Join(errs...)
}

// Yield makes this controller stand by: its switches are lost to its runtime, keep what
// they hold, and dial again to be kept as a slave keeps them, until Lead.
func (c *Controller) Yield() {
	_, generation := c.now()
	c.set(wire.RoleSlave, generation)
	for _, k := range c.all() {
		if c.get(k.node) == k {
			k.end(errors.New("this controller stands by from now on"))
		}
	}
}

// all lists the connections of switches that have said who they are, by node.
func (r *registry) all() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*conn, 0, len(r.conns))
	for _, k := range r.conns {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *conn) int { return int(a.node) - int(b.node) })
	return out
}

// assume takes the controller's part at a switch, and returns when it is one that gives
// orders. Until then the switch is only kept alive.
func (k *conn) assume() error {
	part, generation := k.owner.now()
	if part == wire.RoleEqual { // as every connection begins
		return nil
	}
	if part == wire.RoleMaster {
		k.request(wire.RoleMaster, generation, nil)
	} else {
		k.request(wire.RoleNoChange, 0, nil) // whose answer says what generation to be a slave with
	}
	for {
		m, err := wire.Read(k.read)
		if err != nil {
			return err
		}
		k.heard.Store(int64(time.Since(k.owner.began)))
		if err := k.agreed(m); err != nil {
			return err
		}
		switch m.Type() {
		case wire.TypeEchoRequest:
			k.tell(item{raw: wire.EchoReply(m)})
		case wire.TypeRoleReply:
			if err := k.answerRole(m); err != nil {
				return err
			}
			role, seen, err := wire.DecodeRole(m)
			switch {
			case err != nil:
				return err
			case role == wire.RoleMaster:
				return nil
			case role == wire.RoleEqual:
				if seen == wire.NoGeneration {
					seen = 0
				}
				k.request(wire.RoleSlave, seen, nil)
			}
		case wire.TypeError:
			r, err := wire.DecodeError(m)
			if err != nil {
				return err
			}
			if k.refuse(r); r.Stale() {
				k.owner.warn(k.name(), "another controller leads it by a newer generation; this one stands by")
				k.request(wire.RoleNoChange, 0, nil)
			}
		}
	}
}

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
	role, err := k.claim(ctx, r, generation)
	if err != nil {
		return 0, fmt.Errorf("asking %s for a role: %w", c.cfg.Name(sw), err)
	}
	return role, nil
}

// claim asks for a role and waits for the answer.
func (k *conn) claim(ctx context.Context, r wire.Role, generation uint64) (wire.Role, error) {
	reply := make(chan roleAnswer, 1)
	k.request(r, generation, reply)
	select {
	case a := <-reply:
		return a.role, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// request asks for a role; reply, where somebody waits, has room for the answer.
func (k *conn) request(r wire.Role, generation uint64, reply chan<- roleAnswer) {
	k.askMu.Lock()
	if k.gone != nil {
		k.askMu.Unlock()
		if reply != nil {
			reply <- roleAnswer{err: k.gone}
		}
		return
	}
	xid := k.number()
	if reply != nil {
		k.roles[xid] = reply
	}
	k.askMu.Unlock()
	k.tell(item{raw: wire.RoleRequest(k.speaks.Version(), xid, r, generation)})
}

func claimError(r wire.Refusal) error {
	if r.Stale() {
		return fmt.Errorf("%w, by a newer generation", ErrSuperseded)
	}
	return errors.New(r.Reason())
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
