package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"sendim/core/model"
	"sendim/core/trace"
)

// File is one file of a run's directory.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Files lists what a run's directory holds besides the trace. fct.csv and the series of
// flows, queues and switches are there only when they have rows.
func (r *Results) Files() []File {
	out := []File{
		{"manifest.json", r.Manifest.Write},
		{"flows.csv", r.writeFlows},
		{"links.csv", r.writeLinks},
		{"series.csv", r.writeSeries},
		{"tables.json", func(w io.Writer) error { return writeTables(w, r.Tables) }},
		{"result.json", func(w io.Writer) error { return writeJSON(w, r.Outcome()) }},
		{"report.html", r.WriteHTML},
	}
	if len(r.Completions) > 0 {
		out = append(out, File{"fct.csv", r.writeCompletions})
	}
	return append(out, r.Followed.files()...)
}

// Write writes manifest.json.
func (m Manifest) Write(w io.Writer) error { return writeJSON(w, m) }

// Outcome is result.json: tests and verdicts.
type Outcome struct {
	ID         string             `json:"id"`
	Backend    string             `json:"backend"`
	State      State              `json:"state"`
	Error      string             `json:"error,omitempty"`
	End        model.Time         `json:"end"` // picoseconds
	Passed     int                `json:"testsPassed"`
	Tests      []trace.Verdict    `json:"tests"`
	Flows      int                `json:"flows"`
	Unfinished int                `json:"flowsUnfinished"`
	Belief     Belief             `json:"belief"`
	Degraded   []Degraded         `json:"degraded,omitempty"`
	Digest     string             `json:"digest,omitempty"`
	Warnings   []string           `json:"warnings,omitempty"`
	Metrics    map[string]float64 `json:"metrics,omitempty"` // last value of "app/name"
	Pings      []trace.PingResult `json:"pings,omitempty"`
	Load       *trace.Load        `json:"load,omitempty"` // mean over the run
	FCT        []CompletionBin    `json:"fct,omitempty"`  // flow completion times and slowdowns
}

// Outcome sums the results up.
func (r *Results) Outcome() Outcome {
	o := Outcome{ID: r.Manifest.ID, Backend: r.Manifest.Backend, State: r.Manifest.State, Error: r.Manifest.Error, End: r.End,
		Passed: r.Passed(), Tests: r.Tests, Flows: len(r.Flows), Belief: r.Belief, Degraded: r.Manifest.Degraded,
		Digest: r.Manifest.Digest, Warnings: r.Warnings, Pings: r.Pings, Load: meanLoad(r.Load), FCT: r.CompletionBins()}
	if o.Tests == nil {
		o.Tests = []trace.Verdict{}
	}
	for i := range r.Flows {
		if !r.Flows[i].Finished() {
			o.Unfinished++
		}
	}
	for _, m := range r.Metrics {
		if o.Metrics == nil {
			o.Metrics = map[string]float64{}
		}
		o.Metrics[m.App+"/"+m.Name] = m.Value
	}
	return o
}

// meanLoad is the mean of what the machine did, the most that anything was late, and all
// that was lost; nil when nothing is known.
func meanLoad(load []trace.Load) *trace.Load {
	out := trace.Load{Pressure: -1}
	var known model.Time
	for _, l := range load {
		out.Span += l.Span
		out.Slip, out.Lost, out.Gap = max(out.Slip, l.Slip), out.Lost+l.Lost, out.Gap+l.Gap
		if l.Pressure >= 0 {
			known += l.Span
		}
	}
	if out.Span == 0 {
		return nil
	}
	if known > 0 {
		out.Pressure = 0
	}
	for _, l := range load {
		w := l.Span.Seconds() / out.Span.Seconds()
		out.Busy, out.Steal = out.Busy+float64(w*l.Busy), out.Steal+float64(w*l.Steal)
		out.Switching += float64(w * l.Switching)
		if l.Pressure >= 0 && known > 0 {
			out.Pressure += float64(l.Span.Seconds() / known.Seconds() * l.Pressure)
		}
	}
	return &out
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(v)
}

// FlowColumns are the columns of flows.csv.
func FlowColumns() []string {
	return []string{"id", "from", "to", "transport", "class", "start_s", "finish_s", "bytes", "offered", "rate_bps", "rate_error_bps",
		"path", "server", "packets_sent", "packets_received", "packets_lost", "retransmits", "latency_min_s", "latency_mean_s", "latency_max_s", "granularity", "runs", "error",
		// What was asked for, from which a run is replayed.
		"asked_bytes", "asked_s", "asked_bps", "packet_bytes", "srcport", "dstport", "count", "profile", "tenant", "chunk_bytes", "chunks", "pattern"}
}

