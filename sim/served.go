package sim

import (
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/sim/tcp"
)

// served is what one server has received of a flow to a service.
type served struct {
	host  model.NodeID
	bytes int64
}

// credit notes that a server has received more of a flow to a service.
func (f *run) credit(host model.NodeID, bytes int64) {
	if f.spec.Service == "" || bytes == 0 {
		return
	}
	for i := range f.served {
		if f.served[i].host == host {
			f.served[i].bytes += bytes
			return
		}
	}
	f.served = append(f.served, served{host, bytes})
}

func (w *world) servers(f *run) (out []trace.Served) {
	for _, s := range f.served {
		out = append(out, trace.Served{Node: w.net.NodeName(s.host), Bytes: s.bytes})
	}
	return out
}

const connectionReset = "connection reset by peer"

// refuse answers a segment of a connection that a host does not know, as of one that was
// moved to it from another server (RFC 9293, section 3.5.2).
func (w *world) refuse(f *run, h *host, back packet.Header, now int64) {
	id, x := w.frames.take()
	*x = frame{sent: now, owner: f.index, cargo: segment, on: -1, seg: w.keepSegment(&tcp.Segment{})}
	x.Header = back
	x.Header.TCPFlags = packet.FlagRST | packet.FlagACK
	x.Bytes = uint32(14 + f.tcp.config.HeaderBytes)
	f.inFlight++
	w.send(h, id, x, now)
}

// reset ends a transfer that the other side has refused to go on with.
func (w *world) reset(f *run, now int64) {
	w.account(f, now)
	f.reason = connectionReset
	w.end(f, now)
}
