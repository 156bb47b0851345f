package sim

import (
	"fmt"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
	"sendim/core/random"
	"sendim/core/trace"
	"sendim/sim/des"
	"sendim/sim/tcp"
)

// world is a network at work, as the one who works on it has it before him: what all
// workers share stands in common, and the columns are the same for all, but each has a
// queue, frames and scratch of his own, so that he needs nobody's leave for what happens
// at his nodes. Times are picoseconds since the controller was started; origin is the
// session's t=0 among them.
type world struct {
	*common
	net         *model.Network
	names       *naming.Names
	address     control.Addressing
	queue       *des.Queue
	classes     *classes     // nil: none that changes anything
	disciplines []discipline // of the model
	queued      bool         // some ports have several queues
	tcp         tcp.Config

	arcs     []channel
	odds     []oddity // 0 is not used
	out      []model.Arc
	slot     []int32 // by node: index into switches, or the complement of one into hosts
	switches []node
	hosts    []host
	flows    []*run // nil once ended

	frames   arena
	segs     []tcp.Segment
	freeSegs []int32
	result   flow.Result
	at       *node // the switch at work, for result.PortUp
	output   tcp.Output
	seq      uint32 // of events that are no frames

	lastBytes          uint32 // the transmission time worked out last
	lastRate, lastTime int64
	overtaken          int64 // datagrams that came after a later one
	sampling           bool
	active             []uint32

	lane uint8   // among common.lanes
	part []uint8 // by node: whose it is; nil: all are this one's
	share
}

// common is what concerns no single node. It changes only while one alone works.
type common struct {
	random   random.Source
	stations map[packet.IPv4]model.NodeID // hosts by address, where they know each other; else nil
	sink     trace.Sink
	origin   int64
	config   flow.Config
	ghosts   ghosts
	looped   bool // the warning has been given

	control channelToController
	lanes   *lanes // nil: one does everything

	list     []model.Flow // the run's flows by start
	next     int          // the first that has not started
	runs     int          // flows under way
	deferred []deferred   // flows of actions that start later
	waiters  int          // of which so many have not started
	pings    []*ping
	echoes   int // pings under way
	captures []*capture
	watch    *watch
	watched  bool // somebody captures or watches
	fluid    *fluids
	chunks   *chunks

	follows  *follow    // nil: only links
	pulse    *pulse     // not part of the world's state
	series   model.Time // interval that the model asks for, 0: none
	sampled  int64      // when the last sample was taken
	interval int64
	counted  map[int32]carried // see census
	halt     halt
	spans    map[model.LinkID]span // of links that have not been there all the time
}

// span is from when to when a link was there, flow.Never if it still is.
type span struct{ from, to int64 }

// node is a switch at work.
type node struct {
	flow.Switch
	digest   uint64
	expiry   int64 // for when onExpiry is queued; flow.Never: not
	id       model.NodeID
	base     uint32 // of its ports in world.out
	ports    uint32
	upSeq    uint32
	downSeq  uint32
	dense    bool // ports are 1, 2, 3 ...
	down     bool
	watched  bool
	extended *extension
}

// extension is what few switches need.
type extension struct {
	fluids []int32 // flows whose path goes through, or ends here
	chunks []int32 // chunks that wait for the tables to change
}

// host is a host at work.
type host struct {
	digest uint64
	id     model.NodeID
	arc    int32 // by which it sends, -1: none
	life   *life // made when it first takes part
}

// compile makes the world of a model. It takes a few columns and no objects of their own
// for nodes and links.
func compile(n *model.Network, names *naming.Names, lots random.Source) *world {
	w := &world{common: &common{random: lots}, net: n, names: names, address: control.Named{Names: names}, queue: des.NewQueue(0)}
	w.arcs = make([]channel, 2*n.LinkCount())
	w.out = make([]model.Arc, 0, len(w.arcs))
	w.slot = make([]int32, n.NodeCount())
	switches := 0
	for id := range w.slot {
		if n.NodeKindOf(model.NodeID(id)) == model.Switch {
			switches++
		}
	}
	w.switches = make([]node, 0, switches)
	w.hosts = make([]host, 0, n.NodeCount()-switches)
	for i := range w.slot {
		id := model.NodeID(i)
		arcs := n.Arcs(id)
		base := uint32(len(w.out))
		w.out = append(w.out, arcs...)
		if n.NodeKindOf(id) != model.Switch {
			w.slot[i] = ^int32(len(w.hosts))
			h := host{id: id, arc: -1}
			if len(arcs) > 0 {
				h.arc = int32(arcs[0])
			}
			w.hosts = append(w.hosts, h)
			continue
		}
		w.slot[i] = int32(len(w.switches))
		s := node{id: id, expiry: flow.Never}
		s.Config = &w.config
		s.face(n, base, arcs)
		w.switches = append(w.switches, s)
	}
	for a := range w.arcs {
		w.wire(uint32(a))
	}
	w.result.PortUp = w.portUp
	return w
}

// wire makes a channel as the model has it.
func (w *world) wire(a uint32) {
	arc := model.Arc(a)
	spec, to := w.net.ArcSpec(arc), w.net.ArcTo(arc)
	w.arcs[a] = channel{rate: int64(spec.Rate), delay: int64(spec.Delay), to: int32(to.Node), slot: w.slot[to.Node], port: uint32(to.Port)}
	if spec.Loss > 0 {
		w.setLoss(a, spec.Loss)
	}
	if spec.Jitter > 0 {
		w.setJitter(a, int64(spec.Jitter))
	}
}

