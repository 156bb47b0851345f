package generate

import "sendim/core/model"

// Kind is one shape of network.
type Kind struct {
	Name    string
	Doc     string
	Options []OptionDoc // its own; every kind has the common ones as well
	Args    []string    // options that "--topo NAME,ARG,ARG" sets, in this order

	size  func(v *values) (nodes, links int64)
	build func(v *values, n *net)
}

// OptionDoc describes an option.
type OptionDoc struct {
	Name     string
	Alias    string // another name for it, or ""
	Initial  string // default
	Doc      string
	min, max int64 // of whole numbers
	even     bool  // must be even
	text     bool  // not a number
}

// Kinds is the table of all kinds.
func Kinds() []Kind {
	return []Kind{
		minimal(),
		single(),
		reversed(),
		linear(),
		tree(),
		torus(),
		fatTree(),
	}
}

// Common lists the options that every kind has.
func Common() []OptionDoc {
	return []OptionDoc{
		{Name: "prefix", Doc: "goes before every node's name", text: true},
		{Name: "rate", Initial: "unlimited", Doc: "rate of every link", text: true},
		{Name: "delay", Initial: "0s", Doc: "one-way delay of every link", text: true},
		{Name: "loss", Initial: "0%", Doc: "loss of every link", text: true},
		{Name: "queue", Initial: model.DefaultQueue.String(), Doc: "queue of every port", text: true},
	}
}

// most bounds single numbers, so that products stay far from overflow.
const most = 1 << 40
