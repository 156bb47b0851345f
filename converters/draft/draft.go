package draft

import (
	"sendim/core/fault"
	"sendim/core/model"
)

// File is one input as a whole. Name is for error texts and for hints such as an ending.
type File struct {
	Name string
	Data []byte
}

// Coordinates says what the positions of nodes mean.
type Coordinates uint8

// The systems of coordinates.
const (
	NoCoordinates Coordinates = iota // positions are for drawing at most
	Geographic                       // X is the longitude and Y the latitude, in degrees
	Plane                            // X and Y are kilometres
)

// Network is what a file says.
type Network struct {
	File   string // where Line numbers count
	Format string // what the file is, as "Topology Zoo GraphML"
	Name   string // of the network, or ""
	// KeepName says that the name was a model's before: it is kept as it is.
	KeepName bool

	Nodes   []Node
	Links   []Link
	Demands []Matrix

	Coordinates Coordinates
	// Properties are what the file says about the network as a whole; they are only
	// counted, a model has no place for them.
	Properties []model.Property
	Classes    []model.Class
	Flows      []Flow
	Processes  []Process

	// Notes are sentences for the summary: rules of the format that were applied.
	Notes []string
	// Warnings are what the reader left out or doubts.
	Warnings fault.List
}

// Node is one node. ID is the file's own and need not be unique or legal as a name.
type Node struct {
	ID         string
	Label      string         // wanted name; "": ID
	Keep       bool           // the name was one of a model before: keep it as it is, if legal
	Outside    bool           // the file does not list it; a link of the file leads there
	Kind       model.NodeKind // 0: switch
	Placed     bool           // X and Y are set
	X, Y       float64
	Spec       model.NodeSpec
	Identity   model.Identity
	Labels     []string
	Properties []model.Property
	Line       int32 // 0: unknown
}

// Link is one link between two nodes, given by their index in Nodes.
type Link struct {
	ID   string // the file's own id, or ""; kept as the property source.id
	Name string // wanted name of the link in the model, or "" for A--B
	A, B int32
	// Ports says that the file fixes the port numbers.
	Ports        bool
	APort, BPort model.PortNo
	Spec         model.LinkSpec
	Back         *model.LinkSpec // nil: as Spec
	// RateFrom and DelayFrom name what gave Spec its rate and delay, as "LinkSpeedRaw".
	// "" means that the file gives none, unless Spec has one.
	RateFrom, DelayFrom string
	Length              float64 // kilometres; 0 unknown
	// Inside says that the file does not list the link: its ends are parts of one thing.
	// No rule and no default of the caller's gives it a rate or a delay.
	Inside     bool
	Properties []model.Property
	Line       int32
}

// Matrix is a set of demands that holds over one interval. Until 0 stands for the span
// that the caller chooses, from Start.
type Matrix struct {
	Start, Until model.Time
	// Follows says that it begins when the matrix before it ends; Start is not looked at.
	Follows bool
	Demands []Demand
}

// Demand asks for a constant rate between two nodes, given by their index in Nodes.
type Demand struct {
	ID       string
	From, To int32
	Rate     model.Rate
	Line     int32
}

// Flow is a transfer between two nodes, given by their index in Nodes; the flow's own
// From and To are not looked at.
type Flow struct {
	From, To int32
	model.Flow
}

// Process is a command that a host runs.
type Process struct {
	Node int32
	model.Process
}

// Options are the caller's wishes. The zero value is ready.
type Options struct {
	Name  string     // of the network; "": the file's own
	Rate  model.Rate // of links without one; 0 leaves them unlimited
	Delay model.Time // of links for which nothing gives one
	// RouteFactor multiplies distances between coordinates: routes are longer than the
	// great circle. 0 means 1.
	RouteFactor float64
	Hosts       Hosts
	HostSpec    model.LinkSpec // of the links to hosts that are attached
	Largest     bool           // keep the largest component only
	Span        model.Time     // of a matrix that does not say how long it holds; 0: 10 s
	// MaxNodes and MaxLinks bound the result; 0: 20 million and 100 million.
	MaxNodes, MaxLinks int64
}

// Hosts says which switches get hosts of their own.
type Hosts struct {
	PerSwitch int  // this many at each switch
	None      bool // none at all, not even for demands
}

// Result is the model and what there is to say about it.
type Result struct {
	Model    *model.Network
	Summary  Summary
	Warnings fault.List
	Places   model.Locator
}
