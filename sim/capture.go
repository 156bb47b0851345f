package sim

import (
	"fmt"
	"slices"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/packet"
)

// capture writes what leaves and reaches a port as pcap.
type capture struct {
	spec   backend.Capture
	arc    uint32 // that leaves the port
	left   int    // 0 and less: no bound
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
	c := &capture{spec: spec, arc: uint32(a), left: spec.Count, handle: h}
	w.captures = append(w.captures, c)
	w.watched = true
	h.stop = stopCapture{w, c}
	return nil
}

// captureAt gives a frame that leaves (a leaves the port) or reaches a port to those who
// capture there.
func (w *world) captureAt(a uint32, f *frame, way model.Direction, now int64) {
	at := int64(w.outside(now))
	for _, c := range w.captures { // endCapture makes a new list
		if c.arc != a || at < 0 || c.spec.Direction != model.BothWays && c.spec.Direction != way {
			continue
		}
		bytes := w.bytesOf(f, w.segmentOf(f), false)
		wire := len(bytes)
		if c.spec.Snap > 0 {
			bytes = bytes[:min(wire, c.spec.Snap)]
		}
		err := packet.PcapRecordCut(c.spec.Writer, at, bytes, wire)
		if c.left--; err != nil || c.left == 0 {
			w.endCapture(c, err)
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
