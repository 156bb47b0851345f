package pcapflow

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
)

// DefaultIdle is after how many seconds of silence a flow is over, as exporters of
// NetFlow usually have it.
const DefaultIdle = 60

// Options say how a capture is read.
type Options struct {
	Idle     float64 // seconds; 0: DefaultIdle
	MaxFlows int     // 0: 20 million
}

// Flow is what went one way.
type Flow struct {
	From, To         netip.Addr
	FromPort, ToPort uint16 // of ICMP, ToPort is 256*type + code
	Proto            uint8
	Packet           int64 // number of its first packet in the file, from 1
	Second, Nano     int64 // of its first packet, since 1970
	Span             int64 // ns from the first packet to the last that carried data
	Packets          int64
	Bytes            int64 // of the application
}

// Left is what became no flow, by name.
type Left struct {
	What    string
	Packets int64
}

// Capture is what a file holds.
type Capture struct {
	Flows   []Flow // by first packet
	Left    []Left // by name
	Packets int64
	Cut     bool // the file ends in the middle of a packet
}

// key is whose flow a packet is.
type key struct {
	from, to         netip.Addr
	fromPort, toPort uint16
	proto            uint8
}

// state is a flow that may go on.
type state struct {
	index        int
	second, nano int64 // of the latest packet
	next, isn    uint32
	begun, over  bool // TCP: a SYN was seen; a FIN or RST was
	known        bool // next means something
}

// fragments bounds the datagrams whose further pieces are waited for.
const fragments = 4096

type piece struct {
	from, to netip.Addr
	id       uint32
	proto    uint8
}

// Read reads a capture. What it has read until an error stands.
func Read(in io.Reader, o Options) (*Capture, error) {
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.MaxFlows <= 0 {
		o.MaxFlows = 20_000_000
	}
	out := &Capture{}
	s, err := open(bufio.NewReaderSize(in, 64<<10))
	if err != nil {
		if errors.Is(err, errCut) {
			err = fmt.Errorf("the file ends in its header")
		}
		return out, err
	}
	states, left := map[key]*state{}, map[string]int64{}
	pieces := map[piece]*state{}
	var c captured
	var p packet
	for {
		switch err := s.next(&c); {
		case err == io.EOF:
			out.leave(left)
			return out, nil
		case errors.Is(err, errCut):
			out.Cut = true
			out.leave(left)
			return out, nil
		case err != nil:
			out.leave(left)
			return out, fmt.Errorf("after %d packets: %w", out.Packets, err)
		}
		out.Packets++
		if c.timeless {
			left["packets without a time"]++
			continue
		}
		if what := parse(&c, &p); what != "" {
			left[what]++
			continue
		}
		whole := piece{p.from, p.to, p.id, p.proto}
		if p.rest {
			if st := pieces[whole]; st != nil {
				out.Flows[st.index].extend(st, &c)
			} else {
				left["fragments without their beginning"]++
			}
			continue
		}
		k := key{p.from, p.to, p.fromPort, p.toPort, p.proto}
		st := states[k]
		if st == nil || !st.goesOn(&c, &p, o.Idle) {
			if len(out.Flows) >= o.MaxFlows {
				out.leave(left)
				return out, fmt.Errorf("more than %d flows", o.MaxFlows)
			}
			st = &state{index: len(out.Flows), second: c.second, nano: c.nano}
			states[k] = st
			out.Flows = append(out.Flows, Flow{From: p.from, To: p.to, FromPort: p.fromPort, ToPort: p.toPort, Proto: p.proto,
				Packet: out.Packets, Second: c.second, Nano: c.nano})
		}
		st.take(&out.Flows[st.index], &c, &p)
		if p.more {
			if len(pieces) >= fragments {
				clear(pieces)
			}
			pieces[whole] = st
		}
	}
}

func (c *Capture) leave(left map[string]int64) {
	for what, n := range left {
		c.Left = append(c.Left, Left{what, n})
	}
	slices.SortFunc(c.Left, func(a, b Left) int { return cmp.Compare(a.What, b.What) })
}

// goesOn says whether a packet belongs to a flow, or begins another between the same ends.
func (st *state) goesOn(c *captured, p *packet, idle float64) bool {
	if float64(c.second-st.second)+float64(c.nano-st.nano)/1e9 > idle {
		return false
	}
	return p.proto != TCP || p.flags&syn == 0 || !st.over && (!st.begun || st.isn == p.seq)
}

// since is the time from a flow's first packet, in nanoseconds.
func (f *Flow) since(c *captured) int64 {
	return max(0, max(min(c.second-f.Second, 1<<32), -1)*1e9+c.nano-f.Nano)
}

// extend notes a further piece of a datagram, whose bytes its beginning has told.
func (f *Flow) extend(st *state, c *captured) {
	st.second, st.nano = c.second, c.nano
	f.Span = max(f.Span, f.since(c))
}

// mostMissed is how many bytes in a row a capture can have missed; a sequence number
// further on is another's.
const mostMissed = 16 << 20

// take counts a packet.
func (st *state) take(f *Flow, c *captured, p *packet) {
	if c.second > st.second || c.second == st.second && c.nano > st.nano {
		st.second, st.nano = c.second, c.nano
	}
	f.Packets++
	if p.proto != TCP {
		f.Bytes += p.payload
		f.Span = max(f.Span, f.since(c))
		return
	}
	seq := p.seq
	if p.flags&syn != 0 {
		st.begun, st.isn = true, seq
		seq++
	}
	if p.flags&(fin|rst) != 0 {
		st.over = true
	}
	if !st.known {
		st.known, st.next = true, seq
	}
	if p.payload == 0 {
		return
	}
	end := seq + uint32(p.payload)
	fresh := int64(int32(end - st.next))
	if fresh > p.payload+mostMissed {
		fresh = p.payload
	}
	if fresh > 0 {
		f.Bytes += fresh
		st.next = end
		f.Span = max(f.Span, f.since(c))
	}
}
