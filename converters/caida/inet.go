package caida

import (
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// inetHeader recognises the output of Inet (Winick and Jamin, "Inet-3.0: Internet Topology
// Generator", University of Michigan CSE-TR-456-02): "nodes links", then as many rows of
// "id x y", the first of them node 0.
func inetHeader(text string) (nodes, links int64, ok bool) {
	var rows [][]string
	for l := range draft.Lines(text) {
		if f := strings.Fields(l.Text); len(f) > 0 {
			rows = append(rows, f)
		}
		if len(rows) == 2 {
			break
		}
	}
	if len(rows) < 2 || len(rows[0]) != 2 || len(rows[1]) != 3 || rows[1][0] != "0" {
		return 0, 0, false
	}
	nodes, err := draft.Count(rows[0][0], 1<<40)
	links, err2 := draft.Count(rows[0][1], 1<<40)
	return nodes, links, err == nil && err2 == nil && nodes > 0
}

func readInet(f draft.File, text string, nodes, links int64) (*draft.Network, error) {
	// Inet's coordinates are for drawing: no unit.
	n := &draft.Network{File: f.Name, Format: "Inet topology"}
	var faults fault.List
	index := map[string]int32{}
	row := int64(-1)
	for l := range draft.Lines(text) {
		fields := strings.Fields(l.Text)
		if len(fields) == 0 {
			continue
		}
		if faults.Full() {
			break
		}
		row++
		switch {
		case row == 0:
		case row <= nodes:
			if len(fields) != 3 {
				faults.Addf(fault.Syntax, f.Place(l.No), "a node has an id, x and y; this row has %d values: %d nodes are announced, and %d were read", len(fields), nodes, row-1)
				return nil, &faults
			}
			if _, twice := index[fields[0]]; twice {
				faults.Addf(fault.DuplicateID, f.Place(l.No), "node %s is there twice", draft.Clip(fields[0]))
			}
			x, errX := draft.Number(fields[1])
			y, errY := draft.Number(fields[2])
			if errX != nil || errY != nil {
				faults.Addf(fault.BadNumber, f.Place(l.No), "the coordinates %s %s are not finite numbers", draft.Clip(fields[1]), draft.Clip(fields[2]))
			}
			index[fields[0]] = int32(len(n.Nodes))
			n.Nodes = append(n.Nodes, draft.Node{ID: fields[0], Placed: true, X: x, Y: y, Line: l.No})
		default:
			if len(fields) < 2 {
				faults.Addf(fault.Syntax, f.Place(l.No), "a link has two nodes")
				continue
			}
			a, okA := index[fields[0]]
			b, okB := index[fields[1]]
			if !okA || !okB {
				faults.Addf(fault.UnknownNode, f.Place(l.No), "a link ends at %s and %s, which are not both listed", draft.Clip(fields[0]), draft.Clip(fields[1]))
				continue
			}
			link := draft.Link{A: a, B: b, Line: l.No}
			if len(fields) > 2 {
				link.Properties = []model.Property{{Name: "inet.weight", Value: fields[2]}}
			}
			n.Links = append(n.Links, link)
		}
	}
	if row < nodes {
		faults.Addf(fault.Syntax, fault.Place{File: f.Name}, "the first line announces %d nodes; the file ends after %d", nodes, max(row, 0))
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	if int64(len(n.Links)) != links {
		n.Warnings.Addf(fault.Syntax, fault.Place{File: f.Name}, "the first line announces %d links; the rows are %d, and they count", links, len(n.Links))
	}
	n.Notes = append(n.Notes, "Inet gives no rates and no delays; its coordinates have no unit, so no delay comes from them")
	return n, nil
}
