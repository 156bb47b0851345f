package app

import (
	"cmp"
	"slices"

	"sendim/core/model"
	"sendim/core/packet"
)

// View keeps an app's picture of the network: Take every event, then ask. Switches,
// links and hosts are listed by rising id; the place of a switch or a link in its list is
// its number in graphs made from Columns. The zero value is an empty network.
//
// What a query returns is the view's own and must not be changed.
type View struct {
	switches []SwitchInfo
	links    []LinkInfo
	hosts    []HostInfo
	ready    bool
	shape    uint64
	parts    []*Topology // of the picture, until the last has come

	byIP   map[packet.IPv4]model.NodeID
	byMAC  map[packet.MAC]model.NodeID
	behind map[Port]model.NodeID // the host at a port
	next   map[model.NodeID][]Neighbour
}

// Neighbour is what lies behind a port of a switch.
type Neighbour struct {
	Port model.PortNo
	Link model.LinkID // NoLink for a host's port
	Peer Port         // the other end of the link; Switch is NoNode for a host's port
	Host model.NodeID // NoNode for a link
}

// Take brings the view up to date. It says whether the event changed it; until Ready,
// the picture is not complete.
func (v *View) Take(e *Event) bool {
	if e.Kind == KindTopology {
		v.parts = append(v.parts, e.Topology)
		if v.ready || e.Topology.Last {
			v.merge()
		}
		return true
	}
	v.merge()
	switch e.Kind {
	case KindSwitch:
		return v.takeSwitch(e.Switch)
	case KindLink:
		return v.takeLink(e.Link)
	case KindHost:
		return v.takeHost(e.Host)
	}
	return false
}

// Ready says whether the last chunk of the topology has come.
func (v *View) Ready() bool { return v.ready }

// Shape changes whenever a switch or a link appears or vanishes, and so Columns do;
// going up and down does not change it.
func (v *View) Shape() uint64 { return v.shape }

// Snapshot is the whole view as one Topology event's part: another View that takes it
// is equal.
func (v *View) Snapshot() *Topology {
	v.merge()
	return &Topology{Last: v.ready, Switches: append([]SwitchInfo(nil), v.switches...), Links: append([]LinkInfo(nil), v.links...),
		Hosts: append([]HostInfo(nil), v.hosts...)}
}

// merge puts what has come in parts into one picture, with as much room as it takes.
func (v *View) merge() {
	if len(v.parts) == 0 {
		return
	}
	var switches, links, hosts int
	for _, t := range v.parts {
		switches, links, hosts = switches+len(t.Switches), links+len(t.Links), hosts+len(t.Hosts)
	}
	v.switches, v.links, v.hosts = slices.Grow(v.switches, switches), slices.Grow(v.links, links), slices.Grow(v.hosts, hosts)
	if v.byIP == nil && hosts > 0 {
		v.byIP, v.byMAC, v.behind = make(map[packet.IPv4]model.NodeID, hosts), make(map[packet.MAC]model.NodeID, hosts), make(map[Port]model.NodeID, hosts)
	}
	parts := v.parts
	v.parts = nil
	for _, t := range parts {
		v.take(t)
	}
}

func (v *View) take(t *Topology) {
	for _, s := range t.Switches {
		put(&v.switches, s, switchID)
	}
	for _, l := range t.Links {
		put(&v.links, l, linkID)
	}
	for _, h := range t.Hosts {
		v.putHost(h)
	}
	v.ready = v.ready || t.Last
	v.reshape()
}

func (v *View) reshape() {
	v.shape++
	v.next = nil
}

func switchID(s *SwitchInfo) model.NodeID { return s.ID }
func linkID(l *LinkInfo) model.LinkID     { return l.ID }
func hostID(h *HostInfo) model.NodeID     { return h.ID }