// Row gives a flow's values in the order of FlowColumns.
func (f *Flow) Row() []string {
	return []string{f.ID, f.From, f.To, f.Transport, f.Class, seconds(f.Start), seconds(f.Finish), whole(f.Bytes), whole(f.Offered), number(f.Rate), number(f.RateError),
		joinPath(f.Path), joinServers(f.Servers), whole(f.Sent), whole(f.Received), whole(f.Lost), whole(f.Retransmits),
		seconds(f.LatencyMin), seconds(f.LatencyMean), seconds(f.LatencyMax), f.Granularity, strconv.Itoa(f.Runs), f.Error,
		whole(f.Asked.Bytes), seconds(f.Asked.For), whole(int64(f.Asked.Rate)), whole(f.Asked.Packet), whole(int64(f.Asked.SrcPort)),
		whole(int64(f.Asked.DstPort)), whole(int64(f.Asked.Count)), f.Asked.Profile, f.Asked.Tenant, whole(f.Asked.Chunk), f.Asked.Chunks, f.Asked.Pattern}
}

func (r *Results) writeFlows(w io.Writer) error {
	return table(w, FlowColumns(), len(r.Flows), func(i int) []string { return r.Flows[i].Row() })
}

// LinkColumns are the columns of links.csv.
func LinkColumns() []string {
	return []string{"link", "from", "to", "rate_bps", "packets", "bytes", "bytes_error", "drops", "utilisation", "peak_utilisation", "measured_bps"}
}

// Row gives a link's values in the order of LinkColumns.
func (l *Link) Row() []string {
	return []string{l.Name, l.From, l.To, whole(int64(l.Rate)), whole(l.Packets), whole(l.Bytes), number(l.BytesError), whole(l.Drops),
		number(l.Utilisation), number(l.Peak), number(l.Measured)}
}

func (r *Results) writeLinks(w io.Writer) error {
	return table(w, LinkColumns(), len(r.Links), func(i int) []string { return r.Links[i].Row() })
}

func (r *Results) writeSeries(w io.Writer) error {
	columns := []string{"at_s", "kind", "name", "from", "to", "value", "utilisation", "drops", "queue_packets"}
	return table(w, columns, len(r.Series)+len(r.Metrics), func(i int) []string {
		if i < len(r.Series) {
			p := &r.Series[i]
			return []string{seconds(p.At), "link", p.Link, p.From, p.To, number(p.Rate), number(p.Utilisation), whole(p.Drops), number(p.Queue)}
		}
		m := &r.Metrics[i-len(r.Series)]
		return []string{seconds(m.At), "metric", m.App + "/" + m.Name, "", "", number(m.Value), "", "", ""}
	})
}

