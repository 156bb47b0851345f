package model

import (
	"fmt"
	"strconv"
	"strings"
)

// SelectPorts lists the ports that a selector of ports matches, by node and number: a
// comma-separated union of NODES:PORT, where NODES is what a Selector has between commas
// and PORT a number or "*" for all ports of those nodes.
func (n *Network) SelectPorts(s Selector) ([]Endpoint, error) {
	var out []Endpoint
	seen := map[Endpoint]bool{}
	for _, part := range strings.Split(string(s), ",") {
		nodes, port, err := portTerm(part)
		if err != nil {
			return nil, err
		}
		ids, err := n.SelectNodes(nodes, 0)
		if err != nil {
			return nil, err
		}
		found := false
		for _, id := range ids {
			for _, a := range n.Arcs(id) {
				e := n.ArcFrom(a)
				if port < 0 || int64(e.Port) == port {
					found = true
					if !seen[e] {
						seen[e] = true
						out = append(out, e)
					}
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("selector %q matches no port that has a link", strings.TrimSpace(part))
		}
	}
	return out, nil
}

// CheckPorts reports a selector of ports that cannot be read.
func (s Selector) CheckPorts() error {
	for _, part := range strings.Split(string(s), ",") {
		if _, _, err := portTerm(part); err != nil {
			return err
		}
	}
	return nil
}

// portTerm reads NODES:PORT; port -1 means all.
func portTerm(part string) (nodes Selector, port int64, err error) {
	part = strings.TrimSpace(part)
	at := strings.LastIndexByte(part, ':')
	if at < 0 {
		return "", 0, fmt.Errorf("%q names no port; write NODE:PORT as s1:2, or s1:* for all of them", part)
	}
	nodes = Selector(strings.TrimSpace(part[:at]))
	if err := nodes.Check(); err != nil {
		return "", 0, err
	}
	if part[at+1:] == "*" {
		return nodes, -1, nil
	}
	number, err := strconv.ParseUint(part[at+1:], 10, 32)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not a port number; write NODE:PORT as s1:2, or s1:* for all of them", part[at+1:])
	}
	return nodes, int64(number), nil
}
