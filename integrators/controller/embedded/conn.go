package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/embedded/wire"
)

// conn is one switch on the line.
type conn struct {
	owner *Controller
	net   net.Conn
	read  *bufio.Reader
	out   *queue

	dpid uint64
	node model.NodeID
	// announced is the registry's.
	announced bool

	heard   atomic.Int64  // nanoseconds from owner's start to the last message
	newest  atomic.Uint64 // the newest of the runtime's xids on the line
	dropped atomic.Int64  // packet-ins, since the queue was last short
	ended   chan struct{}
	asks
	bundling
	kept
	acks
	checking

	pen    sync.Mutex // of whoever writes
	writer writer
	// batch is the reader's: what has been read and not been handed on.
	batch   []arrival
	batched int        // bytes
	stamp   model.Time // of the newest of them
	// What of it waits in the inbox. The inbox's.
	waiting, waitingBytes int
	early                 int // what it has said before the apps were started; the desk's
	// The desk's.
	touched bool
	owed    owed

	fail sync.Once
	why  error
}

// How much is read at once, of whoever dials and of a switch that has said who it is: the
// former may be thousands that never say anything.
const (
	strangerReads = 4 << 10
	switchReads   = 64 << 10
)

// serve is the whole life of a connection.
func (c *Controller) serve(run context.Context, nc net.Conn) {
	var from io.Reader = nc
	if l := lineOf(nc); l != nil {
		from = l
	}
	k := &conn{owner: c, net: nc, read: bufio.NewReaderSize(from, 64<<10), node: model.NoNode, ended: make(chan struct{}), asks: newAsks(c.budget)}
	k.out = newQueue(c.cfg.Limit, func() { k.end(fmt.Errorf("it is more than %d messages or %d bytes behind", c.cfg.Limit, limitBytes)) })
	defer close(k.ended)
	ctx, cancel := context.WithCancel(run)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	defer nc.Close()

	err := k.secure(ctx)
	var ports []flow.PortState
	if err == nil {
		ports, err = k.greet()
	}
	if err != nil {
		// Who hangs up without a word has looked whether anybody listens, as Mininet does.
		if ctx.Err() == nil && !(k.speaks == nil && errors.Is(err, io.EOF)) {
			c.refuse(k, err)
		}
		return
	}
	k.read = bufio.NewReaderSize(k.read, switchReads)
	for old := c.enter(k); old != nil; old = c.enter(k) {
		if old.alive(ctx) {
			c.refuse(k, fmt.Errorf("datapath id %#x is that of the switch at %s, which answers", k.dpid, old.net.RemoteAddr()))
			return
		}
		old.end(errors.New("it has connected anew"))
		select {
		case <-old.ended:
		case <-ctx.Done():
			return
		}
	}
	var wg sync.WaitGroup
	k.ready()
	wg.Go(func() { k.write(ctx) })
	found, err := k.takeOver()
	if err != nil {
		k.end(err) // where the writer has not found a better reason
		cancel()
		wg.Wait()
		k.abandon(fmt.Errorf("%s: %w", c.cfg.Name(k.node), ErrNotConnected))
		if run.Err() == nil && !hungUp(k.why) {
			c.warn(k.name(), "connection lost before it has said what it holds: "+k.why.Error())
		}
		c.leave(k)
		return
	}
	c.post(ctx, k, control.Upcall{Kind: control.SwitchConnected, Ports: ports, Stats: found.held})
	for _, u := range found.then {
		c.post(ctx, k, u)
	}
	c.announce(k)
	k.await(time.Since(c.began), c.cfg.Check)
	found = survey{}
	k.end(k.listen(ctx))
	cancel()
	wg.Wait()
	k.abandon(fmt.Errorf("%s: %w", c.cfg.Name(k.node), ErrNotConnected))
	if run.Err() == nil && !hungUp(k.why) && !errors.Is(k.why, errDismissed) {
		c.warn(k.name(), "connection lost: "+k.why.Error())
	}
	// In this order: whoever takes this one's place waits until the loss is told.
	c.post(run, k, control.Upcall{Kind: control.SwitchLost})
	c.leave(k)
}

// hungUp says that the switch has ended its connection by itself. With something unread in
// its socket that is a reset, and no fault.
func hungUp(why error) bool {
	return errors.Is(why, io.EOF) || errors.Is(why, syscall.ECONNRESET) || errors.Is(why, syscall.EPIPE)
}

func (c *Controller) refuse(k *conn, why error) {
	who := k.name()
	if who == "" {
		who, _, _ = net.SplitHostPort(k.net.RemoteAddr().String())
	}
	c.warnOf(who, k.name(), fmt.Sprintf("connection from %s refused: %v", k.net.RemoteAddr(), why))
}

// takeOver waits until this controller may command the switch, and asks what it holds.
func (k *conn) takeOver() (survey, error) {
	if k.dismissed() {
		return survey{}, errDismissed
	}
	if err := k.assume(); err != nil {
		return survey{}, err
	}
	return k.survey()
}

// end closes the connection; the first reason stays.
func (k *conn) end(why error) {
	k.fail.Do(func() {
		k.why = why
		k.net.Close()
	})
}

func (k *conn) name() string {
	if k.node == model.NoNode {
		return ""
	}
	return k.owner.cfg.Name(k.node)
}

