package model

import "fmt"

// Failures is a random process: everything that Of selects fails and is repaired again and
// again, each by itself. core/workload draws the concrete list of failures.
type Failures struct {
	ID   string
	Kind ChangeKind // LinkDown, NodeDown, PortDown, ControlDown or ControllerDown
	Of   Selector   // links, nodes, ports or switches; of ControllerDown: ""

	// MTBF is the mean time that something works between a repair and the next failure,
	// MTTR the mean time from a failure to its repair: in the long run it works
	// MTBF/(MTBF+MTTR) of the time.
	MTBF, MTTR Time
	Lives      Lifetime // how times to the next failure are distributed
	Repairs    Lifetime // how times to repair are
	Shape      float64  // of LifetimeWeibull: below 1 failures come early, above 1 with age

	From, Until Time // the first may fail after From, none fails after Until
	Most        int  // how many of them may be down at once; 0: all
}

// Lifetime is a distribution of times.
type Lifetime uint8

// The distributions; their mean is given beside them.
const (
	LifetimeExponential Lifetime = iota
	LifetimeWeibull
	LifetimeConstant
)

var lifetimes = [...]string{"exponential", "weibull", "constant"}

func (l Lifetime) String() string { return choiceName(lifetimes[:], int(l)) }

// LifetimeNames lists the distributions.
func LifetimeNames() []string { return lifetimes[:] }

// DefaultShape is the shape of a Weibull distribution that says none: things that age.
const DefaultShape = 1.5

// MostFailures bounds how many failures one run may have.
const MostFailures = 1_000_000

// OfControl says whether the change concerns control channels and nothing that carries
// packets.
func (c *Change) OfControl() bool { return c.Kind >= ControlDown && c.Kind <= ControlLoss }

// Undo is the kind that ends what the kind does: LinkUp for LinkDown; 0 for none.
func (k ChangeKind) Undo() ChangeKind {
	switch k {
	case LinkDown, NodeDown, PortDown, ControlDown, ControllerDown:
		return k + 1
	}
	return 0
}

// Check says what is wrong with a change: what it names must be there, and its values
// within their ranges.
func (n *Network) Check(c *Change) error {
	node := func() error {
		if c.Node < 0 || int(c.Node) >= n.NodeCount() {
			return fmt.Errorf("%s: there is no node %d", c.Kind, c.Node)
		}
		if n.Gone(c.Node) {
			return fmt.Errorf("%s: %s was removed", c.Kind, n.NodeName(c.Node))
		}
		return nil
	}
	switch c.Kind {
	case LinkDown, LinkUp, LinkRate, LinkDelay, LinkLoss:
		switch {
		case c.Link < 0 || int(c.Link) >= n.LinkCount():
			return fmt.Errorf("%s: there is no link %d", c.Kind, c.Link)
		case n.LinkGone(c.Link):
			return fmt.Errorf("%s: %s was removed", c.Kind, n.LinkName(c.Link))
		case c.Rate < 0:
			return fmt.Errorf("link %s: a rate of %d bit/s", n.LinkName(c.Link), c.Rate)
		case c.Delay < 0:
			return fmt.Errorf("link %s: a delay of %s", n.LinkName(c.Link), c.Delay)
		case !(c.Loss >= 0 && c.Loss <= 1):
			return fmt.Errorf("link %s: a loss of %v", n.LinkName(c.Link), c.Loss)
		case c.Way > BackWay || c.Way != EachWay && (c.Kind == LinkDown || c.Kind == LinkUp):
			return fmt.Errorf("link %s: %s has no direction %d", n.LinkName(c.Link), c.Kind, c.Way)
		}
	case NodeDown, NodeUp:
		return node()
	case MemberLeave, MemberJoin:
		return n.CheckMember(c)
	case PortDown, PortUp:
		if err := node(); err != nil {
			return err
		}
		if _, ok := n.ArcAtPort(c.Node, c.Port); !ok {
			return fmt.Errorf("%s: %s has no port %d", c.Kind, n.NodeName(c.Node), c.Port)
		}
	case ControlDown, ControlUp, ControlDelay, ControlLoss:
		if err := node(); err != nil {
			return err
		}
		switch {
		case n.NodeKindOf(c.Node) != Switch:
			return fmt.Errorf("%s: %s is no switch", c.Kind, n.NodeName(c.Node))
		case c.Kind == ControlDelay && c.Delay <= 0:
			return fmt.Errorf("the control delay of %s is %s; it must be positive", n.NodeName(c.Node), c.Delay)
		case c.Kind == ControlLoss && !(c.Loss >= 0 && c.Loss <= MostControlLoss):
			return fmt.Errorf("the control channel of %s: a loss of %v; it is 0 to %v", n.NodeName(c.Node), c.Loss, MostControlLoss)
		}
	case ControllerDown, ControllerUp:
	default:
		return fmt.Errorf("there is no change of kind %d", c.Kind)
	}
	return nil
}

// MostControlLoss is the highest loss of a control channel: beyond it a connection hardly
// lives, and a loss of it is what is meant.
const MostControlLoss = 0.5
