package flowlist

import (
	"bytes"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sendim/core/fault"
)

// logField is what a column of nfdump's says.
type logField uint8

const (
	logNothing logField = iota
	logFirst
	logLast
	logDuration
	logProto
	logFrom
	logTo
	logFromPort
	logToPort
	logFromBoth // address and port
	logToBoth
	logPackets
	logBytes
	logBackPackets // of the other direction, in a record of both
	logBackBytes
)

// logTitle is a column of nfdump's, by one of the titles that it has had.
type logTitle struct {
	title string
	field logField
}

// csvTitles are those of -o csv: nfdump 1.6's and 1.7's first, then those since 1.7.3.
var csvTitles = [...]logTitle{
	{"ts", logFirst}, {"te", logLast}, {"td", logDuration}, {"pr", logProto}, {"sa", logFrom}, {"da", logTo}, {"sp", logFromPort}, {"dp", logToPort},
	{"ipkt", logPackets}, {"pkt", logPackets}, {"ibyt", logBytes}, {"byt", logBytes}, {"opkt", logBackPackets}, {"obyt", logBackBytes}, {"sap", logFromBoth}, {"dap", logToBoth},
	{"firstseen", logFirst}, {"lastseen", logLast}, {"duration", logDuration}, {"proto", logProto}, {"srcaddr", logFrom}, {"dstaddr", logTo}, {"srcport", logFromPort}, {"dstport", logToPort},
	{"inpackets", logPackets}, {"packets", logPackets}, {"inbytes", logBytes}, {"bytes", logBytes}, {"outpackets", logBackPackets}, {"outbytes", logBackBytes},
}

// textTitles are those of -o line, long, extended, biline, bilong and fmt:. Those that
// begin another stand before it.
var textTitles = [...]logTitle{
	{"Date first seen", logFirst}, {"Date last seen", logLast}, {"Date flow received", logNothing}, {"First seen raw", logFirst}, {"Last seen raw", logLast},
	{"Duration", logDuration}, {"Proto", logProto},
	{"Src IP Addr:Port", logFromBoth}, {"Dst IP Addr:Port", logToBoth}, {"Src IP Addr", logFrom}, {"Dst IP Addr", logTo}, {"Src Pt", logFromPort}, {"Dst Pt", logToPort},
	{"Out Pkt", logBackPackets}, {"In Pkt", logPackets}, {"Out Byte", logBackBytes}, {"In Byte", logBytes}, {"Packets", logPackets}, {"Bytes", logBytes},
	{"Flows", logNothing}, {"Flags", logNothing}, {"Src Tos", logNothing}, {"STos", logNothing}, {"Dst Tos", logNothing}, {"DTos", logNothing}, {"Tos", logNothing}, {"pps", logNothing}, {"bps", logNothing}, {"Bpp", logNothing},
	{"Src AS", logNothing}, {"Dst AS", logNothing}, {"Input", logNothing}, {"Output", logNothing}, {"SMask", logNothing}, {"DMask", logNothing},
}

// isNfdump says whether a line is a header of nfdump's tables of flows.
func isNfdump(line []byte) bool {
	if bytes.HasPrefix(line, []byte("Date first seen")) {
		return true
	}
	cells := strings.Split(strings.ToLower(string(line)), ",")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	has := func(title string) bool { return slices.Contains(cells, title) }
	return has("sa") && has("da") && (has("ts") || has("td")) || has("srcaddr") && has("dstaddr") || has("sap") && has("dap") && has("ts")
}

// nfdump reads what nfdump prints of NetFlow v5 and v9, IPFIX and sFlow.
func (r *reader) nfdump() {
	line, ok := r.content()
	if !ok {
		return
	}
	n := nfdump{reader: r, left: leftOut{}}
	if bytes.HasPrefix(line, []byte("Date ")) || !bytes.Contains(line, []byte(",")) {
		ok = n.textHeader(string(line))
	} else {
		ok = n.csvHeader(string(line))
	}
	if !ok || !n.complete() {
		return
	}
	for {
		line, ok := r.content()
		if !ok || bytes.HasPrefix(line, []byte("Summary")) || bytes.HasPrefix(line, []byte("No matched flows")) {
			break
		}
		if isNfdump(line) { // outputs of several calls in one file
			continue
		}
		x := record{data: -1}
		both := [2]int64{}
		if !n.read(line, &x, &both) {
			continue
		}
		if !r.observed(&x, n.left) {
			break
		}
		if both[0] > 0 {
			back := x
			back.from, back.to, back.fromPort, back.toPort = x.to, x.from, x.toPort, x.fromPort
			back.packets, back.bytes = both[0], both[1]
			if x.proto == icmp4 || x.proto == icmp6 {
				continue // answers come by themselves
			}
			if !r.observed(&back, n.left) {
				break
			}
		}
	}
	n.left.report(r)
}

// nfdump is a table of nfdump's.
type nfdump struct {
	*reader
	columns []logTitle
	csv     bool
	left    leftOut
	cells   [][]byte
}

