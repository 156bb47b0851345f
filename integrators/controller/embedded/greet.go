package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/integrators/controller/embedded/wire"
)

// The transaction ids of the handshake; own ids have the top bit (see xid.go).
const (
	xidHello = own + iota
	xidFeatures
	xidConfig
	xidPorts
	xidAsync
	xidFirst // of what comes later
)

// greet is the handshake: hello, features, configuration, ports (sections 6.3.1 and 7.3).
func (k *conn) greet() ([]flow.PortState, error) {
	if err := k.net.SetDeadline(time.Now().Add(k.owner.cfg.Handshake)); err != nil {
		return nil, err
	}
	hello, err := wire.Hello(xidHello, k.owner.versions)
	if err != nil {
		return nil, err
	}
	if _, err := k.net.Write(hello); err != nil {
		return nil, err
	}
	// Whoever speaks something else is not waited for: its length means nothing.
	if head, err := k.read.Peek(2); err == nil && wire.Type(head[1]) != wire.TypeHello {
		return nil, fmt.Errorf("the first message has type %d and is no hello", head[1])
	}
	if head, err := k.read.Peek(4); err == nil && binary.BigEndian.Uint16(head[2:]) > helloMost {
		return nil, fmt.Errorf("its hello has more than %d bytes", helloMost)
	}
	m, err := wire.Read(k.read)
	if err != nil {
		return nil, k.patience(err)
	}
	if err := k.agree(m); err != nil {
		return nil, err
	}
	v := k.speaks.Version()
	request, err := k.speaks.Request(xidPorts, wire.PartPorts)
	if err != nil {
		return nil, err
	}
	if _, err := k.net.Write(slices.Concat(wire.FeaturesRequest(v, xidFeatures), wire.SetConfig(v, xidConfig), k.speaks.SetAsync(xidAsync), request)); err != nil {
		return nil, err
	}
	ports, err := k.introduction()
	if err != nil {
		return nil, k.patience(err)
	}
	k.heard.Store(int64(time.Since(k.owner.began)))
	return ports, k.net.SetDeadline(time.Time{})
}

// helloMost is more than any hello has, and little enough to wait for from whoever dials.
const helloMost = 4096

// introduction reads until features and ports are there.
func (k *conn) introduction() ([]flow.PortState, error) {
	var list []flow.PortState
	known, complete := false, false
	for !known || !complete {
		m, err := wire.Read(k.read)
		if err != nil {
			return nil, err
		}
		if err := k.agreed(m); err != nil && m.Type() != wire.TypeError { // which may be about the version
			return nil, err
		}
		switch m.Type() {
		case wire.TypeFeaturesReply:
			f, err := wire.DecodeFeatures(m)
			if err != nil {
				return nil, err
			}
			node, ours := k.owner.member(f.DPID)
			if !ours {
				node = model.NoNode
			}
			switch {
			case known && f.DPID != k.dpid:
				return nil, fmt.Errorf("datapath id %#x has become %#x in one breath", k.dpid, f.DPID)
			case !ours && k.owner.cfg.Unknown == nil:
				return nil, fmt.Errorf("datapath id %#x is none of this run's", f.DPID)
			case f.Auxiliary != 0:
				return nil, fmt.Errorf("datapath id %#x: auxiliary connections are not served", f.DPID)
			}
			k.dpid, k.node, known = f.DPID, node, true
		case wire.TypeMultipartReply:
			kind, more, body, err := wire.DecodeMultipart(m)
			if err != nil {
				return nil, err
			}
			if kind != wire.PartPorts || m.Xid() != xidPorts {
				continue
			}
			part, err := k.speaks.DecodePorts(body)
			if err != nil {
				return nil, err
			}
			list, complete = append(list, part...), !more
		case wire.TypePortStatus:
			p, _, err := k.speaks.DecodePortStatus(m)
			if err != nil {
				return nil, err
			}
			list = append(list, p) // supersedes what the description says
		case wire.TypeEchoRequest:
			if _, err := k.net.Write(wire.EchoReply(m)); err != nil {
				return nil, err
			}
		case wire.TypeError:
			r, err := wire.DecodeError(m)
			if err != nil {
				return nil, err
			}
			if r.Xid != xidAsync { // without it, too, a switch can be served
				return nil, errors.New(r.Reason())
			}
		}
		if len(list) > portMost {
			return nil, fmt.Errorf("it describes more than %d ports", portMost)
		}
	}
	return tidyPorts(list), k.admit()
}

// admit asks for the node of a switch that is none of the run's. It is asked once for a
// connection, and only when the switch has said all that it must: who is taken in stays.
func (k *conn) admit() error {
	if k.node != model.NoNode {
		return nil
	}
	node, ours := k.owner.cfg.Unknown(k.dpid)
	if !ours {
		return fmt.Errorf("datapath id %#x is not taken in: there are as many switches as may be, or it is nobody's", k.dpid)
	}
	k.node = node
	return nil
}

// portMost is more than any switch has, and little enough to hold.
const portMost = 1 << 17

// patience says that a handshake took too long, where it did.
func (k *conn) patience(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it did not introduce itself within %v", k.owner.cfg.Handshake)
	}
	return err
}
