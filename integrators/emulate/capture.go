package emulate

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/shell"
)

// capture writes what passes a port, by tcpdump, with the times of the run. It returns
// when the capture has begun.
func (w *world) capture(ctx context.Context, c backend.Capture) (backend.Handle, error) {
	if !w.session.caps.Has(backend.Captures) {
		return nil, fault.New(fault.MissingCapability, fault.Place{}, "%s: %s", backend.Captures, w.session.caps.Missing[backend.Captures])
	}
	if c.At.Node < 0 || int(c.At.Node) >= w.net().NodeCount() {
		return nil, fmt.Errorf("capture: there is no node %d", c.At.Node)
	}
	if err := w.here(c.At.Node); err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	arc, ok := w.net().ArcAtPort(c.At.Node, c.At.Port)
	if !ok {
		return nil, fmt.Errorf("capture: there is no port %s", w.net().PortName(c.At))
	}
	iface := w.names().Interface(c.At.Node, c.At.Port)
	argv := []string{"tcpdump", "-i", iface, "-U", "--immediate-mode", "-n", "-s", strconv.Itoa(c.Snap), "-B", "16384", "--time-stamp-precision=nano", "-Z", "root", "-w", "-"}
	if c.Count > 0 {
		argv = append(argv, "-c", strconv.Itoa(c.Count))
	}
	if c.Direction != model.BothWays {
		argv = append(argv, "-Q", c.Direction.String())
	}
	run := w.place.run
	if w.net().NodeKindOf(c.At.Node) != model.Switch {
		var err error
		if run, err = w.ground.inside(c.At.Node); err != nil {
			return nil, err
		}
	}
	begun := make(chan struct{})
	r, stdout := io.Pipe()
	said := &listening{begun: begun}
	p, err := run.Start(w.processes, shell.Cmd{Argv: argv, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: said})
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	select {
	case <-begun:
	case <-p.Done():
		err := p.Wait()
		if said.isDown() {
			return nil, fault.New(fault.NotYet, fault.Place{}, "capture: %s is down, and nothing can be captured there before it is up again", iface)
		}
		return nil, fmt.Errorf("capture: %w", errors.Join(err, errors.New("it ended at once")))
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), p.Stop(time.Second))
	}
	carry := w.action
	if c.Count == 0 { // it ends when the network does: nobody waits for it
		carry = func(what func(context.Context) backend.Outcome) *handle { return w.aside(what, func() {}) }
	}
	return carry(func(ctx context.Context) backend.Outcome {
		ctx, ended := w.needing(ctx, arc.Link(), c.At.Node)
		defer ended()
		written := make(chan error, 1)
		go func() {
			zero := time.Now().UnixNano() - int64(w.now()/model.Nanosecond)
			begun := w.still.until(time.Now().UnixNano())
			err := rewrite(r, c.Writer, func(wall int64) int64 { return wall - zero - w.still.until(wall) + begun })
			_ = r.CloseWithError(io.ErrClosedPipe) // a writer that failed: what comes is dropped
			written <- err
		}()
		select {
		case err := <-written:
			_ = p.Stop(time.Second)
			return backend.Outcome{Err: removedOr(ctx, "capture", err)}
		case <-ctx.Done():
		case <-p.Done():
		}
		_ = p.Stop(time.Second) // returns when all it wrote has gone through
		_ = stdout.Close()
		return backend.Outcome{Err: removedOr(ctx, "capture", <-written)}
	}), nil
}

// listening notices that tcpdump has begun: it says so.
type listening struct {
	begun chan struct{}
	text  strings.Builder
	said  bool
}

func (l *listening) Write(p []byte) (int, error) {
	if !l.said {
		l.text.Write(p)
		if strings.Contains(l.text.String(), "listening on") {
			l.said = true
			close(l.begun)
		}
	}
	return len(p), nil
}

// isDown says, once tcpdump has ended, whether that was because the interface was down.
func (l *listening) isDown() bool { return strings.Contains(l.text.String(), "is not up") }

// longest is the longest frame a capture may have, in bytes: what packet.PcapRecord takes.
const longest = 1 << 18

// rewrite copies a capture file of this machine's byte order with nanoseconds, with its
// times, nanoseconds since 1970, as those of the run.
func rewrite(r io.Reader, to io.Writer, when func(wall int64) int64) error {
	in := bufio.NewReaderSize(r, 1<<16)
	var head [24]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil // it was stopped before it began
		}
		return err
	}
	const nanoMagic = 0xa1b23c4d
	if binary.NativeEndian.Uint32(head[:]) != nanoMagic {
		return fmt.Errorf("tcpdump's capture begins with %x", head[:4])
	}
	if err := packet.PcapHeader(to); err != nil {
		return err
	}
	for {
		var h [16]byte
		if _, err := io.ReadFull(in, h[:]); err != nil {
			return nil // the end, or cut short by the end of tcpdump
		}
		word := func(i int) int64 { return int64(binary.NativeEndian.Uint32(h[4*i:])) }
		if word(2) > longest {
			return fmt.Errorf("tcpdump's capture has a frame of %d bytes", word(2))
		}
		frame := make([]byte, word(2))
		if _, err := io.ReadFull(in, frame); err != nil {
			return nil
		}
		at := max(0, when(word(0)*1e9+word(1))*int64(model.Nanosecond))
		if err := packet.PcapRecord(to, at, frame); err != nil {
			return err
		}
	}
}
