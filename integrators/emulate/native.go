package emulate

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// native is a network made by the sandbox itself: hosts are network namespaces, links are
// pairs of interfaces made many at a time, and all bridges and ports come in one
// transaction. Names, addresses and numbers are those that the Mininet script would give.
type native struct {
	world  *world
	target string // the controller, as Open vSwitch writes it

	mu     sync.Mutex
	shapes map[model.Endpoint]*netns.Shaping // as they are now
}

// controllerTarget is how Open vSwitch is told of a controller at HOST:PORT or
// ssl:HOST:PORT.
func controllerTarget(controller string) string {
	if strings.HasPrefix(controller, "ssl:") {
		return controller
	}
	return "tcp:" + controller
}

// buildNative makes the network and returns when it stands.
func buildNative(ctx context.Context, w *world, controller string) (*native, error) {
	g := &native{world: w, target: controllerTarget(controller), shapes: map[model.Endpoint]*netns.Shaping{}}
	hosts, links, bridges, shapes := g.plan()
	sandbox, vswitch := w.place.sandbox, w.place.vswitch
	// While the kernel makes interfaces ovs-vswitchd starts, and the database is told of the
	// bridges; it makes them when all is there.
	prepared := make(chan error, 1)
	go func() { prepared <- vswitch.Prepare(ctx, bridges, g.target) }()
	phases := &w.session.phases
	err := sandbox.MakeHosts(ctx, hosts)
	phases.end(phaseHosts)
	if err == nil {
		err = sandbox.MakeLinks(ctx, links)
	}
	phases.end(phaseLinks)
	if err := errors.Join(err, <-prepared); err != nil {
		return nil, err
	}
	if err := vswitch.Begin(ctx, bridges); err != nil {
		return nil, err
	}
	phases.end(phaseSwitches)
	if err := sandbox.Shape(ctx, shapes); err != nil {
		return nil, err
	}
	if w.net().StaticARP {
		if err := sandbox.Introduce(ctx, addressed(links)); err != nil {
			return nil, err
		}
	}
	phases.end(phaseShapes)
	return g, nil
}

// addressed are the ends at which hosts have their addresses.
func addressed(links []netns.Link) (ends []netns.End) {
	for _, l := range links {
		for _, e := range l {
			if e.Address.IsValid() {
				ends = append(ends, e)
			}
		}
	}
	return ends
}

// plan says what there is to make.
func (g *native) plan() (hosts []string, links []netns.Link, bridges []ovs.Bridge, shapes []netns.Shaping) {
	w := g.world
	bridge := map[model.NodeID]int{}
	for i := range w.net().NodeCount() {
		id := model.NodeID(i)
		if w.net().NodeKindOf(id) == model.Switch {
			bridge[id] = len(bridges)
			bridges = append(bridges, ovs.Bridge{Name: w.names().Technical(id), DPID: w.names().DPID(id)})
		} else {
			hosts = append(hosts, w.names().Technical(id))
		}
	}
	for i := range w.net().LinkCount() {
		a, b := w.net().Ends(model.LinkID(i))
		var link netns.Link
		for k, e := range [2]model.Endpoint{a, b} {
			spec := w.net().ArcSpec(model.Arc(2*i + k))
			link[k] = g.end(e, int(spec.MTU))
			if at, ok := bridge[e.Node]; ok {
				bridges[at].Ports = append(bridges[at].Ports, ovs.Port{Interface: link[k].Name, Number: uint32(e.Port)})
			}
			if s := g.shaping(e, spec); s.Rate > 0 || s.Delay > 0 || s.Jitter > 0 || s.Loss > 0 {
				g.shapes[e] = &s
				shapes = append(shapes, s)
			}
		}
		links = append(links, link)
	}
	return hosts, links, bridges, shapes
}

// end is the interface at a port. A host's address is at the lowest of its ports, as in
// Mininet.
func (g *native) end(e model.Endpoint, mtu int) netns.End { return g.endOf(g.world.is.Load(), e, mtu) }

func (g *native) endOf(is *network, e model.Endpoint, mtu int) netns.End {
	end := netns.End{Name: is.names.Interface(e.Node, e.Port), MAC: hardware(is.names.PortMAC(e.Node, e.Port)), MTU: mtu}
	if is.net.NodeKindOf(e.Node) == model.Switch {
		return end
	}
	end.Host = is.names.Technical(e.Node)
	if is.first(e) {
		end.Address, end.MAC = is.prefixOf(e.Node), hardware(is.names.MAC(e.Node))
	}
	return end
}

