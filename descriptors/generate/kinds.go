package generate

// Kind is one shape of network.
type Kind struct {
	Name    string
	Short   string      // what it is, in a line
	Doc     string      // what it is made of, with the names of its nodes
	Source  string      // where it is defined, or ""
	Options []OptionDoc // its own; see All
	Args    []string    // options that "--topo NAME,ARG,ARG" sets, in this order

	// Bound says when Size gives a bound for the links, "" when it never does.
	Bound string

	flat  bool                                               // no links between switches
	check func(v *values, fail func(string, string, ...any)) // what options say of each other, or nil
	size  func(v *values) (switches, hosts, links int64)     // links between switches; a host has one
	build func(v *values, n *net)
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
		star(),
		ring(),
		fullMesh(),
		leafSpine(),
		fatTree(),
		jellyfish(),
		smallWorld(),
		randomGraph(),
		waxman(),
		barabasiAlbert(),
	}
}
