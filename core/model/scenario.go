package model

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
)

var changeKinds = [...]string{"", "link-down", "link-up", "link-rate", "link-delay", "link-loss", "node-down", "node-up"}

func (k ChangeKind) String() string { return choiceName(changeKinds[:], int(k)) }

// Change is one change of one link or node.
type Change struct {
	Kind  ChangeKind
	Link  LinkID // NoLink for nodes
	Node  NodeID // NoNode for links
	Rate  Rate
	Delay Time
	Loss  float64
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
)

var testKinds = [...]string{"", "reachable", "unreachable", "throughput", "loss", "latency", "completion"}

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
}
