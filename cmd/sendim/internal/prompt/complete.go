package prompt

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"sendim/core"
	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
)

// argument offers what a word of a line may be, to whoever asks for completion.
type argument func(o *offer)

// offer collects words that begin as what is there already.
type offer struct {
	*call
	words []string // before the last one
	begin string   // of the last one
	out   []string
}

func (o *offer) add(words ...string) {
	for _, w := range words {
		if strings.HasPrefix(w, o.begin) && len(o.out) < mostNames {
			o.out = append(o.out, w)
		}
	}
}

func (o *offer) nodes(of func(model.NodeKind) bool) {
	for n := range o.Model.Nodes() {
		if of(n.Kind) {
			o.add(n.Name)
		}
	}
}

func nothing(*offer) {}

func aFile(*offer) {} // files are where the user is, who completes them

func oneOf(words ...string) argument { return func(o *offer) { o.add(words...) } }

func aHost(o *offer) { o.nodes(func(k model.NodeKind) bool { return k == model.Host }) }

func aSwitch(o *offer) { o.nodes(func(k model.NodeKind) bool { return k == model.Switch }) }

func aNode(o *offer) { o.nodes(func(model.NodeKind) bool { return true }) }

func aLink(o *offer) {
	for l := range o.Model.Links() {
		name := o.Model.LinkName(l.ID)
		o.add(name)
		// Either order finds a link that has no id of its own.
		if other, ok := otherOrder(name); ok && strings.Contains(o.begin, "--") && !strings.HasPrefix(name, o.begin) {
			o.add(other)
		}
	}
}

func aCommand(o *offer) {
	for _, c := range commands() {
		if c.name != "" {
			o.add(c.name)
		}
	}
}

func aTable(o *offer) {
	o.add(tableWords()...)
	if o.Capabilities.Has(backend.Processes) {
		o.add("add-flow", "add-group", "add-meter", "del-flows", "del-groups", "del-meters", "dump-aggregate", "dump-desc", "dump-group-features", "dump-group-stats",
			"dump-meter-features", "dump-ports-desc", "dump-table-features", "dump-tables", "get-frags", "meter-stats", "mod-flows", "mod-port", "ping", "queue-stats", "snoop")
	}
}

func aKind(o *offer) {
	for _, k := range trace.Kinds() {
		o.add(string(k))
	}
}

// aPort offers interfaces, as net and intfs name them.
func aPort(o *offer) {
	if len(o.words) == 1 {
		o.add("stop")
	}
	names, err := naming.New(o.Model)
	if err != nil {
		return
	}
	for n := range o.Model.Nodes() {
		for _, a := range o.Model.Arcs(n.ID) {
			at := o.Model.ArcFrom(a)
			if strings.Contains(o.begin, ":") {
				o.add(n.Name + ":" + strconv.Itoa(int(at.Port)))
			} else {
				o.add(names.Interface(n.ID, at.Port))
			}
		}
	}
}

func aFileOrWay(o *offer) {
	switch {
	case o.words[1] == "stop":
		aPort(o)
	case slices.Contains([]string{"-w", "-s"}, o.words[len(o.words)-1]):
	default:
		o.add("-w", "in", "out")
	}
}

func aLinkWord(o *offer) {
	o.add("set", "add", "del")
	aNode(o)
	aLink(o)
}

// anEnd is the second word after link.
func anEnd(o *offer) {
	switch o.words[1] {
	case "set", "del":
		aLink(o)
		fallthrough
	case "add":
		aNode(o)
	default:
		o.peers(o.words[1])
	}
}

// peers offers the nodes that a node has links to; of a link, what can be done to it.
func (o *offer) peers(name string) {
	id, ok := o.Model.NodeByName(name)
	if !ok {
		o.add("up", "down")
		return
	}
	var names []string
	for _, a := range o.Model.Arcs(id) {
		names = append(names, o.Model.NodeName(o.Model.ArcTo(a).Node))
	}
	slices.Sort(names)
	o.add(slices.Compact(names)...)
}

// aLinkState is what follows the ends of a link.
func aLinkState(o *offer) {
	switch {
	case o.words[1] == "add" && len(o.words) == 3:
		aNode(o)
		return
	case o.words[1] == "del" && len(o.words) == 3:
		o.peers(o.words[2])
		return
	case o.words[1] == "add":
		o.add("rate=", "delay=", "jitter=", "loss=", "queue=", "mtu=", "weight=", "id=")
		return
	case o.words[1] != "set":
		if len(o.words) == 3 {
			o.add("up", "down")
		}
		return
	}
	if _, isNode := o.Model.NodeByName(o.words[2]); isNode && len(o.words) == 3 {
		o.peers(o.words[2])
		return
	}
	names := []string{"from"}
	for _, q := range qualities() {
		if o.Capabilities.Has(q.need) {
			names = append(names, q.name)
		}
	}
	last := strings.TrimLeft(o.words[len(o.words)-1], "-")
	if strings.HasPrefix(o.begin, "from=") || last == "from" {
		o.ends()
		return
	}
	for _, name := range names {
		if strings.HasPrefix(o.begin, "-") {
			o.add("--" + name)
		} else {
			o.add(name + "=")
		}
	}
}

// ends offers the nodes that a link to be set joins.
func (o *offer) ends() {
	at := o.words[2:3]
	if len(o.words) > 3 && !strings.HasPrefix(o.words[3], "-") && !strings.Contains(o.words[3], "=") {
		at = o.words[2:4]
	}
	links, err := o.theLinks(at)
	if err != nil {
		return
	}
	prefix := ""
	if strings.HasPrefix(o.begin, "from=") {
		prefix = "from="
	}
	a, b := o.Model.Ends(links[0])
	o.add(prefix+o.Model.NodeName(a.Node), prefix+o.Model.NodeName(b.Node))
}

// aLine is a line of its own, after time.
func aLine(o *offer) {
	rest := *o
	rest.words, rest.out = o.words[1:], nil
	rest.any()
	o.out = append(o.out, rest.out...)
}

// any offers what the last word of a line may be.
func (o *offer) any() {
	if len(o.words) == 0 {
		aCommand(o)
		aNode(o)
		return
	}
	for _, c := range commands() {
		if c.name != o.words[0] {
			continue
		}
		if n := len(c.takes); n > 0 {
			c.takes[min(len(o.words), n)-1](o)
		}
		return
	}
	if _, ok := o.Model.NodeByName(o.words[0]); ok {
		if len(o.words) == 1 {
			o.add("ping")
			if o.Capabilities.Has(backend.Processes) {
				o.add("jobs", "kill", "wait", "cd", "bash")
			}
			return
		}
		aHost(o)
	}
}

// Complete lists what the last word of a text may be; the text may end in a blank.
func (c *Console) Complete(ctx context.Context, text string) ([]string, error) {
	words, err := Split(text)
	if err != nil {
		return nil, nil // within quotes nothing is known
	}
	begin := ""
	if n := len(words); n > 0 && !strings.HasSuffix(text, " ") {
		words, begin = words[:n-1], words[n-1]
	}
	var out []string
	err = c.access.Do(ctx, func(w *core.World) error {
		o := &offer{call: &call{World: w, console: c, ctx: ctx}, words: words, begin: begin}
		o.any()
		slices.Sort(o.out)
		out = slices.Compact(o.out)
		return nil
	})
	return out, err
}
