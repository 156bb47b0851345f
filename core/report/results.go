package report

import (
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// Results is everything that is known about a run after its end.
type Results struct {
	Manifest Manifest
	Topology Topology
	Flows    []Flow // by start time, then in the order in which they ended
	Links    []Link // two per link, one for each direction, in the order of the model
	Series   []Point
	Followed Followed
	Tables   []Table // by switch, in the order of the model
	Tests    []trace.Verdict
	Pings    []trace.PingResult // the last of each pair, in the order of first asking
	Metrics  []Metric
	Load     []trace.Load
	Warnings []string
	End      model.Time // when time stopped
	Belief   Belief

	Completions []Completion // of flows of a size, in the order of Flows; of repetitions: of all of them
}

// State is where a run stands.
type State string

// The states. A run whose state is Running but whose process is gone was lost.
const (
	Running     State = "running"
	Finished    State = "finished"
	Interrupted State = "interrupted"
	Failed      State = "failed"
)

// Manifest says what was run, with what and where; manifest.json.
type Manifest struct {
	ID           string            `json:"id"`
	Network      string            `json:"network"`
	Deployment   string            `json:"deployment,omitempty"`
	State        State             `json:"state"`
	Error        string            `json:"error,omitempty"`
	Backend      string            `json:"backend"`
	Version      string            `json:"version"`
	Command      []string          `json:"command,omitempty"`
	Started      string            `json:"started"` // RFC 3339 with fractions, of the wall clock
	Ended        string            `json:"ended,omitempty"`
	PID          int               `json:"pid,omitempty"`
	Seed         uint64            `json:"seed"`
	Nodes        int               `json:"nodes"`
	LinkCount    int               `json:"links"`
	Sources      []Source          `json:"sources,omitempty"`
	Applications []Application     `json:"applications"`
	Scale        map[string]string `json:"scale,omitempty"`
	Capabilities []string          `json:"capabilities,omitempty"`
	Degraded     []Degraded        `json:"degraded,omitempty"`
	Facts        map[string]string `json:"facts,omitempty"` // versions and findings of the backend and the machine
	Digest       string            `json:"digest,omitempty"`
	Members      []string          `json:"members,omitempty"` // of repetitions: the ids of the single runs
	Notices      []string          `json:"notices,omitempty"`
	BuildSeconds float64           `json:"build_s,omitempty"` // of the wall clock, from nothing to t=0
	Build        []Phase           `json:"build,omitempty"`   // what it went into, in order, where the world measures it
	Choice       *Choice           `json:"choice,omitempty"`
}

// Phase is a stretch of bringing a world up.
type Phase struct {
	Name    string  `json:"phase"`
	Seconds float64 `json:"s"`
}

// Choice says how a world was chosen where that was left to the machine.
type Choice struct {
	Asked    string  `json:"asked"` // the world asked for, or preferred
	Taken    string  `json:"taken"` // the world that carried the run
	Reason   string  `json:"reason"`
	Budget   float64 `json:"budget_s,omitempty"`
	Estimate float64 `json:"estimate_s,omitempty"` // of bringing the world asked for up; 0: not known
	Memory   float64 `json:"estimate_bytes,omitempty"`
}

// Source is a file that the run was made of.
type Source struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"`
}

// Application is one app of the run.
type Application struct {
	Name    string            `json:"name"`
	Plugin  string            `json:"plugin"`
	Version string            `json:"version,omitempty"`
	SHA256  string            `json:"sha256,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
}

// Degraded is something the model asks for that this run went without.
type Degraded struct {
	Capability string `json:"capability"`
	Reason     string `json:"reason"`
}

// Topology is the network as it is drawn.
type Topology struct {
	Nodes []Node
	Links []Edge
}

// Node is a node of the drawing. Lat and Lon, in degrees, hold if Placed.
type Node struct {
	Name     string
	Kind     model.NodeKind
	Placed   bool
	Lat, Lon float64
}

// Edge joins two nodes of a Topology by their indices.
type Edge struct {
	Name string
	A, B int
	Rate model.Rate
}

// Flow is the result of one flow. Of repetitions, the numbers are means over Runs runs
// and RateError is half the width of the 95 % confidence interval of the rate.
type Flow struct {
	trace.FlowResult
	RateError float64 `json:"rateError,omitempty"`
	Runs      int     `json:"runs,omitempty"`
}

// Finished says whether the flow ended.
func (f *Flow) Finished() bool { return f.Finish >= 0 }

// Loss is the share of packets sent that never arrived.
func (f *Flow) Loss() float64 {
	if f.Sent == 0 {
		return 0
	}
	return float64(f.Lost) / float64(f.Sent)
}

// Link is what one direction of a link carried over the whole run.
type Link struct {
	Name        string
	From, To    string
	Rate        model.Rate // 0: unlimited
	Packets     int64
	Bytes       int64
	Drops       int64
	Utilisation float64 // mean share of the rate, 0..1; 0 when unlimited
	Peak        float64 // of the busiest sample
	Measured    float64 // rate got when saturated, bit/s; 0 when never saturated or unknown
	BytesError  float64 // of repetitions: half the width of the 95 % confidence interval
}

// Point is one sample of one direction of a link.
type Point struct {
	At          model.Time // end of the sample
	Link        string
	From, To    string
	Rate        float64 // carried, bit/s
	Utilisation float64
	Drops       int64
	Queue       float64
	Span        model.Time
}

// Metric is a number that an app reported.
type Metric struct {
	At    model.Time
	App   string
	Name  string
	Value float64
}

// Table is what one switch had at the end.
type Table struct {
	Switch string           `json:"switch"`
	As     string           `json:"as,omitempty"` // in tables.json only: the switch before it whose Rules it has
	Rules  []flow.RuleStat  `json:"rules"`
	Groups []flow.GroupStat `json:"groups,omitempty"`
	Meters []flow.MeterStat `json:"meters,omitempty"`
	Ports  []flow.PortStat  `json:"ports,omitempty"` // those that have carried something
}

// Belief says whether the results can be believed.
type Belief struct {
	Verdict string   `json:"verdict"` // Believed, Disbelieved or Unjudged
	Reasons []string `json:"reasons,omitempty"`
}

// Valid says that nothing speaks against the results.
func (b Belief) Valid() bool { return b.Verdict != Disbelieved }

// Judged says that there was time enough to tell.
func (b Belief) Judged() bool { return b.Verdict != Unjudged }

// Passed counts the tests that passed.
func (r *Results) Passed() int {
	n := 0
	for _, t := range r.Tests {
		if t.Passed {
			n++
		}
	}
	return n
}
