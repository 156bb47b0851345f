package netns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"
)

// End is one end of a link: an interface.
type End struct {
	// Host is whose interface it is; "" is the sandbox's own namespace, where switches are.
	Host string `json:"host,omitempty"`
	// Name is the interface's, at most 15 bytes.
	Name string `json:"name"`
	// MAC is its Ethernet address; empty leaves the choice to the kernel.
	MAC net.HardwareAddr `json:"mac,omitempty"`
	// Address is a host's, with the length of its network's prefix; zero for none. A host's
	// default route leads out of the interface that has it.
	Address netip.Prefix `json:"address,omitzero"`
	// MTU in bytes; 0 is 1500.
	MTU int `json:"mtu,omitempty"`
	// Down leaves the interface down when it is made: SetLinks takes it up, with its route.
	Down bool `json:"down,omitempty"`
}

// Link is a pair of interfaces: what enters one leaves the other.
type Link [2]End

// Shaping is what leaves by an interface: how fast, how late, and how much waits.
type Shaping struct {
	Host      string `json:"host,omitempty"`
	Interface string `json:"interface"`
	// Rate in bit/s; 0 for no limit.
	Rate int64 `json:"rate,omitempty"`
	// Packets or, where it is not 0, Bytes bound the queue before a rate.
	Packets int64 `json:"packets,omitempty"`
	Bytes   int64 `json:"bytes,omitempty"`
	// Delay, Jitter and Loss (a share of 1) need netem.
	Delay  time.Duration `json:"delay,omitempty"`
	Jitter time.Duration `json:"jitter,omitempty"`
	Loss   float64       `json:"loss,omitempty"`
	// MTU in bytes; 0 is 1500.
	MTU int `json:"mtu,omitempty"`
	// Adjust only changes the rate of what has one: what waits goes on waiting.
	Adjust bool `json:"adjust,omitempty"`
}

// handful is how many things are made in one request: while the helper makes them it does
// nothing else, and a caller that is called off waits for them.
const handful = 200

// MakeHosts gives each name a network namespace of its own, with the loopback interface up
// and without IPv6, and takes IPv6 from the sandbox's own. Hosts end with the sandbox.
func (s *Sandbox) MakeHosts(ctx context.Context, names []string) error {
	return inHandfuls(ctx, s, "making hosts", names, func(some []string) message {
		return message{Op: opHosts, Names: some}
	})
}

// MakeLinks makes pairs of interfaces, up at both ends unless told otherwise. In hosts, what
// a network card would do for a frame (checksums, segmentation) is switched off, since a
// switch in user space sees frames as they are, and neighbours once learnt stay known.
func (s *Sandbox) MakeLinks(ctx context.Context, links []Link) error {
	return inHandfuls(ctx, s, "making links", links, func(some []Link) message {
		return message{Op: opLinks, Links: some}
	})
}

// Shape makes interfaces as slow, late and lossy as links are. Open vSwitch takes away what
// it finds on a port that is new to it: shape after that.
func (s *Sandbox) Shape(ctx context.Context, list []Shaping) error {
	return inHandfuls(ctx, s, "shaping", list, func(some []Shaping) message {
		return message{Op: opShape, Shapings: some}
	})
}

// SetLinks takes interfaces up or down. Of an End only Host, Name and whether it has an
// Address matter: the default route of a host goes with that interface, and returns.
func (s *Sandbox) SetLinks(ctx context.Context, ends []End, up bool) error {
	return inHandfuls(ctx, s, "setting links", ends, func(some []End) message {
		return message{Op: opSetLinks, Ends: some, Up: up}
	})
}

// inHandfuls asks for some things of a list at a time.
func inHandfuls[T any](ctx context.Context, s *Sandbox, doing string, list []T, request func(some []T) message) error {
	for some := range slices.Chunk(list, handful) {
		if _, err := s.ask(ctx, request(some)); err != nil {
			return fmt.Errorf("%s in sandbox %q: %w", doing, s.label, err)
		}
	}
	return nil
}

// Introduce lets hosts know each other's Ethernet addresses for good, so that none asks by
// ARP. Of each host there is one End, with its Address and MAC.
func (s *Sandbox) Introduce(ctx context.Context, ends []End) error {
	names := make([]string, len(ends))
	for i := range ends {
		names[i] = ends[i].Host
	}
	return inHandfuls(ctx, s, "introducing hosts", names, func(some []string) message {
		return message{Op: opIntroduce, Names: some, Ends: ends}
	})
}

// Devices is a host's /proc/net/dev.
func (s *Sandbox) Devices(ctx context.Context, host string) (io.ReadCloser, error) {
	r, err := s.ask(ctx, message{Op: opDevices, Host: host})
	if err != nil {
		return nil, fmt.Errorf("reading the counters of %s: %w", host, err)
	}
	return io.NopCloser(bytes.NewReader(r.Text)), nil
}

// CommandIn is Command in a host: in its network namespace and, from its first command on,
// in a mount namespace of its own in which /sys shows the host's interfaces.
func (s *Sandbox) CommandIn(host string) func(ctx context.Context, argv []string, dir string, env []string, stdio [3]*os.File) (*Process, error) {
	return func(ctx context.Context, argv []string, dir string, env []string, stdio [3]*os.File) (*Process, error) {
		if host == "" {
			return nil, errors.New("starting a process: no host named")
		}
		return s.command(ctx, host, argv, dir, env, stdio)
	}
}
