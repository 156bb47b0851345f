package tcp

import "fmt"

// The tests' own small simulator: N transfers over one bottleneck,
//
//	s_i --access-- R1 --bottleneck-- R2 --access-- r_i
//
// where every link sends one packet at a time and then delays it. Packets wait in front of the bottleneck in a queue
// that holds a number of packets besides the one being sent.

const microsecond = Millisecond / 1000

type dumbbell struct {
	cfg          Config
	n            int
	rate, access int64 // bit/s
	delay        int64 // ps, of the bottleneck
	adelay, far  int64 // ps, of access links; far replaces the last sender's when set
	queue, mark  int   // packets
	stagger      int64
	size         uint64 // bytes, 0 for unlimited
	from, until  int64  // window of measurement
	sampleEvery  int64
	frame        int // link layer bytes per packet
	// lose decides the fate of a packet in front of the bottleneck, if set; forward is the direction of data.
	lose func(w *world, flow int, g *Segment, forward bool) bool
}

type flow struct {
	snd          Sender
	rcv          Receiver
	timer        [2]int64 // earliest armed, per end
	got, gotFrom uint64
	done         int64
}

type link struct {
	rate, delay int64
	free        int64 // when the transmitter is next idle
	limit, mark int   // packets waiting; 0 for no limit
	starts      []int64
	head        int
}

// pass gives the time of arrival at the far end, or false for a drop. Arrivals come before departures, as in package sim.
func (l *link) pass(now int64, bytes int, g *Segment) (int64, bool) {
	if l.limit > 0 {
		waiting := l.waiting(now)
		if waiting >= l.limit {
			return 0, false
		}
		if l.mark > 0 && waiting > l.mark && g.ECN == ECT0 {
			g.ECN = CE
		}
	}
	start := max(now, l.free)
	l.free = start + int64(bytes)*8*(Second/1000)/(l.rate/1000)
	if l.limit > 0 && start > now {
		l.starts = append(l.starts, start)
	}
	return l.free + l.delay, true
}

func (l *link) waiting(now int64) int {
	for l.head < len(l.starts) && l.starts[l.head] < now {
		l.head++
	}
	if l.head > 4096 {
		l.starts = l.starts[:copy(l.starts, l.starts[l.head:])]
		l.head = 0
	}
	return len(l.starts) - l.head
}

type event struct {
	at   int64
	seq  uint64
	kind int8 // 0..2 forward hops, 3..5 backward hops, 6 sender's timer, 7 receiver's timer, 8 open, 9 sample, 10 window opens
	flow int32
	pkt  int32
}

type world struct {
	*dumbbell
	flows        []flow
	links        [][6]*link // by flow: three forward, three backward
	heap         []event
	seq          uint64
	now          int64
	pkts         []Segment
	freePkts     []int32
	out          Output
	drops, marks int
	qsum, qn     int64
	handled      int // segments that reached an endpoint
	check        func(w *world, flow int)
}