func table(w io.Writer, columns []string, rows int, row func(int) []string) error {
	buf := bufio.NewWriter(w)
	out := csv.NewWriter(buf)
	if err := out.Write(columns); err != nil {
		return err
	}
	for i := range rows {
		if err := out.Write(row(i)); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buf.Flush()
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
func whole(v int64) string    { return strconv.FormatInt(v, 10) }

// ReadManifest reads manifest.json of a run's directory.
func ReadManifest(dir fs.FS) (Manifest, error) {
	var m Manifest
	return m, readJSON(dir, "manifest.json", &m)
}

// Read takes back from a run's directory what a comparison needs: everything but the
// series, the metrics and the drawing.
func Read(dir fs.FS) (*Results, error) {
	var r Results
	var o Outcome
	if err := readJSON(dir, "manifest.json", &r.Manifest); err != nil {
		return nil, err
	}
	if err := readJSON(dir, "result.json", &o); err != nil {
		return nil, err
	}
	r.Tests, r.Pings, r.Belief, r.Warnings, r.End = o.Tests, o.Pings, o.Belief, o.Warnings, o.End
	if o.Load != nil {
		r.Load = []trace.Load{*o.Load}
	}
	if err := readJSON(dir, "tables.json", &r.Tables); err != nil {
		return nil, err
	}
	if err := spell(r.Tables); err != nil {
		return nil, fmt.Errorf("read results: tables.json: %w", err)
	}
	err := readTable(dir, "flows.csv", FlowColumns(), func(c *cells) {
		f := Flow{FlowResult: trace.FlowResult{ID: c.text(), From: c.text(), To: c.text(), Transport: c.text(), Class: c.text()}}
		f.Start, f.Finish, f.Bytes, f.Offered, f.Rate, f.RateError = c.time(), c.time(), c.whole(), c.whole(), c.number(), c.number()
		if path := c.text(); path != "" {
			f.Path = splitPath(path)
		}
		f.Servers = c.servers(f.Bytes)
		f.Sent, f.Received, f.Lost, f.Retransmits = c.whole(), c.whole(), c.whole(), c.whole()
		f.LatencyMin, f.LatencyMean, f.LatencyMax, f.Granularity, f.Runs, f.Error = c.time(), c.time(), c.time(), c.text(), int(c.whole()), c.text()
		f.Asked = trace.Asked{Bytes: c.whole(), For: c.time(), Rate: model.Rate(c.whole()), Packet: c.whole(), SrcPort: uint16(c.whole()),
			DstPort: uint16(c.whole()), Count: int32(c.whole()), Profile: c.text(), Tenant: c.text(), Chunk: c.whole(), Chunks: c.text(), Pattern: c.text()}
		r.Flows = append(r.Flows, f)
	})
	if err != nil {
		return nil, err
	}
	err = readTable(dir, "links.csv", LinkColumns(), func(c *cells) {
		l := Link{Name: c.text(), From: c.text(), To: c.text(), Rate: model.Rate(c.whole()), Packets: c.whole(), Bytes: c.whole(), BytesError: c.number(),
			Drops: c.whole(), Utilisation: c.number(), Peak: c.number(), Measured: c.number()}
		r.Links = append(r.Links, l)
	})
	return &r, err
}

// joinPath writes the nodes of a path apart by blanks, or by commas, which no id
// contains, where an id contains a blank.
func joinPath(nodes []string) string {
	for _, n := range nodes {
		if strings.Contains(n, " ") {
			return strings.Join(nodes, ",")
		}
	}
	return strings.Join(nodes, " ")
}

func splitPath(text string) []string {
	if strings.Contains(text, ",") {
		return strings.Split(text, ",")
	}
	return strings.Split(text, " ")
}

// joinServers writes who served a flow to a service: NODE, or where several did each
// NODE=BYTES, apart as the nodes of a path are.
func joinServers(list []trace.Served) string {
	nodes := make([]string, len(list))
	for i, s := range list {
		if nodes[i] = s.Node; len(list) > 1 {
			nodes[i] += "=" + whole(s.Bytes)
		}
	}
	return joinPath(nodes)
}

// servers takes back what joinServers wrote of a flow of which so many bytes arrived.
func (c *cells) servers(bytes int64) (out []trace.Served) {
	text := c.text()
	if text == "" {
		return nil
	}
	if !strings.Contains(text, "=") {
		return []trace.Served{{Node: text, Bytes: bytes}}
	}
	for _, part := range splitPath(text) {
		node, count, _ := strings.Cut(part, "=")
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil && c.err == nil {
			c.err = err
		}
		out = append(out, trace.Served{Node: node, Bytes: n})
	}
	return out
}

func readJSON(dir fs.FS, name string, v any) error {
	text, err := fs.ReadFile(dir, name)
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read results: %s: %w", name, err)
	}
	return nil
}

// cells walks along one row; the first error sticks.
type cells struct {
	row []string
	err error
}

func (c *cells) text() string {
	if len(c.row) == 0 {
		c.err = errors.Join(c.err, errors.New("row too short"))
		return ""
	}
	v := c.row[0]
	c.row = c.row[1:]
	return v
}

func take[T any](c *cells, parse func(string) (T, error)) T {
	v, err := parse(c.text())
	if err != nil && c.err == nil {
		c.err = err
	}
	return v
}

func (c *cells) whole() int64 {
	return take(c, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
}
func (c *cells) number() float64 {
	return take(c, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
}
func (c *cells) time() model.Time { return take(c, parseSeconds) }

func readTable(dir fs.FS, name string, columns []string, row func(*cells)) error {
	f, err := dir.Open(name)
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	defer f.Close()
	in := csv.NewReader(bufio.NewReader(f))
	missing := 0
	for line := 1; ; line++ {
		cols, err := in.Read()
		switch {
		case err == io.EOF && line > 1:
			return nil
		case err != nil:
			return fmt.Errorf("read results: %s: %w", name, err)
		case line == 1:
			// Runs of before the last columns had their names have nothing to say in them.
			if missing = len(columns) - len(cols); missing < 0 || strings.Join(cols, ",") != strings.Join(columns[:len(cols)], ",") {
				return fmt.Errorf("read results: %s has other columns than this version writes", name)
			}
		default:
			c := &cells{row: append(cols, make([]string, missing)...)}
			row(c)
			if c.err != nil {
				return fmt.Errorf("read results: %s:%d: %w", name, line, c.err)
			}
		}
	}
}
