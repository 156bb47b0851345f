package model

import (
	"fmt"
	"path"
	"strings"
)

// Selector names several nodes or links at once: a comma-separated union of ids, globs
// ("dc-h*"), "type=host", "label=edge" and "NAME=VALUE" for properties (the value may
// be a glob). It is kept as text, so that it goes on to mean what it says when the
// network grows.
type Selector string

// selectorTerm is one member of the union.
type selectorTerm struct{ name, value string } // name "" means the value is an id or glob

// terms splits a selector and reports what cannot be read.
func (s Selector) terms() ([]selectorTerm, error) {
	var out []selectorTerm
	for _, part := range strings.Split(string(s), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("selector %q has an empty part", string(s))
		}
		term := selectorTerm{value: part}
		if name, value, ok := strings.Cut(part, "="); ok {
			term = selectorTerm{strings.TrimSpace(name), strings.TrimSpace(value)}
			if term.name == "" || term.value == "" {
				return nil, fmt.Errorf("selector %q: write NAME=VALUE", part)
			}
			if term.name == "type" {
				if _, ok := ParseNodeKind(term.value); !ok && term.value != "link" {
					return nil, fmt.Errorf("selector %q: no type %q; the types are %s", part, term.value, strings.Join(NodeKindNames(), ", "))
				}
			}
		}
		if _, err := path.Match(term.value, ""); err != nil {
			return nil, fmt.Errorf("selector %q: bad glob", part)
		}
		out = append(out, term)
	}
	return out, nil
}

// Check reports a selector that cannot be read.
func (s Selector) Check() error { _, err := s.terms(); return err }

// MatchNode says whether a term selects a node.
func (t selectorTerm) matchNode(v *Node) bool {
	switch t.name {
	case "":
		return glob(t.value, v.Name)
	case "type":
		return strings.EqualFold(v.Kind.String(), t.value)
	case "label":
		for _, l := range v.Labels {
			if glob(t.value, l) {
				return true
			}
		}
		return false
	}
	value, ok := v.Property(t.name)
	return ok && glob(t.value, value)
}

// glob matches with path.Match's rules, except that "*" crosses slashes.
func glob(pattern, s string) bool {
	if pattern == "*" || pattern == s {
		return true
	}
	if !strings.ContainsAny(pattern, "*?[\\") {
		return false
	}
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(s, "/", "\x00"))
	return ok
}

// NodeMatcher compiles a selector into a predicate over node views.
func (s Selector) NodeMatcher() (func(*Node) bool, error) {
	terms, err := s.terms()
	if err != nil {
		return nil, err
	}
	return func(v *Node) bool {
		for _, t := range terms {
			if t.matchNode(v) {
				return true
			}
		}
		return false
	}, nil
}

// SelectNodes lists the nodes that a selector matches, in order of id. kind 0 means any
// kind: "*" from a place where hosts are meant asks with kind Host.
func (n *Network) SelectNodes(s Selector, kind NodeKind) ([]NodeID, error) {
	terms, err := s.terms()
	if err != nil {
		return nil, err
	}
	if len(terms) == 1 && terms[0].name == "" { // one id is the common case
		if id, ok := n.NodeByName(terms[0].value); ok && (kind == 0 || n.kind[id] == kind) {
			return []NodeID{id}, nil
		}
	}
	var out []NodeID
	for id := range n.kind {
		if kind != 0 && n.kind[id] != kind || n.Gone(NodeID(id)) {
			continue
		}
		v := n.Node(NodeID(id))
		for _, t := range terms {
			if t.matchNode(&v) {
				out = append(out, NodeID(id))
				break
			}
		}
	}
	if len(out) == 0 {
		what := "node"
		if kind != 0 {
			what = kind.String()
		}
		return nil, fmt.Errorf("selector %q matches no %s", string(s), what)
	}
	return out, nil
}

// SelectLinks lists the links that a selector matches by id, glob over ids, property,
// or "type=link" for all, in order of id.
func (n *Network) SelectLinks(s Selector) ([]LinkID, error) {
	terms, err := s.terms()
	if err != nil {
		return nil, err
	}
	if len(terms) == 1 && terms[0].name == "" {
		if id, ok := n.LinkByName(terms[0].value); ok {
			return []LinkID{id}, nil
		}
	}
	direct := map[LinkID]bool{} // "s2--s1" finds the link called s1--s2
	for _, t := range terms {
		if t.name == "" {
			if id, ok := n.LinkByName(t.value); ok {
				direct[id] = true
			}
		}
	}
	var out []LinkID
	for i := range n.a {
		id := LinkID(i)
		if n.LinkGone(id) {
			continue
		}
		match := direct[id]
		for _, t := range terms {
			if match {
				break
			}
			switch t.name {
			case "":
				match = glob(t.value, n.LinkName(id))
			case "type":
				match = t.value == "link"
			default:
				value, ok := property(n.linkProps[id], t.name)
				match = ok && glob(t.value, value)
			}
		}
		if match {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("selector %q matches no link", string(s))
	}
	return out, nil
}
