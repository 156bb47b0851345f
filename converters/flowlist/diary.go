package flowlist

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"sendim/core/fault"
	"sendim/core/model"
)

// told is what an entry of the diary says of a flow.
type told struct {
	Kind   string `json:"kind"`
	Flow   string `json:"flow"`
	Result *struct {
		ID, From, To, Transport, Granularity, Class string

		Start, Finish  model.Time
		Bytes, Offered int64
		Rate           float64
		Sent           int64

		Asked struct {
			Bytes            int64
			For              model.Time
			Rate             model.Rate
			Packet           int64
			SrcPort, DstPort uint16
			Count            int32
			Profile, Tenant  string
			TCP              string
			Chunk            int64
			Chunks           string
			Pattern          string
		}
	} `json:"result"`
}

// ended is a flow that the diary has told all of.
type ended struct {
	flow  model.Flow
	line  int
	begun int // in which order it started
}

// trace reads the flows of a run's diary, in the order in which they started.
func (r *reader) trace() {
	begun, at := map[string]int{}, map[string]int{}
	var list []ended
	unsaid, guessed := 0, 0
	var torn *fault.Fault
	for {
		line, ok := r.content()
		if !ok {
			break
		}
		if torn != nil {
			r.faults.Add(*torn)
			torn = nil
		}
		start, end := bytes.Contains(line, []byte(`"kind":"flow-start"`)), bytes.Contains(line, []byte(`"kind":"flow-end"`))
		if !start && !end {
			continue
		}
		var x told
		if err := json.Unmarshal(line, &x); err != nil {
			f := fault.New(fault.Syntax, r.place(""), "not an entry of a diary: %s", fault.Clip(err.Error()))
			torn = &f // the last line of a diary may be cut short
			continue
		}
		if x.Kind == "flow-start" {
			id := x.Flow
			if id == "" && x.Result != nil {
				id = x.Result.ID
			}
			if _, again := begun[id]; !again {
				begun[id] = len(begun)
			}
			continue
		}
		if x.Kind != "flow-end" || x.Result == nil {
			continue
		}
		if len(list) >= r.MaxFlows {
			r.fail(fault.Limit, "more than %d flows", r.MaxFlows)
			return
		}
		f, ok := r.flowOf(&x)
		if !ok {
			continue
		}
		if f.Size == 0 && f.Duration == 0 && f.Count == 0 && f.Chunks == "" {
			size := x.Result.Offered
			if size <= 0 {
				size = x.Result.Bytes
			}
			if size <= 0 || !guess(&f, size, int64(min(max(x.Result.Rate, 0), 1<<62)), x.Result.Sent, x.Result.Finish) {
				unsaid++
				at[x.Result.ID] = -1
				continue
			}
			guessed++
		}
		e := ended{f, r.line, len(begun)}
		if n, ok := begun[x.Result.ID]; ok {
			e.begun = n
		}
		if i, again := at[x.Result.ID]; again && i >= 0 { // told again, with more known
			list[i] = e
			continue
		}
		at[x.Result.ID] = len(list)
		list = append(list, e)
	}
	if torn != nil {
		r.warn("the last entry is cut short")
	}
	lost := 0
	for id := range begun {
		if _, ok := at[id]; !ok {
			lost++
		}
	}
	if lost > 0 {
		r.warn("%d flows that started, and of which the diary tells no more, are left out", lost)
	}
	r.unsaid(unsaid)
	r.guessed(guessed)
	slices.SortStableFunc(list, func(a, b ended) int {
		return cmp.Or(cmp.Compare(a.flow.Start, b.flow.Start), cmp.Compare(a.begun, b.begun))
	})
	for i := range list {
		r.line = list[i].line
		if !r.add(&list[i].flow) {
			return
		}
	}
}

// flowOf makes a flow of the result that an entry tells; false when it cannot be one.
func (r *reader) flowOf(x *told) (model.Flow, bool) {
	v := x.Result
	a := &v.Asked
	if v.ID == "" || v.From == "" || v.To == "" {
		r.wrong("", problem(fault.MissingAttribute, "a flow without a name, a sender or a receiver"))
		return model.Flow{}, false
	}
	if v.Start < 0 || a.Bytes < 0 || a.For < 0 || a.Rate < 0 || a.Packet < 0 || a.Chunk < 0 || a.Count < 0 || v.Start > model.Forever/2 {
		r.wrong("", problem(fault.OutOfRange, "flow %q has a negative value, or starts too late", fault.Clip(v.ID)))
		return model.Flow{}, false
	}
	f := model.Flow{ID: r.Prefix + v.ID, From: model.NodeID(r.out.ends.of([]byte(v.From), r.line)), To: model.NodeID(r.out.ends.of([]byte(v.To), r.line)),
		Start: v.Start, Duration: a.For, Size: model.Size(a.Bytes), Rate: a.Rate, Packet: model.Size(a.Packet), SrcPort: a.SrcPort, DstPort: a.DstPort, Count: a.Count,
		Class: r.text([]byte(v.Class)), Profile: r.text([]byte(a.Profile)), TCP: r.text([]byte(a.TCP)), Tenant: r.text([]byte(a.Tenant)),
		Chunk: model.Size(a.Chunk), Chunks: r.text([]byte(a.Chunks)), Pattern: r.text([]byte(a.Pattern))}
	if t, ok := model.ParseTransport(v.Transport); ok {
		f.Transport = t
	}
	if g, ok := model.ParseGranularity(v.Granularity); ok {
		f.Granularity = g
	}
	return f, true
}
