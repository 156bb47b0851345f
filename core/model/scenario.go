package model

import (
	"fmt"
	"slices"
)

// ScenarioStep is what happens to the network at one time, in order.
type ScenarioStep struct {
	At      Time
	Changes []Change
}

// ChangeKind is what a scenario (or a user at the prompt) can do to a living network.
type ChangeKind uint8

// The kinds of changes.
const (
	LinkDown ChangeKind = iota + 1
	LinkUp
	LinkRate  // Rate
	LinkDelay // Delay
	LinkLoss  // Loss
	NodeDown
	NodeUp
	MemberLeave // Service, Node: what it serves already goes on as the load balancer decides
	MemberJoin  // Service, Node, Weight; a member that is there already gets the weight
	PortDown    // Node, Port: taken out of service at this end; the other end sees its link down, too
	PortUp
	ControlDown // Node: the channel between a switch and its controller is cut
	ControlUp
	ControllerDown // the controller is cut off from all switches
	ControllerUp
	ControlDelay // Node, Delay: one way, of a switch's channel
	ControlLoss  // Node, Loss: share of messages that have to be sent again
)

var changeKinds = [...]string{"", "link-down", "link-up", "link-rate", "link-delay", "link-loss", "node-down", "node-up", "member-leave", "member-join",
	"port-down", "port-up", "control-down", "control-up", "controller-down", "controller-up", "control-delay", "control-loss"}

func (k ChangeKind) String() string { return choiceName(changeKinds[:], int(k)) }

// Change is one change of one link, node, port, control channel or member of a service.
type Change struct {
	Kind    ChangeKind
	Link    LinkID // NoLink for nodes
	Node    NodeID // NoNode for links and the controller as a whole
	Port    PortNo // of Node: PortDown, PortUp
	Cause   string // id of the Failures that it was drawn from; "": somebody wrote it down
	Rate    Rate
	Delay   Time
	Loss    float64
	Service string // id of a Service: MemberLeave, MemberJoin
	Weight  int32  // at least 1: MemberJoin
	Way     Way    // LinkRate, LinkDelay, LinkLoss: the directions that change
}

// Way says which directions of a link are meant.
type Way uint8

// The ways.
const (
	EachWay  Way = iota
	ForthWay     // what a link's first end sends
	BackWay      // what its second end sends
)

func (w Way) String() string {
	return choiceName([]string{"both", "forth", "back"}, int(w))
}

// WayFrom is the direction of what a node sends over a link; false if the link is none of
// its.
func (n *Network) WayFrom(l LinkID, id NodeID) (Way, bool) {
	a, b := n.Ends(l)
	switch id {
	case a.Node:
		return ForthWay, true
	case b.Node:
		return BackWay, true
	}
	return EachWay, false
}

// Concerns says whether a direction of a link is meant.
func (w Way) Concerns(a Arc) bool { return w == EachWay || (w == BackWay) == (a&1 == 1) }

// OfMember says whether the change concerns a service's pool and no link or node.
func (c *Change) OfMember() bool { return c.Kind == MemberLeave || c.Kind == MemberJoin }

// CheckMember says what is wrong with a change of a service's pool.
func (n *Network) CheckMember(c *Change) error {
	switch {
	case !slices.ContainsFunc(n.Services, func(s Service) bool { return s.ID == c.Service }):
		return fmt.Errorf("%s: there is no service %q", c.Kind, c.Service)
	case c.Node < 0 || int(c.Node) >= n.NodeCount():
		return fmt.Errorf("%s: there is no node %d", c.Kind, c.Node)
	case n.Gone(c.Node):
		return fmt.Errorf("%s: %s was removed", c.Kind, n.NodeName(c.Node))
	case n.NodeKindOf(c.Node) == Switch:
		return fmt.Errorf("%s: %s is a switch", c.Kind, n.NodeName(c.Node))
	case c.Kind == MemberJoin && c.Weight < 1:
		return fmt.Errorf("%s: a weight of %d; it is at least 1", c.Kind, c.Weight)
	}
	return nil
}

// TestKind is what a test asserts.
type TestKind uint8

// The kinds of tests.
const (
	TestReachable   TestKind = iota + 1 // every pair From x To answers a ping
	TestUnreachable                     // no pair does
	TestThroughput                      // Flow's mean rate is within [MinRate, MaxRate]
	TestLoss                            // Flow's share of lost packets is at most MaxLoss
	TestLatency                         // Flow's mean one-way latency is at most Max
	TestCompletion                      // Flow has finished by Max
	TestShare                           // Nodes carry a share of Service's traffic within [MinShare, MaxShare]
)

var testKinds = [...]string{"", "reachable", "unreachable", "throughput", "loss", "latency", "completion", "share"}

func (k TestKind) String() string { return choiceName(testKinds[:], int(k)) }

// Test is one assertion about a run.
type Test struct {
	Kind             TestKind
	From, To         Selector
	Flow             string
	MinRate, MaxRate Rate // MaxRate 0: no upper bound
	MaxLoss          float64
	Max              Time
	Critical         bool

	// Of TestShare.
	Service            string
	Nodes              Selector // the servers whose share it is, together
	Flows              string   // glob of flow ids; "": all flows to the service
	ByFlows            bool     // count flows, not the bytes that arrived
	MinShare, MaxShare float64  // 0..1
}
