package sim

import (
	"sendim/core/model"
	"sendim/sim/tcp"
)

// tcpOf is how the TCP that a flow names behaves; where nothing is said, as the backend's.
func (w *world) tcpOf(name string) tcp.Config {
	c := w.tcp
	t, ok := w.net.TCPOf(name)
	if !ok || t == (model.TCPOptions{}) && name == "" {
		return c
	}
	c.Control, c.ECN = kindOf(t.Congestion), t.ECN
	if t.InitialWindow > 0 {
		c.InitialWindow = int(t.InitialWindow)
	}
	if t.ReceiveWindow > 0 {
		c.ReceiveWindow = uint64(t.ReceiveWindow)
	}
	if t.AckEvery > 0 {
		c.DelayedACK = int(t.AckEvery)
	}
	if t.AckTimeout > 0 {
		c.DelayedACKTimeout = int64(t.AckTimeout)
	}
	if t.MinRTO > 0 {
		c.MinRTO = int64(t.MinRTO)
		c.InitialRTO = max(c.InitialRTO, c.MinRTO)
	}
	c.SACK = c.SACK && !t.NoSACK
	c.HyStart = c.HyStart && !t.NoHyStart
	c.RenoFriendly = c.RenoFriendly && !t.NoFriendly
	return c
}

func kindOf(c model.Congestion) tcp.Kind {
	switch c {
	case model.NewReno:
		return tcp.NewReno
	case model.DCTCP:
		return tcp.DCTCP
	}
	return tcp.Cubic
}