func (n *nfdump) csvHeader(line string) bool {
	n.csv = true
	for _, cell := range strings.Split(strings.TrimSuffix(strings.TrimSpace(line), ","), ",") {
		c := logTitle{title: strings.TrimSpace(cell)}
		for _, t := range csvTitles {
			if t.title == strings.ToLower(c.title) {
				c.field = t.field
			}
		}
		n.columns = append(n.columns, c)
	}
	return true
}

func (n *nfdump) textHeader(line string) bool {
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " \t,|") {
		found := false
		for _, t := range textTitles {
			if after, ok := strings.CutPrefix(rest, t.title); ok {
				n.columns, rest, found = append(n.columns, t), after, true
				break
			}
		}
		if !found {
			f := problem(fault.UnknownAttribute, "the column that begins with %q is not known; have nfdump write -o csv", fault.Clip(rest))
			n.wrong("", f)
			return false
		}
	}
	return true
}

// complete says what is missing, once for the file.
func (n *nfdump) complete() bool {
	has := func(fields ...logField) bool {
		return slices.ContainsFunc(n.columns, func(c logTitle) bool { return slices.Contains(fields, c.field) })
	}
	missing := func(what, write string) bool {
		n.wrong("", problem(fault.MissingAttribute, "there is no column for %s; have nfdump write -o csv, or %s", what, write))
		return false
	}
	switch {
	case !has(logFirst):
		return missing("when flows begin", "%ts in its format")
	case !has(logFrom, logFromBoth) || !has(logTo, logToBoth):
		return missing("addresses", "%sa and %da in its format")
	case !has(logProto):
		return missing("the protocol", "%pr in its format")
	case !has(logBytes) || !has(logPackets):
		return missing("bytes or packets", "%ibyt and %ipkt in its format")
	}
	return true
}

// read reads a row; false when there is something wrong with it.
func (n *nfdump) read(line []byte, x *record, back *[2]int64) bool {
	if n.csv {
		n.cells = n.cells[:0]
		for _, c := range bytes.Split(line, []byte(",")) {
			n.cells = append(n.cells, trim(c))
		}
		if k := len(n.columns); len(n.cells) == k+1 && len(n.cells[k]) == 0 {
			n.cells = n.cells[:k]
		}
	} else if !n.textCells(line) {
		return false
	}
	if len(n.cells) != len(n.columns) {
		n.wrong("", problem(fault.Syntax, "the row has %d fields, the header %d", len(n.cells), len(n.columns)))
		return false
	}
	last, span, spanned := int64(0), int64(0), false
	var toPort string
	for i, b := range n.cells {
		var bad *fault.Fault
		text := string(b)
		switch c := n.columns[i]; c.field {
		case logFirst:
			x.second, x.nano, bad = logTime(text)
		case logLast:
			var s, ns int64
			if s, ns, bad = logTime(text); bad == nil {
				last = min(s, 1<<32)*1e9 + ns
			}
		case logDuration:
			span, bad = logSpan(text)
			spanned = true
		case logProto:
			x.proto, bad = logProtocol(text)
		case logFrom:
			x.from, bad = logAddress(text)
		case logTo:
			x.to, bad = logAddress(text)
		case logFromPort:
			x.fromPort = uint16(logPort(text))
		case logToPort:
			toPort = text
		case logFromBoth:
			var port string
			x.from, port, bad = logEnd(text)
			x.fromPort = uint16(logPort(port))
		case logToBoth:
			x.to, toPort, bad = logEnd(text)
		case logPackets:
			x.packets, bad = logCount(text)
		case logBytes:
			x.bytes, bad = logCount(text)
		case logBackPackets:
			back[0], bad = logCount(text)
		case logBackBytes:
			back[1], bad = logCount(text)
		}
		if bad != nil {
			n.wrong(n.columns[i].title, bad)
			return false
		}
	}
	x.timeless = x.second == 0 && x.nano == 0
	x.toPort = uint16(logPort(toPort))
	if x.span = span; !spanned {
		x.span = max(0, min(last-min(x.second, 1<<32)*1e9-x.nano, 1<<53))
	}
	return true
}

// textCells cuts a row that people read into cells: dates are two words, arrows none, and
// numbers may have their thousands behind them.
func (n *nfdump) textCells(line []byte) bool {
	line = bytes.Map(func(c rune) rune {
		if c == ',' || c == '|' {
			return ' '
		}
		return c
	}, line)
	n.fields = words(n.fields, line)
	w := slices.DeleteFunc(n.fields, func(b []byte) bool { return string(b) == "->" || string(b) == "<->" || string(b) == "<-" })
	n.cells = n.cells[:0]
	for _, c := range n.columns {
		if len(w) == 0 {
			break
		}
		take := 1
		switch date := strings.HasPrefix(c.title, "Date"); {
		case date && len(w) > 1:
			take = 2
		case c.field == logDuration && len(w) > 1 && len(w[0]) > 1 && w[0][len(w[0])-1] == 'd':
			take = 2
		case len(w) > 1 && len(w[1]) == 1 && strings.Contains("KMGT", string(w[1])) && c.field != logProto:
			take = 2
		}
		n.cells = append(n.cells, bytes.Join(w[:take], []byte(" ")))
		w = w[take:]
	}
	if len(w) > 0 {
		n.wrong("", problem(fault.Syntax, "the row has more fields than the header; have nfdump write -o csv"))
		return false
	}
	return true
}

