package ovs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// The daemons, as their programs are called.
const (
	ServerDaemon = "ovsdb-server"
	SwitchDaemon = "ovs-vswitchd"
)

// Death is the end of a daemon that nobody had asked for.
type Death struct {
	Daemon string    // its program: ServerDaemon or SwitchDaemon
	Err    error     // how it ended
	At     time.Time // when that was noticed
	Seen   time.Time // when it was last seen alive, or to do anything if it hung; At at the latest
}

// Guard says what becomes of an Open vSwitch whose daemons die.
type Guard struct {
	// Most deaths of one daemon within a time are survived; one more ends the instance.
	Most   int
	Within time.Duration
	// Silence is how long a daemon may live and do nothing, asked or not, before it is ended
	// and started again as one that died; 0: as long as it likes. One that computes is at work.
	Silence time.Duration
	// Stood hears, if it is there, of a daemon that a signal had stopped and that goes on.
	Stood func(Spell)
	// Died hears of a death before anything is done about it.
	Died func(Death)
	// Back is called when both daemons answer again, with the deaths since it was called
	// last. ctx ends with the next death, which waits for Back to return.
	Back func(ctx context.Context, died []Death)
}

// revival is how long a daemon may take until it answers again: thousands of bridges take a
// while to make.
const revival = 5 * time.Minute

// Guard has daemons that die started again, from now on: the same database, sockets and
// logs. ovs-vswitchd comes back without a rule, its bridges, ports and controllers as the
// database has them; what shapes its ports is left as it is. Without a guard, the death of
// one ends both.
func (v *Instance) Guard(g Guard) {
	v.guard.Store(&g)
	v.pulse.once.Do(func() { go v.pulse.feel() })
}

// daemons gives the two processes as they are now.
func (v *Instance) daemons() (server, vswitchd shell.Process) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.server, v.vswitchd
}

// Ready waits until nobody who died is missing any more. It is an error only when ctx or
// the instance ends.
func (v *Instance) Ready(ctx context.Context) error {
	_, err := v.ready(ctx)
	return err
}

