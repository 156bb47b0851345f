package flowlist

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"sendim/converters/pcapflow"
	"sendim/core/fault"
	"sendim/core/model"
)

// Format is the form of a list of flows.
type Format string

// The formats; Auto tells them by their content.
const (
	Auto   Format = "auto"
	CSV    Format = "csv"
	Run    Format = "run"
	Trace  Format = "trace"
	Htsim  Format = "htsim"
	HPCC   Format = "hpcc"
	Coflow Format = "coflow"
	Nfdump Format = "nfdump"
	Pcap   Format = "pcap"
)

// Formats lists the formats' names.
func Formats() []string {
	return []string{string(Auto), string(CSV), string(Run), string(Trace), string(Htsim), string(HPCC), string(Coflow), string(Nfdump), string(Pcap)}
}

// Limits of what one file may hold.
const (
	MaxFlows = 20_000_000
	MaxBytes = 4 << 30
	// MaxPoints bounds the points of a distribution of sizes.
	MaxPoints = 1_000_000
)

// Options say how a list is read. The zero value reads it as it stands.
type Options struct {
	Name     string // of the file, in faults
	Format   Format // "": Auto
	MaxBytes int64  // 0: MaxBytes
	MaxFlows int    // 0: MaxFlows
	Expect   int64  // how long the file probably is, to make room at once; 0: unknown

	Prefix           string     // put before every id
	Origin           bool       // times count from the earliest in the file
	Start            model.Time // added to every start, after Time
	Until            model.Time // flows that start later, in the run's time, are left out; 0: none
	Time, Size, Rate Fraction   // multiply starts and durations, sizes, rates
	Idle             model.Time // of captures: silence that ends a flow; 0: a minute

	// What flows have that say nothing of their own; only Transport, Granularity,
	// Packet, Chunk, Class and Pattern (of UDP, packet by packet) count.
	Defaults model.Flow
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = MaxBytes
	}
	if o.MaxFlows <= 0 {
		o.MaxFlows = MaxFlows
	}
	return o
}

// List is a list of flows as its file says. Until Resolve, From and To of its flows are
// numbers of ends. It is not safe for concurrent use.
type List struct {
	Format   Format
	Flows    []model.Flow
	Lines    []int32 // of each flow
	Warnings fault.List
	Remarks  fault.List // what Resolve has to say

	ends ends
}

// Read reads a list of flows. Its error is a *fault.List.
func Read(in io.Reader, o Options) (*List, error) {
	var faults fault.List
	o = o.withDefaults()
	r := &reader{Options: o, lines: newLines(in, o.Name, o.MaxBytes, &faults), faults: &faults, out: &List{Format: o.Format}}
	r.out.ends.file = o.Name
	if o.Format == "" || o.Format == Auto {
		r.out.Format = r.detect()
	}
	switch r.out.Format {
	case CSV, Run:
		r.table()
	case Trace:
		r.trace()
	case Htsim:
		r.htsim()
	case HPCC:
		r.hpcc()
	case Coflow:
		r.coflow()
	case Nfdump:
		r.Origin = true
		r.nfdump()
	case Pcap:
		r.Origin = true
		r.capture()
	}
	if r.Origin && faults.Total == 0 {
		r.settle()
	}
	if faults.Total == 0 && len(r.out.Flows) == 0 {
		r.warn("the list holds no flows")
	}
	if r.late > 0 {
		r.warn("%d flows that start after %s are left out", r.late, o.Until)
	}
	if r.logged > 0 {
		r.warn("%d flows have a size and a duration; they send their size at the rate that takes so long", r.logged)
	}
	return r.out, faults.Err()
}

// rateOver is the rate in bit/s that sends bytes in a span of picoseconds, at least 1.
func rateOver(bytes, span int64) int64 {
	rate := float64(bytes) * 8 / model.Time(span).Seconds()
	return int64(math.Round(min(max(rate, 1), 1<<62)))
}