// logTime reads "2026-01-31 12:00:00.123", or milliseconds or seconds since 1970.
func logTime(s string) (second, nano int64, bad *fault.Fault) {
	for _, layout := range [...]string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil && at.Year() >= 1970 { // a fraction is read, too
			return at.Unix(), int64(at.Nanosecond()), nil
		}
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms >= 0 && ms < 1<<53 {
		if ms < 1<<34 { // seconds until the year 2514; milliseconds until July 1970
			return ms, 0, nil
		}
		return ms / 1000, ms % 1000 * 1e6, nil
	}
	if at, err := strconv.ParseFloat(s, 64); err == nil && at >= 0 && at < 1<<34 {
		whole := math.Floor(at)
		return int64(whole), int64(math.Round(float64((at-whole)*1000))) * 1e6 % 1e9, nil
	}
	return 0, 0, problem(fault.BadNumber, "%q is no time such as 2026-01-31 12:00:00.123", fault.Clip(s))
}

// logSpan reads seconds, or "1d 02:03:04.567", in nanoseconds.
func logSpan(s string) (int64, *fault.Fault) {
	bad := problem(fault.BadNumber, "%q is no duration such as 2.578 or 00:00:02.578", fault.Clip(s))
	days := int64(0)
	if d, rest, ok := strings.Cut(s, "d "); ok {
		v, err := strconv.ParseInt(d, 10, 32)
		if err != nil || v < 0 || v > 100 {
			return 0, bad
		}
		days, s = v, rest
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, bad
	}
	total := 0.0
	for _, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || !(v >= 0 && v < 1e7) {
			return 0, bad
		}
		total = float64(total*60) + v
	}
	return days*86400e9 + int64(math.Round(float64(total*1e6)))*1000, nil
}

func logProtocol(s string) (uint8, *fault.Fault) {
	switch strings.ToUpper(s) {
	case "TCP":
		return tcp4, nil
	case "UDP":
		return udp4, nil
	case "ICMP":
		return icmp4, nil
	case "ICMP6", "IPV6-ICMP", "ICMPV6":
		return icmp6, nil
	case "IGMP":
		return 2, nil
	case "GRE":
		return 47, nil
	case "ESP":
		return 50, nil
	case "AH":
		return 51, nil
	case "OSPF", "OSPFIGP":
		return 89, nil
	case "SCTP":
		return 132, nil
	}
	v, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		for _, c := range s {
			if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-+/.", c) {
				return 0, problem(fault.BadChoice, "%q is no protocol", fault.Clip(s))
			}
		}
		return 255, nil // one that has a name, and that nobody here carries
	}
	return uint8(v), nil
}

func logAddress(s string) (netip.Addr, *fault.Fault) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		if strings.Contains(s, "..") {
			return a, problem(fault.BadAddress, "%q is cut short; have nfdump write -6, or -o csv", fault.Clip(s))
		}
		return a, problem(fault.BadAddress, "%q is no address", fault.Clip(s))
	}
	return a.Unmap().WithZone(""), nil
}

// logEnd reads an address with a port: 10.0.0.1:80, 2001:db8::1.80.
func logEnd(s string) (netip.Addr, string, *fault.Fault) {
	at := strings.LastIndexByte(s, ':')
	if strings.Count(s, ":") > 1 {
		at += 1 + strings.IndexByte(s[at+1:], '.')
		if s[at] == ':' {
			at = len(s)
		}
	}
	if at < 0 {
		at = len(s)
	}
	a, bad := logAddress(s[:at])
	return a, s[min(at+1, len(s)):], bad
}

// logPort reads a port, or ICMP's TYPE.CODE as 256*type + code; 0 if it is neither.
func logPort(s string) int64 {
	if kind, code, ok := strings.Cut(s, "."); ok {
		a, err := strconv.ParseUint(kind, 10, 8)
		b, err2 := strconv.ParseUint(code, 10, 8)
		if err != nil || err2 != nil {
			return 0
		}
		return int64(a<<8 | b)
	}
	v, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return int64(v)
}

// logCount reads a number, which nfdump writes as "1.2 M" where it is large.
func logCount(s string) (int64, *fault.Fault) {
	number, unit, scaledBy := strings.Cut(s, " ")
	factor := int64(1)
	if scaledBy {
		factor = map[string]int64{"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[unit]
	}
	if factor == 0 {
		return 0, problem(fault.BadNumber, "%q is no number", fault.Clip(s))
	}
	return scaled([]byte(number), factor)
}
