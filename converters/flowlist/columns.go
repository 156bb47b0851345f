package flowlist

import (
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// Column is one column that a table of flows may have, for documentation.
type Column struct{ Name, Doc string }

// Columns lists the columns of a table of flows. A time, size or rate also has names
// that end in its unit (start_s, size_bytes, rate_mbps); only then are its values bare
// numbers.
func Columns() []Column {
	var out []Column
	for i := range columns {
		if c := &columns[i]; c.field != fieldShare {
			doc := c.doc
			if len(c.aliases) > 0 {
				doc += " (also: " + strings.Join(c.aliases, ", ") + ")"
			}
			out = append(out, Column{c.name, doc})
		}
	}
	return out
}

type field uint8

const (
	fieldID field = iota
	fieldFrom
	fieldTo
	fieldStart
	fieldDuration
	fieldSize
	fieldRate
	fieldTransport
	fieldClass
	fieldProfile
	fieldTenant
	fieldGranularity
	fieldPacket
	fieldChunk
	fieldChunks
	fieldSrcPort
	fieldDstPort
	fieldCount
	fieldPattern
	fieldShare
	fieldNothing // read by nobody
)

type measure uint8

const (
	plain measure = iota
	ofTime
	ofSize
	ofRate
)

type column struct {
	field   field
	name    string
	measure measure
	doc     string
	aliases []string
}

// columns is a constant: nothing writes to it.
var columns = [...]column{
	{fieldID, "id", plain, "name of the flow; f1, f2, ... where there is none", []string{"flow", "flow_id", "flowid", "name"}},
	{fieldFrom, "from", plain, "sending host: its name, or a number", []string{"src", "source", "sender", "origin", "src_host", "from_node"}},
	{fieldTo, "to", plain, "receiving host or service", []string{"dst", "dest", "destination", "receiver", "target", "sink", "dst_host", "to_node"}},
	{fieldStart, "start", ofTime, "when it begins", []string{"time", "at", "start_time", "arrival", "arrival_time", "interval", "timestamp"}},
	{fieldDuration, "duration", ofTime, "how long it sends", []string{"span"}},
	{fieldSize, "size", ofSize, "how much it sends", []string{"flow_size", "volume"}},
	{fieldRate, "rate", ofRate, "udp: sending rate; tcp: what the application delivers at most", []string{"bandwidth", "demand", "throughput", "bitrate"}},
	{fieldTransport, "transport", plain, "udp, tcp or icmp", []string{"protocol", "proto"}},
	{fieldClass, "class", plain, "QoS class", nil},
	{fieldProfile, "profile", plain, "user profile", nil},
	{fieldTenant, "tenant", plain, "tenant", nil},
	{fieldGranularity, "granularity", plain, "packet, chunk or flow", nil},
	{fieldPacket, "packet", ofSize, "bytes on the wire of a full packet", []string{"packet_size"}},
	{fieldChunk, "chunk", ofSize, "bytes of a chunk", []string{"chunk_size"}},
	{fieldChunks, "chunks", plain, "sizes and gaps in xSDN's chunk language", nil},
	{fieldSrcPort, "srcport", plain, "source port", []string{"src_port", "sport", "source_port"}},
	{fieldDstPort, "dstport", plain, "destination port", []string{"dst_port", "dport", "destination_port"}},
	{fieldCount, "count", plain, "icmp: echoes to send", nil},
	{fieldPattern, "pattern", plain, "udp: poisson, on-off on=exponential(1s) off=2s, gaps=LAW, packets=LAW: the attributes pattern, on, off, gaps and packets of a flow in one", nil},
	{fieldShare, "share", plain, "weight of a pair", []string{"probability", "weight", "pdf", "pdf_num_bytes", "prob"}},
}

// unit is the end of a column's name that says what its numbers count.
type unit struct {
	measure measure
	name    string
	factor  int64
}

var units = [...]unit{
	{ofTime, "s", int64(model.Second)}, {ofTime, "sec", int64(model.Second)}, {ofTime, "secs", int64(model.Second)}, {ofTime, "seconds", int64(model.Second)},
	{ofTime, "ms", int64(model.Millisecond)}, {ofTime, "msec", int64(model.Millisecond)}, {ofTime, "us", int64(model.Microsecond)}, {ofTime, "usec", int64(model.Microsecond)},
	{ofTime, "ns", int64(model.Nanosecond)}, {ofTime, "nsec", int64(model.Nanosecond)}, {ofTime, "ps", 1}, {ofTime, "min", int64(model.Minute)}, {ofTime, "h", int64(model.Hour)},
	{ofSize, "bytes", 1}, {ofSize, "byte", 1}, {ofSize, "kb", 1e3}, {ofSize, "mb", 1e6}, {ofSize, "gb", 1e9}, {ofSize, "tb", 1e12},
	{ofSize, "kib", 1 << 10}, {ofSize, "mib", 1 << 20}, {ofSize, "gib", 1 << 30},
	{ofRate, "bps", 1}, {ofRate, "kbps", 1e3}, {ofRate, "mbps", 1e6}, {ofRate, "gbps", 1e9}, {ofRate, "tbps", 1e12},
	{ofRate, "bit_s", 1}, {ofRate, "kbit_s", 1e3}, {ofRate, "mbit_s", 1e6}, {ofRate, "gbit_s", 1e9}, {ofRate, "tbit_s", 1e12},
}

// head is one column of a file.
type head struct {
	field   field
	measure measure
	factor  int64  // 0: the values bear their units
	title   string // as the file has it
}

// purpose narrows the columns to those that mean something.
type purpose struct {
	wanted map[field]bool
	nouns  string
}

func forFlows() purpose {
	p := purpose{map[field]bool{}, "a flow"}
	for i := range columns {
		p.wanted[columns[i].field] = columns[i].field != fieldShare
	}
	return p
}

func forDemands() purpose {
	return purpose{map[field]bool{fieldStart: true, fieldFrom: true, fieldTo: true, fieldRate: true}, "a demand"}
}

func forPairs() purpose {
	return purpose{map[field]bool{fieldFrom: true, fieldTo: true, fieldShare: true}, "a pair"}
}

// normal brings a title into the form of our names: "Size (bytes)" is size_bytes.
func normal(title string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToLower(title) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			b.WriteRune(c)
			gap = false
		} else {
			gap = true
		}
	}
	return b.String()
}