// listen reads messages until the connection ends. What has come together is handed on
// together.
func (k *conn) listen(ctx context.Context) error {
	for {
		m, err := wire.Read(k.read)
		if err != nil {
			return err
		}
		if m.Type() == wire.TypeMultipartReply { // what it answers is told by somebody else: in its turn
			k.deliver(ctx)
		}
		// The library's panics are caught where it is called; this is for our own. The runtime
		// and its apps are nowhere in it: what they get wrong must not look like a switch's fault.
		if err := wire.Guard("message", func() error { return k.hear(ctx, m) }); err != nil {
			k.deliver(ctx)
			return err
		}
		if k.batched += len(m); len(k.batch) >= batchMost || k.batched >= batchBytes || !wire.Whole(k.read) {
			k.heard.Store(int64(time.Since(k.owner.began)))
			k.deliver(ctx)
		}
	}
}

// arrived is when a message has come: of those that came together one after the other, so
// that their order stays.
func (k *conn) arrived() model.Time {
	if k.stamp += model.Nanosecond; len(k.batch) == 0 {
		if now := k.owner.cfg.Clock.Elapsed(); k.stamp < now || k.stamp > now+batchMost*model.Nanosecond { // the clock was started anew
			k.stamp = now
		}
	}
	return k.stamp
}

// batchMost is how many messages are handed on together at most, and batchBytes about how
// many bytes.
const (
	batchMost  = 256
	batchBytes = 1 << 20
)

// deliver hands on what was read.
func (k *conn) deliver(ctx context.Context) {
	if len(k.batch) == 0 {
		return
	}
	k.owner.inbox.put(ctx, k.batch...)
	clear(k.batch)
	k.batch, k.batched = k.batch[:0], 0
	k.owner.desk.work()
}

// hear takes one message. An error ends the connection.
func (k *conn) hear(ctx context.Context, m wire.Message) error {
	if err := k.agreed(m); err != nil {
		return err
	}
	post := func(u control.Upcall) {
		u.Switch, u.At = k.node, k.arrived()
		k.batch = append(k.batch, arrival{k, u})
	}
	switch m.Type() {
	case wire.TypeEchoRequest:
		k.tell(item{raw: wire.EchoReply(m)})
		return nil
	case wire.TypePacketIn:
		p, err := k.speaks.DecodePacketIn(m)
		if err != nil {
			return err
		}
		behind := k.behind()
		if k.keep(&p, !behind); behind {
			return nil
		}
		h, _, _ := packet.Decode(p.Frame) // the layers that can be read are there all the same
		frame := p.Frame
		post(control.Upcall{Kind: control.PacketIn, Packet: &control.Packet{
			InPort: p.InPort, Table: p.Table, Reason: p.Reason, Cookie: p.Cookie, Header: h, Length: p.Length, Bytes: func() []byte { return frame }}})
		return nil
	}
	return k.understand(m, post)
}

// tell has the writer say something.
func (k *conn) tell(it item) {
	k.out.push(it)
	k.out.ring()
}

// agreed checks that a message is of the version that was agreed on.
func (k *conn) agreed(m wire.Message) error {
	if want := k.speaks.Version(); m.Version() != want {
		return &wire.Error{What: "header", Why: fmt.Sprintf("has version %d after version %d was agreed on", m.Version(), want)}
	}
	return nil
}

// understand takes what is neither an echo nor a packet.
func (k *conn) understand(m wire.Message, post func(control.Upcall)) error {
	switch m.Type() {
	case wire.TypeFlowRemoved:
		r, _, err := k.speaks.DecodeFlowRemoved(m)
		if err != nil {
			return err
		}
		post(control.Upcall{Kind: control.RuleRemoved, Removed: &control.Removed{Rule: r.Rule, Reason: r.Reason, Counters: r.Counters, Age: r.Age}})
	case wire.TypePortStatus:
		p, _, err := k.speaks.DecodePortStatus(m)
		if err != nil {
			return err
		}
		if p.Port <= flow.PortMax {
			post(control.Upcall{Kind: control.PortStatus, Ports: []flow.PortState{p}})
		}
	case wire.TypeBarrierReply:
		if xid := k.full(m.Xid()); xid != 0 {
			k.acknowledged(xid, time.Since(k.owner.began))
			post(control.Upcall{Kind: control.BarrierReply, Xid: xid})
		}
	case wire.TypeMultipartReply:
		return k.answer(m)
	case wire.TypeRoleReply:
		return k.answerRole(m)
	case wire.TypeExperimenter, wire.TypeBundleControl, wire.TypeRoleStatus: // 1.3's extensions are 1.5's own
		if k.speaks.BundleCommitted(m) {
			k.settle(m.Xid(), true)
		}
		if role, ok := k.speaks.DecodeRoleStatus(m); ok && role == wire.RoleSlave {
			return ErrSuperseded
		}
	case wire.TypeError:
		return k.refused(m, post)
	}
	return nil
}

func (k *conn) refused(m wire.Message, post func(control.Upcall)) error {
	r, err := wire.DecodeError(m)
	if err != nil {
		return err
	}
	if r.Slave() {
		return ErrSuperseded
	}
	if r.Xid == xidAsync || k.fails(r) {
		return nil
	}
	if again, known := k.forgotten(r); known {
		if again != nil {
			k.tell(item{down: *again})
		}
		return nil
	}
	switch xid := k.full(r.Xid); {
	case xid != 0:
		post(control.Upcall{Kind: control.Refusal, Xid: xid, Reason: r.Reason()})
	case k.refuse(r):
	default:
		k.owner.warn(k.name(), "the switch reports an error that answers nothing: "+r.Reason())
	}
	return nil
}

// behind says that a packet-in must be dropped because the switch cannot keep up with
// the answers.
func (k *conn) behind() bool {
	if !k.out.behind(k.owner.cfg.Backlog) {
		if n := k.dropped.Swap(0); n > 0 {
			k.owner.warn(k.name(), fmt.Sprintf("%d packets for the apps were dropped while the switch was behind", n))
		}
		return false
	}
	k.dropped.Add(1)
	return true
}