func (w *world) push(e event) {
	e.seq = w.seq
	w.seq++
	h := append(w.heap, e)
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 4
		if h[p].at < e.at || h[p].at == e.at && h[p].seq < e.seq {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = e
	w.heap = h
}

func (w *world) pop() event {
	h := w.heap
	top, e := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	i := 0
	for len(h) > 0 {
		c := 4*i + 1
		if c >= len(h) {
			break
		}
		for k := c + 1; k < len(h) && k < 4*i+5; k++ {
			if h[k].at < h[c].at || h[k].at == h[c].at && h[k].seq < h[c].seq {
				c = k
			}
		}
		if e.at < h[c].at || e.at == h[c].at && e.seq < h[c].seq {
			break
		}
		h[i] = h[c]
		i = c
	}
	if len(h) > 0 {
		h[i] = e
	}
	w.heap = h
	return top
}

func newWorld(d *dumbbell) *world {
	if err := d.cfg.Validate(); err != nil {
		panic(err)
	}
	w := &world{dumbbell: d, flows: make([]flow, d.n), links: make([][6]*link, d.n)}
	if d.sampleEvery == 0 {
		d.sampleEvery = Millisecond
	}
	mid := &link{rate: d.rate, delay: d.delay, limit: d.queue, mark: d.mark}
	back := &link{rate: d.rate, delay: d.delay}
	for i := range w.flows {
		f := &w.flows[i]
		first := d.adelay
		if d.far != 0 && i == d.n-1 {
			first = d.far
		}
		l := func(delay int64) *link { return &link{rate: d.access, delay: delay} }
		w.links[i] = [6]*link{l(first), mid, l(d.adelay), l(d.adelay), back, l(first)}
		f.snd.Init(&d.cfg)
		f.rcv.Init(&d.cfg)
		f.timer = [2]int64{Never, Never}
		f.done = -1
		w.push(event{at: d.stagger * int64(i), kind: 8, flow: int32(i)})
	}
	w.push(event{at: 0, kind: 9})
	w.push(event{at: d.from, kind: 10})
	return w
}

// after sends what an endpoint of flow i asked for: end 0 is the sender, 1 the receiver.
func (w *world) after(i int32, end int) {
	f := &w.flows[i]
	for k := range w.out.Segments {
		p := int32(len(w.pkts))
		if n := len(w.freePkts); n > 0 {
			p = w.freePkts[n-1]
			w.freePkts = w.freePkts[:n-1]
			w.pkts[p] = w.out.Segments[k]
		} else {
			w.pkts = append(w.pkts, w.out.Segments[k])
		}
		w.hop(event{kind: int8(3*end) - 1, flow: i, pkt: p})
	}
	w.out.Segments = w.out.Segments[:0]
	if d := w.out.Deadline; d < f.timer[end] {
		f.timer[end] = d
		w.push(event{at: d, kind: 6 + int8(end), flow: i})
	}
	if w.check != nil {
		w.check(w, int(i))
	}
}

// hop sends the packet of e over the next link.
func (w *world) hop(e event) {
	e.kind++
	g := &w.pkts[e.pkt]
	l := w.links[e.flow][e.kind]
	if w.lose != nil && (e.kind == 1 || e.kind == 4) && w.lose(w, int(e.flow), g, e.kind == 1) {
		w.drops++
		w.freePkts = append(w.freePkts, e.pkt)
		return
	}
	was := g.ECN
	at, ok := l.pass(w.now, w.cfg.Bytes(g)+w.frame, g)
	if !ok {
		w.drops++
		w.freePkts = append(w.freePkts, e.pkt)
		return
	}
	if g.ECN != was {
		w.marks++
	}
	e.at = at
	w.push(e)
}

// run goes on until d.until, or until every sized transfer is done.
func (w *world) run() {
	left := w.n
	for len(w.heap) > 0 && left > 0 {
		e := w.pop()
		if e.at >= w.until {
			return
		}
		w.now = e.at
		f := &w.flows[e.flow]
		switch e.kind {
		case 2:
			g := w.pkts[e.pkt]
			w.freePkts = append(w.freePkts, e.pkt)
			w.handled++
			f.rcv.OnSegment(&g, w.now, &w.out)
			if w.size > 0 && f.done < 0 && f.rcv.Stats().Delivered >= w.size {
				f.done = w.now - w.stagger*int64(e.flow)
			}
			w.after(e.flow, 1)
		case 5:
			g := w.pkts[e.pkt]
			w.freePkts = append(w.freePkts, e.pkt)
			w.handled++
			was := f.snd.Done()
			f.snd.OnSegment(&g, w.now, &w.out)
			if f.snd.Done() && !was {
				left--
			}
			w.after(e.flow, 0)
		case 6:
			if e.at == f.timer[0] {
				f.timer[0] = Never
				f.snd.OnTimer(w.now, &w.out)
				w.after(e.flow, 0)
			}
		case 7:
			if e.at == f.timer[1] {
				f.timer[1] = Never
				f.rcv.OnTimer(w.now, &w.out)
				w.after(e.flow, 1)
			}
		case 8:
			if w.size > 0 {
				f.snd.Write(w.size, w.now, &w.out)
				f.snd.Close(w.now, &w.out)
			} else {
				f.snd.Write(Unlimited, w.now, &w.out)
			}
			f.snd.Open(w.now, &w.out)
			w.after(e.flow, 0)
		case 9:
			if w.now >= w.from {
				w.qsum += int64(w.links[0][1].waiting(w.now))
				w.qn++
			}
			w.push(event{at: w.now + w.sampleEvery, kind: 9})
		case 10:
			for i := range w.flows {
				w.flows[i].gotFrom = w.flows[i].rcv.Stats().Delivered
			}
		default:
			w.hop(e)
		}
	}
}

type result struct {
	goodput     []float64 // bit/s
	total, jain float64
	drops       int
	marks       int
	meanQueue   float64
	fct         []float64 // s
}

func (w *world) result() result {
	r := result{drops: w.drops, marks: w.marks}
	var sq float64
	for i := range w.flows {
		f := &w.flows[i]
		g := float64(f.rcv.Stats().Delivered-f.gotFrom) * 8 / (float64(w.until-w.from) / float64(Second))
		r.goodput = append(r.goodput, g)
		r.total += g
		sq += g * g
		r.fct = append(r.fct, float64(f.done)/float64(Second))
	}
	r.jain = r.total * r.total / (float64(w.n) * sq)
	if w.qn > 0 {
		r.meanQueue = float64(w.qsum) / float64(w.qn)
	}
	return r
}

func (r result) String() string {
	return fmt.Sprintf("total %.0f bit/s, Jain %.4f, drops %d, marks %d, mean queue %.2f, completion %.6f",
		r.total, r.jain, r.drops, r.marks, r.meanQueue, r.fct)
}