// Resolve gives the flows their nodes. Its faults have the places of the file. Flows of a
// list with addresses that have no place in the network are left out, with a remark.
func (l *List) Resolve(n *model.Network, m Mapping) *fault.List {
	var faults fault.List
	to := l.ends.resolve(n, m, &faults, &l.Remarks)
	for i := range l.Flows {
		f := &l.Flows[i]
		f.From = to[f.From].node
		t := to[f.To]
		f.To, f.Service = t.node, t.service
		if t.service != "" {
			f.To = model.NoNode
		}
	}
	if l.ends.addressed && faults.Total == 0 {
		l.settleAddressed()
	}
	return &faults
}

// reader reads one file.
type reader struct {
	Options
	*lines
	faults *fault.List
	out    *List
	late   int
	clock  clock // with Origin
	logged int   // flows with a size and a duration
	fields [][]byte
	names  map[string]string // classes, profiles, tenants: one copy of each text
}

func (r *reader) warn(format string, args ...any) {
	r.out.Warnings.Addf(fault.Unused, fault.Place{File: r.Name}, format, args...)
}

// wrong reports what is wrong with a field of the current line.
func (r *reader) wrong(column string, f *fault.Fault) {
	f.Place = r.place(column)
	r.faults.Add(*f)
}

func (r *reader) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	if r.names == nil {
		r.names = map[string]string{}
	}
	s := string(b)
	if len(r.names) < 1<<16 {
		r.names[s] = s
	}
	return s
}

// add takes a flow; f.From and f.To are numbers of ends. False: the list is full.
func (r *reader) add(f *model.Flow) bool {
	fits := true
	multiply := func(v *int64, by Fraction) {
		n, ok := by.of(*v)
		*v, fits = n, fits && ok
	}
	start, span, size, rate := int64(f.Start), int64(f.Duration), int64(f.Size), int64(f.Rate)
	if !r.Origin { // or else when the earliest is known
		at, ok := r.moved(f.Start)
		start, fits = int64(at), ok
	}
	multiply(&span, r.Time)
	multiply(&size, r.Options.Size)
	multiply(&rate, r.Rate)
	if f.Size > 0 {
		size = max(size, 1)
	}
	if !fits {
		r.faults.Addf(fault.OutOfRange, r.place(""), "a time, size or rate is too large")
		return true
	}
	if size > 0 && span > 0 && rate == 0 && f.Chunks == "" { // a flow of a log: so much in that time
		rate, span = rateOver(size, span), 0
		r.logged++
	}
	f.Start, f.Duration, f.Size, f.Rate = model.Time(start), model.Time(span), model.Size(size), model.Rate(rate)
	if r.Until > 0 && f.Start > r.Until && !r.Origin {
		r.late++
		return true
	}
	if len(r.out.Flows) >= r.MaxFlows {
		r.fail(fault.Limit, "more than %d flows", r.MaxFlows)
		return false
	}
	d := &r.Defaults
	if f.Transport == model.TransportAuto {
		f.Transport = d.Transport
	}
	if f.Granularity == model.GranularityAuto {
		f.Granularity = d.Granularity
	}
	if f.Packet == 0 {
		f.Packet = d.Packet
	}
	if f.Chunk == 0 && f.Granularity == model.GranularityChunk {
		f.Chunk = d.Chunk
	}
	if f.Class == "" {
		f.Class = d.Class
	}
	if f.TCP == "" && f.Kind() == model.TCP {
		f.TCP = d.TCP
	}
	if f.Pattern == "" && d.Pattern != "" && (f.Granularity == model.GranularityAuto || f.Granularity == model.GranularityPacket) && f.Kind() == model.UDP {
		f.Pattern = d.Pattern
	}
	if f.ID == "" {
		f.ID = r.id('f', int64(len(r.out.Flows)+1))
	}
	if n := len(r.out.Flows); n == cap(r.out.Flows) && n >= 1024 && r.Expect > 0 {
		r.room(n)
	}
	r.out.Flows = append(r.out.Flows, *f)
	r.out.Lines = append(r.out.Lines, int32(r.line))
	return true
}

// moved multiplies a start and moves it; false if it is too late for any run.
func (r *reader) moved(start model.Time) (model.Time, bool) {
	v, ok := r.Time.of(int64(start))
	if !ok || model.Time(v) > model.Forever/4 || r.Start > model.Forever/4 {
		return 0, false
	}
	return r.Start + model.Time(v), true
}

