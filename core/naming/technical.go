package naming

import (
	"bytes"
	"strconv"

	"sendim/core/model"
)

// Lengths that Linux and Open vSwitch bear.
const (
	maxInterface = 15 // IFNAMSIZ - 1
	maxTechnical = 10
)

// Technical gives a node's name for bridges, namespaces, containers and scripts: at
// most 10 bytes of [A-Za-z0-9_-] that begin with a letter, unique in the network. It is
// the node's id where that is such a name.
func (n *Names) Technical(node model.NodeID) string {
	if name := n.net.NodeNameBytes(node); len(name) <= maxTechnical && safe(name) {
		return string(name)
	}
	return n.free("n" + strconv.FormatUint(uint64(node), 36))
}

// eth stands between a node's name and a port's number.
const eth = "-eth"

// Interface gives the name of a port's network interface: at most 15 bytes, unique in
// the network. It is NODE-ethPORT where that fits.
func (n *Names) Interface(node model.NodeID, port model.PortNo) string {
	end := eth + strconv.FormatUint(uint64(port), 10)
	if name := n.net.NodeNameBytes(node); len(name)+len(end) <= maxInterface && safe(name) && !n.isNode(string(name)+end) {
		return string(name) + end
	}
	if name := n.Technical(node) + end; len(name) <= maxInterface && !n.isNode(name) {
		return name
	}
	return n.free("n" + strconv.FormatUint(uint64(node), 36) + "_" + strconv.FormatUint(uint64(port), 36))
}

// AppendTechnical appends what Technical gives.
func (n *Names) AppendTechnical(b []byte, node model.NodeID) []byte {
	if name := n.net.NodeNameBytes(node); len(name) <= maxTechnical && safe(name) {
		return append(b, name...)
	}
	return append(b, n.Technical(node)...)
}

// AppendInterface appends what Interface gives.
func (n *Names) AppendInterface(b []byte, node model.NodeID, port model.PortNo) []byte {
	if name := n.net.NodeNameBytes(node); n.noPorts() && safe(name) {
		from := len(b)
		b = append(append(b, name...), eth...)
		if b = strconv.AppendUint(b, uint64(port), 10); len(b)-from <= maxInterface {
			return b
		}
		b = b[:from]
	}
	return append(b, n.Interface(node, port)...)
}

// noPorts says that no node has, or had, a name that could be one's port's.
func (n *Names) noPorts() bool {
	n.ports.Do(func() {
		for id := range n.net.NodeCount() {
			if bytes.Contains(n.net.NodeNameBytes(model.NodeID(id)), []byte(eth)) {
				return
			}
		}
		n.portless = true
	})
	return n.portless
}

// isNode says whether a node has, or had, a name.
func (n *Names) isNode(name string) bool { return name != n.except && n.net.Named(name) }

// letters lead names of ours.
const letters = "nmkqvwzNMKQVWZ"

// free makes a name of ours differ from every id: where an id is of that form already,
// another letter leads.
func (n *Names) free(name string) string {
	for _, letter := range letters {
		if name = string(letter) + name[1:]; !n.isNode(name) {
			return name
		}
	}
	for n.isNode(name) {
		name += "_"
	}
	return name
}

// safe says whether a name can be that of a Linux interface, an Open vSwitch bridge and
// a word in a script.
func safe(name []byte) bool {
	for i, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	switch string(name) {
	case "", "lo", "all", "default", "none":
		return false
	}
	return true
}
