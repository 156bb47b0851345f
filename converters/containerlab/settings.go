package containerlab

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// topology is the file's own, before nodes get what they inherit.
type topology struct {
	defaults, kinds, groups *value
}

// kindOf finds a node's kind, as containerlab does (types/topology.go, GetNodeKind): its
// own, that of its group, of the default group, the default.
func (t topology) kindOf(node *value) string {
	for _, kind := range []string{node.get("kind").scalar(), t.groups.get(node.get("group").scalar()).get("kind").scalar(),
		t.groups.get(t.defaults.get("group").scalar()).get("kind").scalar()} {
		if kind != "" {
			return kind
		}
	}
	return t.defaults.get("kind").scalar()
}

// groupOf finds its group: its own, that of its kind, the default.
func (t topology) groupOf(node *value, kind string) string {
	for _, group := range []string{node.get("group").scalar(), t.kinds.get(kind).get("group").scalar()} {
		if group != "" {
			return group
		}
	}
	return t.defaults.get("group").scalar()
}

// settings merges what a node says with what it inherits, the nearer over the farther:
// the defaults, its kind, its group, itself. Variables and labels merge key by key, lists
// of commands and files are joined, all else is replaced.
func (t topology) settings(node *value) []member {
	kind := t.kindOf(node)
	var out []member
	at := map[string]int{}
	if kind != "" {
		out = append(out, member{"kind", &value{line: node.line, kind: yaml.ScalarNode, tag: "!!str", text: kind}})
		at["kind"] = 0
	}
	for _, layer := range []*value{t.defaults, t.kinds.get(kind), t.groups.get(t.groupOf(node, kind)), node} {
		if layer == nil {
			continue
		}
		for _, m := range layer.members {
			i, there := at[m.name]
			switch {
			case m.name == "kind" || m.empty():
			case !there:
				at[m.name] = len(out)
				out = append(out, m)
			default:
				out[i].value = merge(m.name, out[i].value, m.value)
			}
		}
	}
	return out
}

func merge(name string, far, near *value) *value {
	switch {
	case near.kind == yaml.MappingNode && far.kind == yaml.MappingNode && united(name):
		out := &value{line: near.line, kind: yaml.MappingNode}
		at := map[string]int{}
		for _, layer := range []*value{far, near} {
			for _, m := range layer.members {
				if i, there := at[m.name]; there {
					if name == "config" { // {vars: {...}}
						m.value = merge(name, out.members[i].value, m.value)
					}
					out.members[i] = m
				} else {
					at[m.name] = len(out.members)
					out.members = append(out.members, m)
				}
			}
		}
		return out
	case near.kind == yaml.SequenceNode && far.kind == yaml.SequenceNode && joined(name):
		out := &value{line: near.line, kind: yaml.SequenceNode}
		for _, item := range far.items {
			if name != "binds" || !replaced(item, near.items) {
				out.items = append(out.items, item)
			}
		}
		out.items = append(out.items, near.items...)
		return out
	}
	return near
}

// united says whether a mapping is merged key by key; others are replaced as a whole.
func united(name string) bool {
	switch name {
	case "env", "labels", "sysctls", "config", "certificate", "stages":
		return true
	}
	return false
}

func joined(name string) bool {
	switch name {
	case "exec", "binds", "env-files", "devices", "cap-add":
		return true
	}
	return false
}

// replaced says whether a later bind has the same place in the container.
func replaced(bind *value, later []*value) bool {
	place := func(v *value) string {
		parts := strings.Split(v.scalar(), ":")
		return parts[min(1, len(parts)-1)]
	}
	for _, l := range later {
		if place(l) == place(bind) {
			return true
		}
	}
	return false
}