// settle counts the starts from the earliest.
func (r *reader) settle() {
	first := model.Forever
	for i := range r.out.Flows {
		first = min(first, r.out.Flows[i].Start)
	}
	kept := 0
	for i := range r.out.Flows {
		f := &r.out.Flows[i]
		start, ok := r.moved(f.Start - first)
		if !ok {
			r.line = int(r.out.Lines[i])
			r.wrong("start", problem(fault.OutOfRange, "the time is too large"))
			continue
		}
		if f.Start = start; r.Until > 0 && f.Start > r.Until {
			r.late++
			continue
		}
		r.out.Flows[kept], r.out.Lines[kept] = *f, r.out.Lines[i]
		kept++
	}
	r.out.Flows, r.out.Lines = r.out.Flows[:kept], r.out.Lines[:kept]
}

// room grows the list to what the file will probably give, going by what it has given;
// at most sixteenfold, as files may promise anything.
func (r *reader) room(n int) {
	left := r.Expect - (r.most - r.left)
	more := int64(n)/4 + left*int64(n)/max(r.most-r.left, 1)*17/16
	more = max(0, min(more, 15*int64(n), int64(r.MaxFlows-n)))
	r.out.Flows = slices.Grow(r.out.Flows, int(more))
	r.out.Lines = slices.Grow(r.out.Lines, int(more))
}

// id makes an id of a letter and a number.
func (r *reader) id(letter byte, number int64) string {
	var buf [96]byte
	b := append(buf[:0], r.Prefix...)
	return string(strconv.AppendInt(append(b, letter), number, 10))
}

// detect tells the format by the first lines and goes back before the first of content.
func (r *reader) detect() Format {
	magic, _ := r.in.Peek(4)
	switch {
	case pcapflow.Is(magic):
		return Pcap
	case len(magic) >= 2 && (magic[0] == 0x0c && magic[1] == 0xa5 || magic[0] == 0xa5 && magic[1] == 0x0c):
		r.fail(fault.Syntax, "this is a binary file of nfdump; write it as text: nfdump -r FILE -o csv")
		return ""
	}
	first, ok := r.content()
	if !ok {
		if r.faults.Total == 0 {
			r.faults.Addf(fault.Syntax, fault.Place{File: r.Name}, "the file is empty; a list of flows begins with a header or a count")
		}
		return ""
	}
	r.back()
	w := words(nil, first)
	switch {
	case string(w[0]) == "Nodes" || string(w[0]) == "Connections" || bytes.Contains(w[0], []byte("->")):
		return Htsim
	case len(w) == 1 && numeric(w):
		return HPCC
	case len(w) == 2 && numeric(w):
		return Coflow
	case isNfdump(first):
		return Nfdump
	case isPairs(first):
		r.fail(fault.BadChoice, `this looks like probabilities of pairs, which are no flows; draw flows from them with <traffic kind="pairs" href=...>`)
		return ""
	case bytes.HasPrefix(first, []byte(`{"`)) && bytes.Contains(first, []byte(`"kind":`)):
		return Trace
	case bytes.HasPrefix(bytes.TrimSpace(first), []byte("<")):
		r.fail(fault.Syntax, "this is XML, not a list of flows")
		return ""
	}
	head := strings.ToLower(string(first))
	if strings.Contains(head, "finish_s") && strings.Contains(head, "offered") {
		return Run
	}
	return CSV
}

// numeric says whether all words are whole numbers.
func numeric(w [][]byte) bool {
	for _, b := range w {
		if _, bad := whole(b, 1<<62); bad != nil {
			return false
		}
	}
	return true
}

// isPairs says whether a line is id,src,dst,probability.
func isPairs(line []byte) bool {
	f := bytes.Split(line, []byte(","))
	if len(f) != 4 || !numeric(f[:3]) {
		return false
	}
	v, bad := float(bytes.TrimSpace(f[3]))
	return bad == nil && v >= 0 && v <= 1
}