// face gives a switch its ports, which begin at a place of world.out.
func (s *node) face(n *model.Network, base uint32, arcs []model.Arc) {
	s.base, s.ports, s.dense = base, uint32(len(arcs)), true
	if k := len(arcs); k > 0 {
		s.dense = n.ArcFrom(arcs[0]).Port == 1 && n.ArcFrom(arcs[k-1]).Port == model.PortNo(k)
	}
}

// arcAt is the channel that leaves a switch by a port.
func (w *world) arcAt(s *node, port uint32) (uint32, bool) {
	if s.dense {
		if port-1 < s.ports {
			return uint32(w.out[s.base+port-1]), true
		}
		return 0, false
	}
	a, ok := w.net.ArcAtPort(s.id, model.PortNo(port))
	return uint32(a), ok
}

// portUp says whether frames can leave by a port of the switch at work.
func (w *world) portUp(port uint32) bool {
	a, ok := w.arcAt(w.at, port)
	return ok && w.arcs[a].flags&isDown == 0
}

func (w *world) switchOf(id model.NodeID) (*node, error) {
	if id < 0 || int(id) >= len(w.slot) || w.slot[id] < 0 {
		return nil, fmt.Errorf("node %d is not a switch", id)
	}
	return &w.switches[w.slot[id]], nil
}

func (w *world) hostOf(id model.NodeID) (*host, error) {
	if id < 0 || int(id) >= len(w.slot) {
		return nil, fmt.Errorf("there is no node %d", id)
	}
	if w.slot[id] >= 0 {
		return nil, fmt.Errorf("%s is a switch, not a host", w.net.NodeName(id))
	}
	return &w.hosts[^w.slot[id]], nil
}

// schedule queues an event that is not a frame.
func (w *world) schedule(at int64, target model.NodeID, kind uint8, a, b uint32) {
	if w.part != nil {
		w = w.workerAt(target)
	}
	w.seq++
	w.queue.Push(des.Event{At: at, Target: uint32(target), Seq: w.seq, A: a, B: b, Kind: kind})
}

// everywhere is the target of what concerns no single node; it comes after all nodes.
func (w *world) everywhere() model.NodeID { return model.NodeID(len(w.slot)) }

// handle lets one event happen.
func (w *world) handle(e *des.Event) {
	now := e.At
	switch e.Kind {
	case onFrame:
		w.arrive(e.A, int32(e.B), now)
	case onSend:
		if f := w.flows[e.A]; f != nil {
			w.sendNext(f, now)
		}
	case onTimer:
		if f := w.flows[e.A]; f != nil {
			w.tcpTimer(f, int(e.B), now)
		}
	case onDowncall:
		w.obey(e.A, now)
	case onExpiry:
		w.expire(&w.switches[w.slot[e.Target]], now)
	case onResolve:
		w.unresolved(&w.hosts[^w.slot[e.Target]], packet.IPv4(e.A), e.B, now)
	case onStop:
		if f := w.flows[e.A]; f != nil {
			w.stop(f, now)
		}
	case onLinger:
		if f := w.flows[e.A]; f != nil && w.underWay(f) == 0 {
			w.end(f, now)
		}
	case onEcho:
		w.sendEcho(w.pings[e.A], now)
	case onPatience:
		w.endPing(w.pings[e.A], now)
	case onFluidEnd:
		if f := w.flows[e.A]; f != nil {
			w.end(f, now)
		}
	case onAgain:
		if f := w.flows[e.A]; f != nil {
			w.retryFluid(f, now)
		}
	case onProbe:
		if f := w.flows[e.A]; f != nil && f.chunks != nil {
			w.addressChunks(f, now)
		} else if f != nil {
			w.probeAgain(f, now)
		}
	case onChunk:
		w.chunkArrives(int32(e.A), int32(e.B), now)
	case onChunkSent:
		w.chunkSent(e.A, e.B, now)
	case onChunkWait:
		w.chunkWaits(int32(e.A), e.B, now)
	case onChunkTimer:
		if f := w.flows[e.A]; f != nil {
			w.retryChunks(f, now)
		}
	case onPort:
		w.portDue(e.A, now)
	case onLaunch:
		w.launchDeferred(e.A, now)
	case onStart:
		w.startDue(now)
	case onSample:
		w.sample(now)
	case onFluid:
		w.fluid.settle(w, now)
	}
}

// arrive takes a frame at the end of a link.
func (w *world) arrive(id uint32, slot int32, now int64) {
	f := w.frames.at(id)
	if f.lost || w.watched {
		if f.lost {
			f.lost = false
			w.drop(id, f)
			return
		}
		w.captureAt(uint32(f.on)^1, f, model.Inward, now)
		w.watch.arrival(w, f, now)
	}
	on := f.on
	f.on = -1
	if slot >= 0 {
		w.atSwitch(&w.switches[slot], id, f, now)
	} else if h := &w.hosts[^slot]; h.arc == on^1 {
		w.atHost(h, id, f, now)
	} else {
		w.stray(id, f) // a host has its address on its first link
	}
}

// outside is a time as the session's users know it.
func (w *world) outside(t int64) model.Time { return model.Time(t - w.origin) }

func (w *world) emit(e *trace.Entry) {
	if w.apart {
		w.note(record{what: wrote, entry: e})
		return
	}
	w.sink.Emit(e)
}

func warning(at model.Time, text string) *trace.Entry {
	return &trace.Entry{At: at, Kind: trace.Warning, Text: text}
}

// chain is one link of a node's hash chain (the multipliers are those of SplitMix64).
func chain(h, a, b uint64) uint64 {
	h = (h ^ a) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>29 ^ b) * 0x94d049bb133111eb
	return h ^ h>>32
}