// ready is Ready, and tells how many deaths have been got over.
func (v *Instance) ready(ctx context.Context) (epoch int, err error) {
	for {
		v.mu.Lock()
		whole, epoch := v.whole, v.epoch
		v.mu.Unlock()
		select {
		case <-whole:
			return epoch, nil
		default:
		}
		select {
		case <-whole: // and the number is another now
		case <-v.life.Done():
			return 0, context.Cause(v.life)
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// interrupted says whether a tool that failed had to do with a daemon that was dead, or
// about to be: a process that closes thousands of files takes seconds to die.
func (v *Instance) interrupted(ctx context.Context, epoch int) bool {
	if v.guard.Load() == nil {
		return false
	}
	for v.life.Err() == nil && ctx.Err() == nil {
		well := answers(v.path("db.sock"), "echo") && answers(v.control(), "version")
		is, err := v.ready(ctx) // whoever answers may be the one that was started again
		switch {
		case err != nil:
			return false
		case is != epoch:
			return true
		case well:
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// answers says whether a daemon answers on a socket (RFC 7047, section 4.1.11, and
// ovs-appctl(8), of which the protocol is the same). That it is connected to says nothing:
// the kernel does that.
func answers(path, method string) bool {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(c, `{"method":%q,"params":[],"id":"0"}`, method); err != nil {
		return false
	}
	n, _ := c.Read(make([]byte, 1))
	return n == 1
}

// watch notices the daemons' deaths. Where somebody guards them it starts them again, else
// the first to end takes the other with it.
func (v *Instance) watch() {
	defer close(v.done)
	rest := func() {}
	for v.life.Err() == nil {
		server, vswitchd := v.daemons()
		select {
		case <-server.Done():
		case <-vswitchd.Done():
		}
		if v.stopping.Load() {
			<-server.Done() // in its own time
			v.end(errStopped)
			break
		}
		rest()
		v.mu.Lock()
		v.whole = make(chan struct{})
		v.mu.Unlock()
		died, err := v.revive()
		if err != nil {
			v.end(err)
			break
		}
		v.mu.Lock()
		v.epoch++
		close(v.whole)
		v.mu.Unlock()
		if v.stopping.Load() { // they were started after the others had been told to stop
			v.end(errStopped)
			break
		}
		rest = v.tell(died)
	}
	rest()
	server, vswitchd := v.daemons()
	<-server.Done()
	<-vswitchd.Done()
}

// tell calls Back; what it returns ends the call.
func (v *Instance) tell(died []Death) func() {
	g := v.guard.Load()
	if g == nil || g.Back == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancelCause(v.life)
	done := make(chan struct{})
	go func() { defer close(done); g.Back(ctx, died) }()
	return func() { cancel(errors.New("a daemon of Open vSwitch died again")); <-done }
}

// revive starts daemons until both live and answer.
func (v *Instance) revive() (died []Death, err error) {
	for {
		if v.stopping.Load() {
			return nil, errStopped
		}
		server, vswitchd := v.daemons()
		for _, p := range []struct {
			name string
			shell.Process
		}{{ServerDaemon, server}, {SwitchDaemon, vswitchd}} {
			select {
			case <-p.Done():
			default:
				continue
			}
			d, err := v.mourn(p.name, p.Process)
			if err != nil {
				return nil, err
			}
			died = append(died, d)
			if err := v.again(p.name); err != nil {
				return nil, err
			}
		}
		if err := v.whether(); err == nil {
			return died, nil
		} else if server, vswitchd := v.daemons(); !oneIsDead(server, vswitchd) {
			return nil, fmt.Errorf("after the death of %s: %w", died[len(died)-1].Daemon, err)
		}
	}
}

// oneIsDead says whether any of some processes has ended.
func oneIsDead(of ...shell.Process) bool {
	for _, p := range of {
		select {
		case <-p.Done():
			return true
		default:
		}
	}
	return false
}

// mourn notes a death. It is an error where nobody guards, and where there were too many.
func (v *Instance) mourn(name string, p shell.Process) (Death, error) {
	how := p.Wait()
	g := v.guard.Load()
	select {
	case <-v.sandbox.Done():
		g = nil
	default:
	}
	if g == nil || errors.Is(how, netns.ErrGone) {
		return Death{}, v.obituary(name, how)
	}
	d := Death{Daemon: name, Err: how, At: time.Now()}
	d.Seen = d.At
	seen, hung := v.pulse.last(name, p)
	if !seen.IsZero() {
		d.Seen = seen
	}
	var verdict *shell.Error
	switch {
	case hung != nil:
		d.Err = hung
	case how == nil:
		d.Err = errors.New("it left with exit status 0")
	case errors.As(how, &verdict) && verdict.Signal != 0:
		d.Err = fmt.Errorf("ended by signal: %v", verdict.Signal)
	case errors.As(how, &verdict) && verdict.Err == nil:
		d.Err = fmt.Errorf("it left with exit status %d", verdict.Exit)
	}
	v.deaths = append(slices.DeleteFunc(v.deaths, func(e Death) bool { return d.At.Sub(e.At) > g.Within }), d)
	times := 0
	for _, e := range v.deaths {
		if e.Daemon == name {
			times++
		}
	}
	if times > g.Most {
		return d, fmt.Errorf("%s died %d times within %v, and is not started again: %w", name, times, g.Within, v.obituary(name, how))
	}
	if g.Died != nil {
		g.Died(d)
	}
	return d, nil
}

// again starts a daemon that has died.
func (v *Instance) again(name string) error {
	ctx, cancel := context.WithTimeout(v.life, revival)
	defer cancel()
	fail := func(err error) error { return fmt.Errorf("starting %s again: %w", name, err) }
	if name == ServerDaemon {
		p, err := v.daemonOf(ServerDaemon)
		if err != nil {
			return fail(err)
		}
		v.mu.Lock()
		v.server = p
		v.mu.Unlock()
		_ = v.await(ctx, p, v.path("db.sock")) // where it died again, that is seen next
		return nil
	}
	for server, _ := v.daemons(); !oneIsDead(server); {
		err := v.spareQueues(ctx)
		if err == nil {
			break
		}
		select {
		case <-server.Done(): // that is why, and it is seen next
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fail(err)
		}
	}
	p, err := v.daemonOf(SwitchDaemon)
	if err != nil {
		return fail(err)
	}
	v.mu.Lock()
	v.vswitchd = p
	v.mu.Unlock()
	return nil
}

// whether returns nil when both daemons have taken notice of a change: ovs-vswitchd has
// then made all that the database has.
func (v *Instance) whether() error {
	ctx, cancel := context.WithTimeoutCause(v.life, revival, fmt.Errorf("Open vSwitch does not answer within %v", revival))
	defer cancel()
	server, vswitchd := v.daemons()
	go func() {
		select {
		case <-server.Done():
		case <-vswitchd.Done():
		case <-ctx.Done():
		}
		cancel()
	}()
	v.revived++
	_, err := v.use(ctx, "ovs-vsctl", "--db="+v.Database(), "--retry", "set", "Open_vSwitch", ".", fmt.Sprintf("external_ids:revived=%d", v.revived))
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

// spareQueues tells ovs-vswitchd, before it starts again, to leave the queueing disciplines
// of its ports alone (ovs-vswitchd.conf.db(5), QoS, linux-noop). It takes away what it finds
// on a port that is new to it, and to one that starts all are.
func (v *Instance) spareQueues(ctx context.Context) error {
	return v.connected(ctx, func(ctx context.Context, t *transactions) error {
		_, err := t.transact(ctx,
			ovsdb.Operation{Op: ovsdb.OperationInsert, Table: "QoS", Row: ovsdb.Row{"type": "linux-noop"}, UUIDName: "noop"},
			ovsdb.Operation{Op: ovsdb.OperationUpdate, Table: "Port", Row: ovsdb.Row{"qos": ovsdb.UUID{GoUUID: "noop"}},
				Where: []ovsdb.Condition{ovsdb.NewCondition("qos", ovsdb.ConditionEqual, ovsdb.OvsSet{GoSet: []any{}})}})
		return err
	})
}
