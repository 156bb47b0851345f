package topologyzoo

import (
	"fmt"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/model"
)

// Attributes of our own. A model written with them is read back as it was.
const (
	ownFormat  = "sendim.format"
	ownNetwork = "sendim.network"
	ownClasses = "sendim.classes" // ID=MIN:MAX:PRIORITY, ...

	ownName   = "sendim.name"
	ownKind   = "sendim.kind"
	ownDPID   = "sendim.dpid"
	ownMAC    = "sendim.mac"
	ownIP     = "sendim.ip"
	ownLabels = "sendim.labels"
	ownCPU    = "sendim.cpu" // thousandths of a core
	ownMemory = "sendim.memory"
	ownDisk   = "sendim.disk"

	ownID    = "sendim.id"
	ownFrom  = "sendim.from" // the node that the ports and specs count from
	ownPorts = "sendim.ports"
	ownSpec  = "sendim."      // rate, delay, ... of the way there
	ownBack  = "sendim.back." // and back, where it differs
)

type ownKey struct{ name, domain, kind string }

func ownKeys() []ownKey {
	keys := []ownKey{{ownFormat, "graph", "int"}, {ownNetwork, "graph", "string"}, {ownClasses, "graph", "string"},
		{ownName, "node", "string"}, {ownKind, "node", "string"}, {ownDPID, "node", "string"}, {ownMAC, "node", "string"}, {ownIP, "node", "string"},
		{ownLabels, "node", "string"}, {ownCPU, "node", "long"}, {ownMemory, "node", "string"}, {ownDisk, "node", "string"},
		{ownID, "edge", "string"}, {ownFrom, "edge", "string"}, {ownPorts, "edge", "string"}}
	for _, way := range [2]string{ownSpec, ownBack} {
		for _, name := range specNames() {
			keys = append(keys, ownKey{way + name, "edge", "string"})
		}
	}
	return keys
}

type field struct{ name, value string }

// nodeFields are what ours say of a node; zero values are left out.
func nodeFields(v model.Node) []field {
	out := []field{{ownName, v.Name}, {ownKind, v.Kind.String()}}
	add := func(is bool, name, format string, args ...any) {
		if is {
			out = append(out, field{name, fmt.Sprintf(format, args...)})
		}
	}
	id := v.Identity
	add(id.DPID != 0, ownDPID, "0x%x", id.DPID)
	add(id.HasMAC, ownMAC, "%012x", id.MAC)
	add(id.IP != 0 || id.Prefix != 0, ownIP, "%d.%d.%d.%d/%d", byte(id.IP>>24), byte(id.IP>>16), byte(id.IP>>8), byte(id.IP), id.Prefix)
	add(len(v.Labels) > 0, ownLabels, "%s", strings.Join(v.Labels, " "))
	add(v.Spec.CPU != 0, ownCPU, "%d", v.Spec.CPU)
	add(v.Spec.Memory != 0, ownMemory, "%v", v.Spec.Memory)
	add(v.Spec.Disk != 0, ownDisk, "%v", v.Spec.Disk)
	return out
}

// linkFields are what ours say of a link; the way back says only what differs.
func linkFields(n *model.Network, l model.Link) []field {
	var out []field
	if n.HasLinkName(l.ID) {
		out = append(out, field{ownID, n.LinkName(l.ID)})
	}
	out = append(out, field{ownFrom, n.NodeName(l.A.Node)}, field{ownPorts, fmt.Sprintf("%d:%d", l.A.Port, l.B.Port)})
	for _, p := range draft.Attributes(l.Spec, model.LinkSpec{}) {
		out = append(out, field{ownSpec + p.Name, p.Value})
	}
	for _, p := range draft.Attributes(l.Back, l.Spec) {
		out = append(out, field{ownBack + p.Name, p.Value})
	}
	return out
}

// specNames are the values of a link's spec, by the names of draft.Attributes.
func specNames() []string {
	return []string{"rate", "delay", "jitter", "loss", "queue", "mtu", "class", "weight", "redundant"}
}

func classText(list []model.Class) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = fmt.Sprintf("%s=%v:%v:%d", c.ID, c.Min, c.Max, c.Priority)
	}
	return strings.Join(parts, ",")
}

func parseClasses(s string) ([]model.Class, error) {
	var out []model.Class
	for part := range strings.SplitSeq(s, ",") {
		id, rest, _ := strings.Cut(part, "=")
		v := strings.Split(rest, ":")
		if len(v) != 3 {
			return nil, fmt.Errorf("%q is not ID=MIN:MAX:PRIORITY", part)
		}
		c := model.Class{ID: id}
		var err [3]error
		var priority int64
		c.Min, err[0] = model.ParseRate(v[0])
		c.Max, err[1] = model.ParseRate(v[1])
		priority, err[2] = strconv.ParseInt(v[2], 10, 32)
		c.Priority = int32(priority)
		for _, e := range err {
			if e != nil {
				return nil, e
			}
		}
		out = append(out, c)
	}
	return out, nil
}
