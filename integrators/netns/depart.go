package netns

import (
	"context"
	"fmt"
	"net/netip"
)

// RemoveLinks takes links away, of each the named end, and with that the other. Of an End
// only Host and Name matter; what is gone already is no error.
func (s *Sandbox) RemoveLinks(ctx context.Context, ends []End) error {
	return inHandfuls(ctx, s, "removing links", ends, func(some []End) message {
		return message{Op: opRemoveLinks, Ends: some}
	})
}

// RemoveHosts ends every process in hosts (SIGKILL) and gives their namespaces up, with
// what interfaces are left in them. It returns when no process is there any more; a host
// that is not there is no error.
func (s *Sandbox) RemoveHosts(ctx context.Context, names []string) error {
	return inHandfuls(ctx, s, "removing hosts", names, func(some []string) message {
		return message{Op: opRemoveHosts, Names: some}
	})
}

// Readdress gives interfaces of hosts that are there their Ethernet address and, where an
// End has an Address, that and the host's default route; other interfaces lose what IPv4
// addresses they have. Of several Ends of a host those without an Address are done first.
func (s *Sandbox) Readdress(ctx context.Context, ends []End) error {
	return inHandfuls(ctx, s, "giving addresses", ends, func(some []End) message {
		return message{Op: opReaddress, Ends: some}
	})
}

// IntroduceTo lets hosts, each by the interface that its End names, know others' Ethernet
// addresses for good. A host is not told of itself.
func (s *Sandbox) IntroduceTo(ctx context.Context, hosts, others []End) error {
	return inHandfuls(ctx, s, "introducing hosts", hosts, func(some []End) message {
		return message{Op: opIntroduceTo, Ends: some, Others: others}
	})
}

// Forget has hosts forget by which Ethernet addresses they reach others, however they have
// learnt it.
func (s *Sandbox) Forget(ctx context.Context, hosts []string, others []netip.Addr) error {
	return inHandfuls(ctx, s, "forgetting hosts", hosts, func(some []string) message {
		return message{Op: opForget, Names: some, Addresses: others}
	})
}

// Hosts are the hosts that the sandbox has, in no order.
func (s *Sandbox) Hosts(ctx context.Context) ([]string, error) {
	r, err := s.ask(ctx, message{Op: opListHosts})
	if err != nil {
		return nil, fmt.Errorf("listing the hosts of sandbox %q: %w", s.label, err)
	}
	return r.Names, nil
}