// header understands a title. A fault is a title that was probably meant to be another;
// what means nothing here gets fieldNothing.
func (p purpose) header(title string) (head, *fault.Fault) {
	h := head{title: title, field: fieldNothing}
	name := normal(title)
	if name == "bytes" && p.wanted[fieldSize] {
		return head{fieldSize, ofSize, 1, title}, nil
	}
	var near []string
	for i := range columns {
		c := &columns[i]
		if !p.wanted[c.field] {
			continue
		}
		near = append(near, c.name)
		for _, alias := range append([]string{c.name}, c.aliases...) {
			if name == alias {
				return head{c.field, c.measure, 0, title}, nil
			}
			rest, ok := strings.CutPrefix(name, alias+"_")
			if !ok || c.measure == plain {
				continue
			}
			for _, u := range units {
				if u.measure == c.measure && u.name == rest {
					return head{c.field, c.measure, u.factor, title}, nil
				}
				near = append(near, c.name+"_"+u.name)
			}
		}
	}
	if n := fault.Nearest(name, near); n != "" && n != name {
		f := fault.New(fault.UnknownAttribute, fault.Place{}, "%s has no column %q", p.nouns, fault.Clip(title))
		f.Nearest = n
		return h, &f
	}
	return h, nil
}

// runHeader understands a column of a run's flows.csv: what was asked for is read, what
// came of it is not.
func runHeader(title string) head {
	asked := map[string]head{
		"asked_bytes": {fieldSize, ofSize, 1, title}, "asked_s": {fieldDuration, ofTime, int64(model.Second), title},
		"asked_bps": {fieldRate, ofRate, 1, title}, "packet_bytes": {fieldPacket, ofSize, 1, title},
		"chunk_bytes": {fieldChunk, ofSize, 1, title}, "chunks": {fieldChunks, plain, 0, title},
		"start_s": {fieldStart, ofTime, int64(model.Second), title},
	}
	if h, ok := asked[title]; ok {
		return h
	}
	for _, f := range [...]field{fieldID, fieldFrom, fieldTo, fieldTransport, fieldClass, fieldProfile, fieldTenant, fieldGranularity, fieldSrcPort, fieldDstPort, fieldCount, fieldPattern} {
		if columns[f].name == title {
			return head{f, plain, 0, title}
		}
	}
	return head{field: fieldNothing, title: title}
}
