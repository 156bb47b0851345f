package flowlist

import (
	"bytes"
	"slices"

	"sendim/core/fault"
	"sendim/core/model"
)

// htsim reads a connection matrix: "Nodes n", "Connections k", then lines such as
// "7->5 id 1 start 0 size 2000000" (csg-htsim, sim/datacenter/connection_matrix.cpp).
func (r *reader) htsim() {
	r.out.ends.numbered = true
	nodes, connections := int64(-1), int64(-1)
	triggered, unsized, prio, failures := 0, 0, 0, 0
	var firstTrigger fault.Place
	count := func(w [][]byte, what string) int64 {
		if len(w) != 2 {
			r.wrong("", problem(fault.Syntax, "expected %q and a number", what))
			return -1
		}
		n, bad := whole(w[1], 1<<40)
		if bad != nil {
			r.wrong(what, bad)
			return -1
		}
		return n
	}
	seen := int64(0)
	for {
		line, ok := r.content()
		if !ok {
			break
		}
		r.fields = words(r.fields, line)
		w := r.fields
		switch string(w[0]) {
		case "Nodes":
			nodes = count(w, "Nodes")
			continue
		case "Connections":
			connections = count(w, "Connections")
			continue
		case "Triggers", "Failures", "trigger":
			continue
		case "failure":
			failures++
			continue
		}
		from, to, ok := bytes.Cut(w[0], []byte("->"))
		if !ok {
			r.wrong("", problem(fault.Syntax, "%q: expected a connection such as 7->5 start 0 size 2000000", fault.Clip(string(w[0]))))
			continue
		}
		seen++
		var f model.Flow
		good, started, sized, waits := true, false, false, false
		for _, e := range [2][]byte{from, to} {
			n, bad := whole(e, 1<<62)
			if bad == nil && nodes >= 0 && n >= nodes {
				bad = problem(fault.OutOfRange, "node %d of %d", n, nodes)
			}
			if bad != nil {
				r.wrong("", bad)
				good = false
			}
		}
		for i := 1; i < len(w); i += 2 {
			key := string(w[i])
			if key == "addon" {
				i--
				continue
			}
			if i+1 == len(w) {
				r.wrong(fault.Clip(key), problem(fault.Syntax, "%q has no value", fault.Clip(key)))
				good = false
				break
			}
			var bad *fault.Fault
			var n int64
			switch key {
			case "start":
				started = true
				n, bad = scaled(w[i+1], int64(model.Picosecond))
				f.Start = model.Time(n)
			case "size":
				sized = true
				n, bad = whole(w[i+1], 1<<62)
				f.Size = model.Size(n)
			case "id":
				if n, bad = whole(w[i+1], 1<<62); bad == nil {
					f.ID = r.id('f', n)
				}
			case "trigger":
				waits = true
			case "send_done_trigger", "recv_done_trigger":
			case "prio":
				prio++
			default:
				s := fault.New(fault.UnknownAttribute, fault.Place{}, "%q is no word of a connection", fault.Clip(key)).
					Suggest(key, []string{"id", "start", "size", "trigger", "send_done_trigger", "recv_done_trigger", "prio"})
				bad = &s
			}
			if bad != nil {
				r.wrong(fault.Clip(key), bad)
				good = false
			}
		}
		switch {
		case !good:
			continue
		case waits:
			if triggered++; triggered == 1 {
				firstTrigger = r.place("trigger")
			}
			continue
		case !started:
			r.wrong("start", problem(fault.MissingAttribute, "the connection does not say when it starts"))
			continue
		case !sized || f.Size == 0:
			if unsized++; unsized == 1 {
				r.wrong("size", problem(fault.FlowIncomplete, "the connection has no size: it would never end"))
			}
			continue
		}
		f.From, f.To = model.NodeID(r.out.ends.of(from, r.line)), model.NodeID(r.out.ends.of(to, r.line))
		if !r.add(&f) {
			return
		}
	}
	switch {
	case r.faults.Total > 0:
	case triggered > 0:
		r.faults.Addf(fault.NotYet, firstTrigger, "%d of %d connections start when another ends, which a list of flows cannot say; give them starts", triggered, seen)
	case connections >= 0 && seen != connections:
		r.wrong("Connections", problem(fault.Syntax, "there are %d connections; %d are announced", seen, connections))
	case seen == 0:
		r.wrong("", problem(fault.Syntax, "there are no connections"))
	}
	if prio > 0 {
		r.warn("priorities of %d connections are not read", prio)
	}
	if failures > 0 {
		r.warn("%d failures of htsim's own topology are not read", failures)
	}
}

// hpcc reads what HPCC's traffic_gen.py writes, and the form without destination ports
// that its descendants write.
func (r *reader) hpcc() {
	r.out.ends.numbered = true
	line, ok := r.content()
	if !ok {
		return
	}
	announced, bad := whole(bytes.TrimSpace(line), 1<<40)
	if bad != nil {
		r.wrong("", bad)
		return
	}
	if announced > int64(r.MaxFlows) {
		r.wrong("", problem(fault.Limit, "%d flows are announced; at most %d are read", announced, r.MaxFlows))
		return
	}
	columns := [6]string{"src", "dst", "pg", "dport", "bytes", "start"}
	width := 0
	for i := range announced {
		line, ok := r.content()
		if !ok {
			if r.faults.Total == 0 {
				r.wrong("", problem(fault.Syntax, "the file ends after %d flows; %d are announced", i, announced))
			}
			return
		}
		r.fields = words(r.fields, line)
		w := r.fields
		if width == 0 && (len(w) == 5 || len(w) == 6) {
			width = len(w)
		}
		if len(w) != max(width, 5) {
			r.wrong("", problem(fault.Syntax, "expected src dst pg dport bytes start, or the same without dport as in the row before, found %d words", len(w)))
			continue
		}
		if width == 5 {
			w = slices.Insert(w, 3, []byte("0"))
			r.fields = w
		}
		var v [6]int64
		good := true
		for j, most := range [6]int64{1 << 40, 1 << 40, 1 << 30, 65535, 1 << 62, 0} {
			var bad *fault.Fault
			if j == 5 {
				v[j], bad = scaled(w[j], int64(model.Second))
			} else {
				v[j], bad = whole(w[j], most)
			}
			if bad != nil {
				r.wrong(columns[j], bad)
				good = false
			}
		}
		if !good {
			continue
		}
		f := model.Flow{From: model.NodeID(r.out.ends.of(w[0], r.line)), To: model.NodeID(r.out.ends.of(w[1], r.line)),
			DstPort: uint16(v[3]), Size: model.Size(v[4]), Start: model.Time(v[5])}
		if !r.add(&f) {
			return
		}
	}
	beyond := 0
	for {
		line, ok := r.content()
		if !ok {
			break
		}
		r.fields = words(r.fields, line)
		if len(r.fields) == width && numeric(r.fields[:width-1]) {
			beyond++
		}
	}
	if beyond > 0 {
		r.warn("%d rows beyond the %d flows that the first line announces are not read", beyond, announced)
	}
}
