package sim

import (
	"errors"
	"fmt"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// ping is a series of echoes under way.
type ping struct {
	index    int32
	from     *host
	to       packet.IPv4
	spec     backend.Ping
	sent     int
	answered []bool
	times    spread
	handle   *handle
	flow     *run // the ICMP flow it is, or nil
	received int
	reason   string // why it ended before its time, or ""
}

// echoBytes is an echo's frame: Ethernet, IPv4 and ICMP headers and the payload.
func echoBytes(payload int) int { return 14 + 20 + 8 + payload }

func (w *world) startPing(spec backend.Ping, now int64) (*ping, error) {
	h, err := w.hostOf(spec.From)
	if err != nil {
		return nil, err
	}
	if _, err := w.hostOf(spec.To); err != nil {
		return nil, err
	}
	if gone := w.goneEnd(&model.Flow{From: spec.From, To: spec.To}); gone != model.NoNode {
		return nil, fmt.Errorf("%s was removed", w.net.NodeName(gone))
	}
	if spec.Count <= 0 {
		spec.Count = 1
	}
	if spec.Interval <= 0 {
		spec.Interval = model.Second
	}
	if spec.Timeout <= 0 {
		spec.Timeout = model.Second
	}
	if spec.Size <= 0 {
		spec.Size = 56
	}
	p := &ping{index: int32(len(w.pings)), from: h, to: w.address.HostIP(spec.To), spec: spec, answered: make([]bool, spec.Count)}
	w.pings = append(w.pings, p)
	w.echoes++
	w.schedule(now, h.id, onEcho, uint32(p.index), 0)
	return p, nil
}

func (w *world) sendEcho(p *ping, now int64) {
	if p == nil {
		return
	}
	if p.spec.From == p.spec.To { // never leaves the host
		p.sent++
		p.received++
		p.times.add(0)
		if p.sent < p.spec.Count {
			w.schedule(now+int64(p.spec.Interval), p.from.id, onEcho, uint32(p.index), 0)
		} else {
			w.endPing(p, now)
		}
		return
	}
	id, f := w.frameOf(packet.Echo(w.live(p.from).mac, 0, w.live(p.from).ip, p.to, false), echoBytes(p.spec.Size), now)
	f.cargo, f.owner, f.seq = echo, p.index, uint32(p.sent)
	if p.flow != nil {
		f.Header.DSCP = p.flow.header.DSCP
	}
	p.sent++
	if p.sent < p.spec.Count {
		w.schedule(now+int64(p.spec.Interval), p.from.id, onEcho, uint32(p.index), 0)
	} else {
		w.schedule(now+int64(p.spec.Timeout), p.from.id, onPatience, uint32(p.index), 0)
	}
	w.send(p.from, id, f, now)
}

// hearEcho answers a request or takes an answer.
func (w *world) hearEcho(h *host, l *life, id uint32, f *frame, now int64) {
	p := &f.Header
	if p.ICMPType == packet.ICMPEchoRequest {
		answer, x := w.frameOf(packet.Echo(l.mac, 0, l.ip, p.IPSrc, true), int(f.Bytes), now)
		x.cargo, x.owner, x.seq, x.sent, x.Header.DSCP = f.cargo, f.owner, f.seq, f.sent, p.DSCP // as Linux answers
		w.release(id, f)
		w.send(h, answer, x, now)
		return
	}
	if f.cargo == echo && p.ICMPType == packet.ICMPEchoReply {
		if g := w.pings[f.owner]; g != nil && g.from == h && p.IPSrc == g.to && !g.answered[f.seq] && now-f.sent <= int64(g.spec.Timeout) {
			g.answered[f.seq] = true
			g.received++
			g.times.add(now - f.sent)
			if g.received == g.spec.Count {
				w.endPing(g, now)
			}
		}
	}
	w.release(id, f)
}

func (w *world) endPing(p *ping, now int64) {
	if p == nil || w.pings[p.index] != p {
		return
	}
	w.pings[p.index] = nil
	if w.apart {
		w.note(record{what: pinged, ping: p})
		return
	}
	w.tellPing(p, now)
}

func (w *world) tellPing(p *ping, now int64) {
	w.echoes--
	least, mean, most := p.times.summary()
	result := &trace.PingResult{From: w.net.NodeName(p.spec.From), To: w.net.NodeName(p.spec.To), Sent: p.sent, Received: p.received,
		Min: least, Mean: mean, Max: most}
	if p.flow != nil {
		if p.reason != "" {
			p.flow.reason = p.reason
		}
		p.flow.sent, p.flow.received, p.flow.latency = int64(p.sent), int64(p.received), p.times
		p.flow.lost = int64(p.sent - p.received)
		p.flow.offered, p.flow.bytes = int64(p.sent*p.spec.Size), int64(p.received*p.spec.Size)
		p.flow.last = now
		w.end(p.flow, now)
		return
	}
	outcome := backend.Outcome{Ping: result}
	if p.reason != "" {
		outcome.Err = errors.New(p.reason)
	}
	w.emit(&trace.Entry{At: w.outside(now), Kind: trace.PingEnd, Ping: result, Reason: p.reason})
	p.handle.finish(outcome)
}
