package descriptors

// kind is what an attribute's value looks like.
type kind uint8

const (
	text     kind = iota // any text
	id                   // a new id
	ref                  // the id of something else
	end                  // "s1" or "s1:2"
	selector             // model.Selector
	rate
	span // a time
	size
	share // "1%" or "0.01"
	queue
	integer
	number // a decimal number without unit
	boolean
	address  // "10.0.0.1"
	prefix   // "10.0.0.1/24"
	mac      // "00:00:00:00:00:01"
	dpid     // "0x1"
	protport // "tcp/80"
	choice
	href     // a relative path
	fraction // "1/100"
	workers  // "auto" or a number
	digest   // 64 hexadecimal digits
	chunks   // xSDN's chunk language
	gapLaw   // a law of gaps between packets
	spanLaw  // a law of times
	packetLaw
	labels // blank-separated words
	ports  // "s1:2", "s*:*"
)

// attribute is one attribute of an element.
type attribute struct {
	name     string
	kind     kind
	required bool
	blank    bool   // of text: may be empty
	initial  string // the documented default; not filled in by the walker
	choices  []string
	min, max int64 // of integer; max 0: no bound
	doc      string
}

// element is one element at one place of the language: <link> inside <node> is another
// element than <link> inside <system>.
type element struct {
	name     string
	doc      string
	attrs    []attribute
	children []*element
	once     bool // at most one in its parent
	free     bool // further attributes are checked by somebody else: a generator's options
}

func (e *element) child(name []byte) *element {
	for _, c := range e.children {
		if c.name == string(name) {
			return c
		}
	}
	return nil
}

func (e *element) childNames() []string {
	out := make([]string, len(e.children))
	for i, c := range e.children {
		out[i] = c.name
	}
	return out
}

// attribute says whether the element has an attribute of a name.
func (e *element) attribute(name string) bool {
	for i := range e.attrs {
		if e.attrs[i].name == name {
			return true
		}
	}
	return false
}

func (e *element) attrNames() []string {
	out := make([]string, len(e.attrs))
	for i, a := range e.attrs {
		out[i] = a.name
	}
	return out
}

// parentsOf lists, in order, the elements below root that have a child of that name.
func parentsOf(root *element, name string) []string {
	var out []string
	seen := map[string]bool{}
	var visit func(*element)
	visit = func(e *element) {
		for _, c := range e.children {
			if c.name == name && !seen[e.name] {
				seen[e.name] = true
				out = append(out, e.name)
			}
			visit(c)
		}
	}
	visit(root)
	return out
}
