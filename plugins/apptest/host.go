package apptest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/packet"
)

// host is a station: it answers ARP requests and echoes, and remembers who answered.
type host struct {
	b       *Bench
	id      model.NodeID
	ip      packet.IPv4
	mac     packet.MAC
	arp     map[packet.IPv4]packet.MAC
	echoes  map[uint16]*Journey
	seen    map[uint16]int        // requests with this number that came
	strange int                   // unicast frames for somebody else
	came    map[uint64][][]string // ways of a script's packets that came, by number
}

func newHost(b *Bench, id model.NodeID) *host {
	a := control.Named{Names: b.names}
	return &host{b: b, id: id, ip: a.HostIP(id), mac: a.HostMAC(id), arp: map[packet.IPv4]packet.MAC{}, echoes: map[uint16]*Journey{}, seen: map[uint16]int{}, came: map[uint64][][]string{}}
}

// Journey is what became of one ping.
type Journey struct {
	From, To string
	Arrived  int      // copies of the request that reached its host; 1 is right
	Returned bool     // the answer came back
	There    []string // switches of the request's way, in order
	Back     []string // and of the answer's; empty where an app sent it on by packet-out
}

// String says how far it came.
func (j Journey) String() string {
	switch {
	case j.Returned && j.Arrived == 1:
		return "arrived and answered"
	case j.Returned:
		return fmt.Sprintf("arrived %d times and was answered", j.Arrived)
	case j.Arrived > 0:
		return fmt.Sprintf("arrived %d times, but no answer came back", j.Arrived)
	}
	return "did not arrive"
}

// Ping sends an echo from one host to another, asking for the address first if need be,
// and lets time pass until the answer is there, 2 s at most. An app that sends packets
// on itself cuts the paths: There and Back begin where the last packet-out was.
func (b *Bench) Ping(from, to string) Journey {
	b.t.Helper()
	return *b.pings([][2]string{{from, to}})[0]
}

// PingAll pings between all pairs of hosts at once and gives those that failed.
func (b *Bench) PingAll() (failed []Journey) {
	b.t.Helper()
	var pairs [][2]string
	hosts := b.Model.NodesOfKind(model.Host)
	for _, x := range hosts {
		for _, y := range hosts {
			if x != y {
				pairs = append(pairs, [2]string{b.Model.NodeName(x), b.Model.NodeName(y)})
			}
		}
	}
	for _, j := range b.pings(pairs) {
		if !j.Returned || j.Arrived != 1 {
			failed = append(failed, *j)
		}
	}
	return failed
}

func (b *Bench) pings(pairs [][2]string) []*Journey {
	b.t.Helper()
	out := make([]*Journey, len(pairs))
	var asking []func() bool
	for i, p := range pairs {
		src, dst := b.hosts[b.Node(p[0])], b.hosts[b.Node(p[1])]
		out[i] = &Journey{From: p[0], To: p[1]}
		b.echoes++
		number := b.echoes
		src.echoes[number] = out[i]
		dst.seen[number] = 1
		sent := false
		asking = append(asking, func() bool {
			if mac, known := src.arp[dst.ip]; known && !sent {
				sent = true
				src.send(packet.Echo(src.mac, mac, src.ip, dst.ip, false), packet.EchoPayload(number, number, nil))
			}
			out[i].Arrived = dst.seen[number] - 1
			return out[i].Returned
		})
		if _, known := src.arp[dst.ip]; !known {
			src.send(packet.ARPRequest(src.mac, src.ip, dst.ip), nil)
		}
	}
	for waited := model.Time(0); waited < Patience; waited += 2 * b.most {
		done := true
		for _, ask := range asking {
			done = ask() && done
		}
		if done {
			break
		}
		b.Run(2 * b.most)
	}
	return out
}

func (h *host) send(header packet.Header, payload []byte) {
	for _, a := range h.b.Model.Arcs(h.id) {
		h.b.transmit(h.id, h.b.Model.ArcFrom(a).Port, &trip{header: header, payload: payload})
		return
	}
}

// Inject sends a packet of any kind from a host.
func (b *Bench) Inject(from string, header packet.Header, payload []byte) {
	b.t.Helper()
	b.hosts[b.Node(from)].send(header, payload)
}

// Forget makes a host forget the addresses it has learned.
func (b *Bench) Forget(name string) {
	b.t.Helper()
	clear(b.hosts[b.Node(name)].arp)
}

func (h *host) receive(t *trip) {
	p := &t.header
	switch {
	case p.EthDst != h.mac && !p.EthDst.IsMulticast():
		h.strange++
	case p.EthType == packet.EthTypeARP && p.ARPTPA == h.ip:
		h.arp[p.ARPSPA] = p.ARPSHA
		if p.ARPOp == packet.ARPOpRequest {
			h.send(packet.ARPReply(h.mac, h.ip, p.ARPSHA, p.ARPSPA), nil)
		}
	case p.EthType == packet.EthTypeIPv4 && p.IPDst == h.ip:
		h.echo(t)
	}
}

func (h *host) echo(t *trip) {
	p := &t.header
	is, reply := p.IsEcho()
	if text, ok := bytes.CutPrefix(t.payload, []byte(marked)); ok && len(text) >= 8 && !is {
		n := binary.BigEndian.Uint64(text)
		h.came[n] = append(h.came[n], slices.Clone(t.path))
		return
	}
	number, _, _, err := packet.ParseEcho(t.payload)
	if !is || err != nil {
		return
	}
	if reply {
		if j := h.echoes[number]; j != nil {
			j.Returned, j.Back = true, slices.Clone(t.path)
		}
		return
	}
	h.seen[number]++
	if src := h.b.station(p.IPSrc); src != nil {
		if j := src.echoes[number]; j != nil {
			j.There = slices.Clone(t.path)
		}
	}
	h.send(packet.Echo(h.mac, p.EthSrc, h.ip, p.IPSrc, true), t.payload)
}

func (b *Bench) station(ip packet.IPv4) *host {
	id, ok := b.names.ByIP(uint32(ip))
	if !ok {
		return nil
	}
	return b.hosts[id]
}
