// Package hpcc reads the topologies of the simulator that came with HPCC (Li et al.,
// "HPCC: High Precision Congestion Control", SIGCOMM 2019), which later ns-3 work on
// data-centre transports shares: the first line has the numbers of nodes, switches and
// links, the second the switches, and a row for each link gives both ends, rate, delay and
// loss. It serves the importer.
package hpcc

import (
	"fmt"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// Is says whether a file looks like HPCC's: three numbers (or six values), a line of numbers, and a row
// with two numbers, a rate and a delay with their units.
func Is(f draft.File) bool {
	lines := strings.SplitN(strings.TrimLeft(string(f.Data[:min(len(f.Data), 1<<20)]), "\r\n"), "\n", 4)
	if len(lines) < 3 {
		return false
	}
	if _, err := head(lines[0]); err != nil {
		return false
	}
	for _, row := range lines[1:3] { // without switches the second line may be empty
		f := strings.Fields(row)
		if len(f) >= 4 && (strings.HasSuffix(f[2], "bps") || strings.HasSuffix(f[2], "b/s")) && strings.HasSuffix(f[3], "s") {
			return true
		}
	}
	return false
}

// head reads the first line: nodes, switches, links. Simulators of clusters of GPUs
// (SimAI) write nodes, GPUs in a server, switches in servers, switches between them,
// links, and what GPU it is.
func head(line string) (count [3]int64, err error) {
	fields := strings.Fields(line)
	at := [3]int{0, 1, 2}
	switch len(fields) {
	case 3:
	case 6:
		at = [3]int{0, 3, 4}
	default:
		return count, fmt.Errorf("the first line has three numbers: nodes, switches, links")
	}
	for i, k := range at {
		if count[i], err = draft.Count(fields[k], 20_000_000); err != nil {
			return count, err
		}
	}
	if len(fields) == 6 {
		inside, err := draft.Count(fields[2], 20_000_000)
		count[1] += inside
		return count, err
	}
	return count, nil
}

// Read reads one file.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.BadChoice, fault.Place{File: files[1].Name}, "an HPCC topology is one file")
	}
	f := files[0]
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	r := &reader{f: f, n: &draft.Network{File: f.Name, Format: "HPCC topology"}, index: map[string]int32{}, switches: map[string]bool{}}
	var rows []draft.Line
	for l := range draft.Lines(text) {
		if len(rows) > 0 || strings.TrimSpace(l.Text) != "" { // without switches the second line may be empty
			rows = append(rows, l)
		}
	}
	if len(rows) < 2 {
		return nil, fault.New(fault.Syntax, fault.Place{File: f.Name}, "the file ends before the list of switches")
	}
	count, err := head(rows[0].Text)
	if err != nil {
		return nil, fault.New(fault.OutOfRange, f.Place(1), "%v", err)
	}
	for _, s := range strings.Fields(rows[1].Text) {
		r.switches[s] = true
	}
	for _, l := range rows[2:] {
		if fields := strings.Fields(l.Text); len(fields) > 0 && int64(len(r.n.Links)) < count[2] && !r.faults.Full() {
			r.link(l.No, fields)
		} else if len(fields) > 0 {
			r.more++
		}
	}
	if int64(len(r.switches)) != count[1] {
		r.n.Warnings.Addf(fault.Syntax, f.Place(2), "%d switches are announced and %d listed", count[1], len(r.switches))
	}
	if r.faults.Total == 0 && int64(len(r.n.Links)) < count[2] {
		r.faults.Addf(fault.Syntax, fault.Place{File: f.Name}, "%d links are announced; the file ends after %d", count[2], len(r.n.Links))
	}
	if r.faults.Total > 0 {
		return nil, &r.faults
	}
	if int64(len(r.n.Nodes)) != count[0] {
		r.n.Warnings.Addf(fault.Syntax, f.Place(1), "%d nodes are announced; links name %d, and they count", count[0], len(r.n.Nodes))
	}
	if r.more > 0 {
		r.n.Notes = append(r.n.Notes, fmt.Sprintf("rows beyond the announced number of links, which HPCC does not read either: %d", r.more))
	}
	return r.n, nil
}

type reader struct {
	f        draft.File
	n        *draft.Network
	faults   fault.List
	index    map[string]int32
	switches map[string]bool
	more     int
}

func (r *reader) node(id string, line int32) int32 {
	i, ok := r.index[id]
	if !ok {
		i = int32(len(r.n.Nodes))
		r.index[id] = i
		n := draft.Node{ID: id, Label: "h" + id, Kind: model.Host, Line: line}
		if r.switches[id] {
			n.Label, n.Kind = "s"+id, model.Switch
		}
		r.n.Nodes = append(r.n.Nodes, n)
	}
	return i
}

// link reads: src dst rate delay error_rate.
func (r *reader) link(line int32, fields []string) {
	if len(fields) < 4 {
		r.faults.Addf(fault.Syntax, r.f.Place(line), "a link has two nodes, a rate, a delay and a loss; this row has %d values", len(fields))
		return
	}
	for _, id := range fields[:2] {
		if _, err := draft.Count(id, 1<<40); err != nil {
			r.faults.Addf(fault.Syntax, r.f.Place(line), "node %v", err)
			return
		}
	}
	l := draft.Link{A: r.node(fields[0], line), B: r.node(fields[1], line), Line: line, RateFrom: "the file", DelayFrom: "the file"}
	var err error
	if l.Spec.Rate, err = model.ParseRate(strings.Replace(draft.Clip(fields[2]), "b/s", "bps", 1)); err != nil {
		r.faults.Addf(fault.BadUnit, r.f.Place(line), "rate: %v", err)
	}
	if l.Spec.Delay, err = model.ParseTime(draft.Clip(fields[3])); err != nil {
		r.faults.Addf(fault.BadUnit, r.f.Place(line), "delay: %v", err)
	}
	if len(fields) > 4 {
		loss, err := draft.Number(fields[4])
		if err != nil || loss < 0 || loss > 1 {
			r.faults.Addf(fault.OutOfRange, r.f.Place(line), "the loss %q is not between 0 and 1", draft.Clip(fields[4]))
		}
		l.Spec.Loss = loss
	}
	r.n.Links = append(r.n.Links, l)
}
