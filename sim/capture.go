package sim

import (
	"fmt"
	"slices"

	"sendim/core/backend"
	"sendim/core/packet"
)

// capture writes what leaves and reaches a port as pcap.
type capture struct {
	spec   backend.Capture
	arc    uint32 // that leaves the port
	left   int    // -1: no bound
	handle *handle
}

func (w *world) startCapture(spec backend.Capture, h *handle) error {
	a, ok := w.net.ArcAtPort(spec.At.Node, spec.At.Port)
	if !ok {
		return fmt.Errorf("there is no port %s", w.net.PortName(spec.At))
	}
	if err := packet.PcapHeader(spec.Writer); err != nil {
		return err
	}
	c := &capture{spec: spec, arc: uint32(a), left: -1, handle: h}
	if spec.Count > 0 {
		c.left = spec.Count
	}
	w.captures = append(w.captures, c)
	w.watched = true
	h.stop = func() { w.endCapture(c, nil) }
	return nil
}

// captureAt gives a frame that leaves (a leaves the port) or reaches a port to those who
// capture there.
func (w *world) captureAt(a uint32, f *frame, now int64) {
	at := int64(w.outside(now))
	for _, c := range w.captures {
		if c.arc != a || at < 0 {
			continue
		}
		if err := packet.PcapRecord(c.spec.Writer, at, w.bytesOf(f, w.segmentOf(f), false)); err != nil {
			w.endCapture(c, err)
			return
		}
		if c.left--; c.left == 0 {
			w.endCapture(c, nil)
			return
		}
	}
}

func (w *world) endCapture(c *capture, err error) {
	w.captures = slices.DeleteFunc(slices.Clone(w.captures), func(x *capture) bool { return x == c })
	if len(w.captures) == 0 {
		w.captures, w.watched = nil, w.watch != nil
	}
	c.handle.finish(backend.Outcome{Err: err})
}