func hardware(mac uint64) net.HardwareAddr {
	return net.HardwareAddr{byte(mac >> 40), byte(mac >> 32), byte(mac >> 24), byte(mac >> 16), byte(mac >> 8), byte(mac)}
}

// shaping is what a direction of a link is like, as far as this kernel can: what it cannot
// was allowed to be left out.
func (g *native) shaping(e model.Endpoint, spec *model.LinkSpec) netns.Shaping {
	return g.shapingOf(g.world.is.Load(), e, spec)
}

func (g *native) shapingOf(is *network, e model.Endpoint, spec *model.LinkSpec) netns.Shaping {
	caps := g.world.session.caps
	s := netns.Shaping{Interface: is.names.Interface(e.Node, e.Port), MTU: int(spec.MTU)}
	if is.net.NodeKindOf(e.Node) != model.Switch {
		s.Host = is.names.Technical(e.Node)
	}
	queue := spec.Queue
	if queue == (model.QueueLimit{}) {
		queue = model.DefaultQueue
	}
	s.Packets, s.Bytes = int64(queue.Packets), int64(queue.Bytes)
	if caps.Has(backend.LinkRate) {
		s.Rate = int64(spec.Rate)
	}
	if caps.Has(backend.LinkDelay) {
		s.Delay, s.Jitter, s.Loss = nanoseconds(spec.Delay), nanoseconds(spec.Jitter), spec.Loss
	}
	return s
}

func nanoseconds(t model.Time) time.Duration { return time.Duration(t / model.Nanosecond) }

// done is nil: nothing of it runs that could end.
func (g *native) done() <-chan struct{} { return nil }

func (g *native) err() error { return nil }

func (g *native) wait() {}

func (g *native) inside(host model.NodeID) (shell.Runner, error) {
	w := g.world
	if err := w.isHost(host); err != nil {
		return nil, err
	}
	return shell.Elsewhere(w.place.sandbox.CommandIn(w.names().Technical(host)), "sendim", "exec", w.net().NodeName(host), "--"), nil
}

func (g *native) devices(ctx context.Context, host model.NodeID) (io.ReadCloser, error) {
	return g.world.place.sandbox.Devices(ctx, g.world.names().Technical(host))
}

func (g *native) setLinks(ctx context.Context, ends []model.Endpoint, up bool) error {
	var list []netns.End
	for _, e := range ends {
		list = append(list, g.end(e, 0))
	}
	return g.world.place.sandbox.SetLinks(ctx, list, up)
}

func (g *native) limit(ctx context.Context, at model.Endpoint, c model.Change) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	is := g.shapes[at]
	if is == nil { // an app limits, or somebody changes, what had no limit
		arc, _ := g.world.net().ArcAtPort(at.Node, at.Port)
		s := g.shaping(at, g.world.net().ArcSpec(arc))
		is = &s
	}
	next := *is
	switch c.Kind {
	case model.LinkRate:
		next.Rate = int64(c.Rate)
		next.Adjust = is.Rate > 0 && next.Rate > 0
	case model.LinkDelay:
		next.Delay = nanoseconds(c.Delay)
	case model.LinkLoss:
		next.Loss = c.Loss
	}
	if err := g.world.place.sandbox.Shape(ctx, []netns.Shaping{next}); err != nil {
		return err
	}
	next.Adjust = false
	g.shapes[at] = &next
	return nil
}

func (g *native) setSwitch(ctx context.Context, sw model.NodeID, up bool) error {
	w := g.world
	name := w.names().Technical(sw)
	if up {
		_, err := w.place.vswitch.Vsctl(ctx, "set-controller", name, g.target)
		return err
	}
	_, err := w.place.vswitch.Vsctl(ctx, "del-controller", name)
	errs := []error{err}
	for _, what := range []string{"del-flows", "del-groups", "del-meters"} {
		_, err := w.place.run.Run(ctx, shell.Cmd{Argv: []string{"ovs-ofctl", "-O", "OpenFlow13", what, name}})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// nobody is where a switch looks for its controller while it is cut off: one without any
// address empties itself.
const nobody = "tcp:127.0.0.1:1"

func (g *native) setControl(ctx context.Context, switches []model.NodeID, up bool) error {
	target := nobody
	if up {
		target = g.target
	}
	names := make([]string, len(switches))
	for i, sw := range switches {
		names[i] = g.world.names().Technical(sw)
	}
	return g.world.place.vswitch.SetController(ctx, names, target)
}
