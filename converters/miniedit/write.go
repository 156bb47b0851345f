package miniedit

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/model"
	"sendim/core/naming"
)

// object is a JSON object; its keys are written in alphabetical order, as MiniEdit does.
type object map[string]any

// Write writes a file of version 2. names are the network's, or nil. lost lists what the
// file does not hold. The error is the writer's, or of names that clash.
func Write(w io.Writer, n *model.Network, names *naming.Names) (lost []string, err error) {
	if names == nil {
		if names, err = naming.New(n); err != nil {
			return nil, err
		}
	}
	x := &writer{n: n, names: names, used: make(map[string]bool, n.NodeCount()), given: make([]bool, n.NodeCount())}
	top := x.file()
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	if err := e.Encode(top); err != nil {
		return nil, fmt.Errorf("writing the MiniEdit file of %q: %w", n.Name, err)
	}
	lost = draft.BeyondGraph(n)
	if x.classes > 0 {
		lost = append(lost, fmt.Sprintf("the classes of %d links", x.classes))
	}
	if x.fast > 0 {
		lost = append(lost, fmt.Sprintf("the limit of %d links above 1000 Mbit/s: it is in the file, but Mininet's bw ignores it", x.fast))
	}
	return lost, nil
}

type writer struct {
	n        *model.Network
	names    *naming.Names
	hostname []string
	used     map[string]bool
	given    []bool // nodes whose port numbers are not those that Mininet chooses
	whole    object // what the file said when it was read, or nil
	fast     int
	classes  int
}

func (x *writer) file() object {
	n := x.n
	x.hostnames()
	x.portsGiven()
	at := layout(n)
	hosts, switches, links := []object{}, []object{}, []object{}
	for v := range n.Nodes() {
		o := x.node(v, at[v.ID], len(hosts), len(switches))
		if v.Kind == model.Switch {
			switches = append(switches, o)
		} else {
			hosts = append(hosts, o)
		}
	}
	for l := range n.Links() {
		links = append(links, x.link(l))
	}
	top := object{"sendim": object{"name": n.Name, "derived": []string{"application", "controllers", "version"}},
		"version": "2", "application": preferences(), "controllers": []object{controller()}}
	if x.whole != nil {
		top = x.whole
		made := x.second(top, switches)
		top["sendim"] = object{"name": n.Name, "derived": made}
	}
	top["hosts"], top["switches"], top["links"] = hosts, switches, links
	return top
}

// second makes of what a file of version 1 said what one of version 2 says, and lists the
// keys it made up.
func (x *writer) second(top object, switches []object) (made []string) {
	made = []string{}
	version, _ := top["version"].(json.RawMessage)
	if strings.Trim(string(version), `"`) == "2" {
		return made
	}
	top["version"] = "2"
	made = append(made, "version")
	raw, _ := top["controllers"].(json.RawMessage)
	var old map[string]map[string]any
	if json.Unmarshal(raw, &old) != nil {
		return made
	}
	list := []object{}
	if c := old["c0"]; c != nil { // version 1 knows no other
		c["hostname"] = "c0"
		list = append(list, object{"x": "30.0", "y": "30.0", "opts": c})
		for _, s := range switches {
			if opts, ok := s["opts"].(object); ok && opts["controllers"] == nil {
				opts["controllers"] = []string{"c0"}
			}
		}
	}
	top["controllers"] = list
	return made
}

// foreign says whether a node came from MiniEdit.
func foreign(v model.Node) bool {
	for _, p := range v.Properties {
		if strings.HasPrefix(p.Name, "miniedit.") {
			return true
		}
	}
	return false
}

// hostnames gives every node the name it has in MiniEdit: its old one where it came from
// there, else one that Mininet can use.
func (x *writer) hostnames() {
	x.hostname = make([]string, x.n.NodeCount())
	for v := range x.n.Nodes() {
		if !foreign(v) {
			continue
		}
		name, ok := v.Property("source.id")
		if !ok {
			name = v.Name
		}
		if !x.used[name] && (ok || draft.Clean(name) == name) {
			x.hostname[v.ID], x.used[name] = name, true
		}
	}
	for i := range x.hostname {
		if x.hostname[i] != "" {
			continue
		}
		name := x.names.Technical(model.NodeID(i))
		for k := i; x.used[name]; k++ {
			name = "n" + strconv.Itoa(k) + "x"
		}
		x.hostname[i], x.used[name] = name, true
	}
}

// portsGiven finds the nodes whose ports are not numbered in the order of the links.
func (x *writer) portsGiven() {
	n := x.n
	next := make([]model.PortNo, n.NodeCount())
	for i := range next {
		if n.NodeKindOf(model.NodeID(i)) == model.Switch {
			next[i] = 1
		}
	}
	for i := range n.LinkCount() {
		a, b := n.Ends(model.LinkID(i))
		for _, e := range [2]model.Endpoint{a, b} {
			x.given[e.Node] = x.given[e.Node] || e.Port != next[e.Node]
			next[e.Node]++
		}
	}
}