// find gives the place of an id in a list, or where it belongs.
func find[T any, K cmp.Ordered](list []T, id K, of func(*T) K) (int, bool) {
	// Ids come by rising id: look at the end first.
	if n := len(list); n == 0 || of(&list[n-1]) < id {
		return n, false
	}
	lo, hi := 0, len(list)
	for lo < hi {
		if mid := (lo + hi) / 2; of(&list[mid]) < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(list) && of(&list[lo]) == id
}

func put[T any, K cmp.Ordered](list *[]T, x T, of func(*T) K) (fresh bool) {
	i, ok := find(*list, of(&x), of)
	if ok {
		(*list)[i] = x
		return false
	}
	*list = slices.Insert(*list, i, x)
	return true
}

func (v *View) takeSwitch(c *SwitchChange) bool {
	c.Switch.Up = c.Up
	i, ok := find(v.switches, c.Switch.ID, switchID)
	if c.Gone {
		if ok {
			v.switches = slices.Delete(v.switches, i, i+1)
			v.reshape()
		}
		return ok
	}
	changed := !ok || v.switches[i].Up != c.Up
	if put(&v.switches, c.Switch, switchID) {
		v.reshape()
	}
	return changed
}

func (v *View) takeLink(c *LinkChange) bool {
	i, ok := find(v.links, c.Link.ID, linkID)
	switch {
	case c.Gone && !ok:
		return false
	case c.Gone:
		v.links = slices.Delete(v.links, i, i+1)
		v.reshape()
		return true
	case ok:
		changed := v.links[i] != c.Link
		if v.links[i].A != c.Link.A || v.links[i].B != c.Link.B {
			v.reshape()
		}
		v.links[i] = c.Link
		return changed
	}
	put(&v.links, c.Link, linkID)
	v.reshape()
	return true
}

func (v *View) takeHost(c *HostChange) bool {
	i, ok := find(v.hosts, c.Host.ID, hostID)
	if ok && !c.Gone && v.hosts[i] == c.Host || !ok && c.Gone {
		return false
	}
	if ok {
		old := v.hosts[i]
		v.hosts = slices.Delete(v.hosts, i, i+1)
		forget(v.byIP, old.IP, old.ID)
		forget(v.byMAC, old.MAC, old.ID)
		forget(v.behind, old.At, old.ID)
	}
	if !c.Gone {
		v.putHost(c.Host)
	}
	v.next = nil
	return true
}

func forget[K comparable](m map[K]model.NodeID, key K, id model.NodeID) {
	if m[key] == id {
		delete(m, key)
	}
}

func (v *View) putHost(h HostInfo) {
	if v.byIP == nil {
		v.byIP, v.byMAC, v.behind = map[packet.IPv4]model.NodeID{}, map[packet.MAC]model.NodeID{}, map[Port]model.NodeID{}
	}
	put(&v.hosts, h, hostID)
	if h.IP != 0 {
		v.byIP[h.IP] = h.ID
	}
	v.byMAC[h.MAC], v.behind[h.At] = h.ID, h.ID
}

// Switches, Links and Hosts list all there are, by rising id.
func (v *View) Switches() []SwitchInfo { return v.switches }

// Links lists the links between switches, by rising id.
func (v *View) Links() []LinkInfo { return v.links }

// Hosts lists the hosts, by rising id.
func (v *View) Hosts() []HostInfo { return v.hosts }

// SwitchNumber is the place of a switch in Switches.
func (v *View) SwitchNumber(id model.NodeID) (int32, bool) {
	i, ok := find(v.switches, id, switchID)
	return int32(i), ok
}

// LinkNumber is the place of a link in Links.
func (v *View) LinkNumber(id model.LinkID) (int32, bool) {
	i, ok := find(v.links, id, linkID)
	return int32(i), ok
}

// Host finds a host.
func (v *View) Host(id model.NodeID) (*HostInfo, bool) {
	if i, ok := find(v.hosts, id, hostID); ok {
		return &v.hosts[i], true
	}
	return nil, false
}

// HostByIP finds a host by its address.
func (v *View) HostByIP(ip packet.IPv4) (*HostInfo, bool) {
	id, ok := v.byIP[ip]
	if !ok {
		return nil, false
	}
	return v.Host(id)
}

// HostByMAC finds a host by its MAC.
func (v *View) HostByMAC(mac packet.MAC) (*HostInfo, bool) {
	id, ok := v.byMAC[mac]
	if !ok {
		return nil, false
	}
	return v.Host(id)
}

// HostAt finds the host behind a port.
func (v *View) HostAt(p Port) (*HostInfo, bool) {
	id, ok := v.behind[p]
	if !ok {
		return nil, false
	}
	return v.Host(id)
}

// Neighbours lists what lies behind the ports of a switch, up or down, by rising port.
func (v *View) Neighbours(sw model.NodeID) []Neighbour {
	if v.next == nil {
		v.next = make(map[model.NodeID][]Neighbour, len(v.switches))
		for _, l := range v.links {
			v.next[l.A.Switch] = append(v.next[l.A.Switch], Neighbour{l.A.Port, l.ID, l.B, model.NoNode})
			v.next[l.B.Switch] = append(v.next[l.B.Switch], Neighbour{l.B.Port, l.ID, l.A, model.NoNode})
		}
		for _, h := range v.hosts {
			v.next[h.At.Switch] = append(v.next[h.At.Switch], Neighbour{h.At.Port, model.NoLink, Port{Switch: model.NoNode}, h.ID})
		}
		for _, list := range v.next { // each is sorted by itself: the order of the map does not matter
			slices.SortFunc(list, func(a, b Neighbour) int { return cmp.Compare(a.Port, b.Port) })
		}
	}
	return v.next[sw]
}

// Columns gives both ends of every link as numbers of switches: what core/graph makes a
// graph of. A link whose end is no switch of the view joins nothing: it is given as a
// link from switch 0 to itself.
func (v *View) Columns() (a, b []int32) {
	a, b = make([]int32, len(v.links)), make([]int32, len(v.links))
	number := v.numbers()
	for i := range v.links {
		x, okA := number(v.links[i].A.Switch)
		y, okB := number(v.links[i].B.Switch)
		if okA && okB {
			a[i], b[i] = x, y
		}
	}
	return a, b
}

// numbers is SwitchNumber for many questions: where ids lie close together, and they do
// but in the remains of a large network, it need not search.
func (v *View) numbers() func(model.NodeID) (int32, bool) {
	n := len(v.switches)
	if n == 0 || v.switches[0].ID < 0 || int(v.switches[n-1].ID) > 16*n {
		return v.SwitchNumber
	}
	place := make([]int32, v.switches[n-1].ID+1) // plus one
	for i := range v.switches {
		place[v.switches[i].ID] = int32(i + 1)
	}
	return func(id model.NodeID) (int32, bool) {
		if id < 0 || int(id) >= len(place) || place[id] == 0 {
			return 0, false
		}
		return place[id] - 1, true
	}
}

// PortOf is the port by which an arc of such a graph leaves its switch: arc 2l leaves
// link l's end A, 2l+1 its end B.
func (v *View) PortOf(arc int32) Port {
	if l := &v.links[arc>>1]; arc&1 == 0 {
		return l.A
	} else {
		return l.B
	}
}