// node makes an entry of "hosts" or "switches".
func (x *writer) node(v model.Node, at place, hosts, switches int) object {
	own := object{"id": int(v.ID)}
	opts := object{"hostname": x.hostname[v.ID], "sendim": own}
	out := object{"opts": opts, "x": at.x, "y": at.y}
	var made []string
	come := foreign(v)
	rest := x.put(v.Properties, out, opts, func(i int) bool {
		p := v.Properties[i]
		return come && i == 0 && p.Name == "source.id" && p.Value == x.hostname[v.ID] || positioned(v.Properties, i)
	})
	derive := func(where object, key, name string, value any) {
		if _, there := where[key]; !there {
			where[key] = value
			made = append(made, name)
		}
	}
	if at.made {
		made = append(made, "node.x")
	}
	number := hosts + 1
	if v.Kind == model.Switch {
		number = switches + 1
	}
	derive(out, "number", "node.number", strconv.Itoa(number))
	derive(opts, "nodeNum", "nodeNum", number)
	if v.Kind == model.Switch {
		derive(opts, "switchType", "switchType", "ovs")
		derive(opts, "controllers", "controllers", []string{"c0"})
		if _, kept := opts["dpid"]; !kept && v.Identity.DPID != 0 {
			opts["dpid"] = fmt.Sprintf("%x", v.Identity.DPID)
		} else if !come {
			derive(opts, "dpid", "dpid", fmt.Sprintf("%016x", x.names.DPID(v.ID)))
		}
	} else {
		derive(opts, "sched", "sched", "host")
		x.address(v, opts, come, uint32(hosts+1), &made)
		if v.Kind == model.External {
			own["kind"] = v.Kind.String()
		}
	}
	if !come {
		own["name"] = v.Name
	}
	if v.Identity.HasMAC {
		own["mac"] = formatMAC(v.Identity.MAC)
	}
	if len(v.Labels) > 0 {
		own["labels"] = v.Labels
	}
	for key, value := range map[string]int64{"cpu": v.Spec.CPU, "memory": int64(v.Spec.Memory), "disk": int64(v.Spec.Disk)} {
		if value != 0 {
			own[key] = value
		}
	}
	if rest != nil {
		own["properties"] = rest
	}
	if made != nil {
		own["derived"] = made
	}
	return out
}

// address writes the address of the k-th host; one that the network leaves open is marked
// as ours.
func (x *writer) address(v model.Node, opts object, come bool, k uint32, made *[]string) {
	if _, there := opts["ip"]; there { // an odd one that was kept
		return
	}
	ip, prefix := x.names.IP(v.ID)
	if v.Identity.IP == 0 {
		if come { // ipBase and nodeNum give it
			return
		}
		*made = append(*made, "ip")
	} else if come && prefix == 8 && x.counted(opts) == uint64(ip) && ip != 10<<24|k {
		return
	}
	text := dotted(ip)
	if prefix != 8 || !come {
		text += "/" + strconv.Itoa(int(prefix))
	}
	opts["ip"] = text
}

// counted is the address that MiniEdit gives a host without one: ipBase and its nodeNum.
func (x *writer) counted(opts object) uint64 {
	base := uint32(10) << 24
	var prefs struct {
		IPBase string `json:"ipBase"`
	}
	if raw, ok := x.whole["application"].(json.RawMessage); ok && json.Unmarshal(raw, &prefs) == nil {
		if p, err := netip.ParsePrefix(prefs.IPBase); err == nil && p.Addr().Is4() {
			base = number(p.Masked().Addr())
		}
	}
	raw, _ := opts["nodeNum"].(json.RawMessage)
	num, err := draft.Count(strings.Trim(string(raw), `"`), 1<<32-1)
	if err != nil || num == 0 {
		return 0
	}
	return uint64(base) + uint64(num)
}

// put puts properties that came from MiniEdit back where they were, and gives those that
// did not as pairs, save those that have another place.
func (x *writer) put(list []model.Property, node, opts object, placed func(i int) bool) (rest [][2]string) {
	for i, p := range list {
		key, ours := strings.CutPrefix(p.Name, "miniedit.")
		raw := draft.RawValue(p.Value)
		switch {
		case !ours && placed(i):
		case !ours:
			rest = append(rest, [2]string{p.Name, p.Value})
		case strings.HasPrefix(key, "file."):
			if x.whole == nil {
				x.whole = object{}
			}
			putOne(x.whole, key[len("file."):], raw)
		case strings.HasPrefix(key, "node."):
			putOne(node, key[len("node."):], raw)
		case strings.HasPrefix(key, "link."):
			putOne(node, key[len("link."):], raw)
		default:
			putOne(opts, key, raw)
		}
	}
	return rest
}

// putOne puts one value under its key; "other" holds keys that no property can be named
// after.
func putOne(into object, key string, raw json.RawMessage) {
	if key == "other" {
		var odd map[string]json.RawMessage
		if json.Unmarshal(raw, &odd) == nil {
			for k, v := range odd {
				if _, there := into[k]; !there {
					into[k] = v
				}
			}
			return
		}
	}
	if _, there := into[key]; !there || key == "x" || key == "y" {
		into[key] = raw
	}
}

// preferences are MiniEdit's own, with OpenFlow 1.3, which our controller speaks.
func preferences() object {
	return object{"dpctl": "", "ipBase": "10.0.0.0/8",
		"netflow":          object{"nflowAddId": "0", "nflowTarget": "", "nflowTimeout": "600"},
		"openFlowVersions": object{"ovsOf10": "0", "ovsOf11": "0", "ovsOf12": "0", "ovsOf13": "1"},
		"sflow":            object{"sflowHeader": "128", "sflowPolling": "30", "sflowSampling": "400", "sflowTarget": ""},
		"startCLI":         "1", "switchType": "ovs", "terminalType": "xterm"}
}

func controller() object {
	return object{"x": "30.0", "y": "30.0", "opts": object{"controllerProtocol": "tcp", "controllerType": "remote", "hostname": "c0", "remoteIP": "127.0.0.1", "remotePort": 6653}}
}

func formatMAC(m uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(m>>40), byte(m>>32), byte(m>>24), byte(m>>16), byte(m>>8), byte(m))
}

func parseMAC(s string) (uint64, error) {
	v, err := strconv.ParseUint(strings.ReplaceAll(s, ":", ""), 16, 48)
	if err != nil || len(s) != 17 {
		return 0, fmt.Errorf("%q is not an Ethernet address", draft.Clip(s))
	}
	return v, nil
}
