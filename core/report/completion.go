package report

import (
	"cmp"
	"io"
	"math"
	"slices"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/core/workload"
)

// Completion is one flow of a size that has arrived whole.
type Completion struct {
	Flow  string
	Size  int64      // application bytes
	Start model.Time // of the flow
	Took  model.Time // the flow's completion time (FCT): from its start to its last byte
	Ideal model.Time // what it would have taken alone, see idealOf; 0: its path is not known
}

// Slowdown is how many times longer a flow took than alone; 0 when that is not known.
func (c *Completion) Slowdown() float64 {
	if c.Ideal <= 0 {
		return 0
	}
	return float64(c.Took) / float64(c.Ideal)
}

// Quantiles are the mean and nearest-rank percentiles: the least value that so many
// percent do not exceed.
type Quantiles struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
}

// CompletionBin is the completions of flows larger than Above and up to UpTo (0: any).
type CompletionBin struct {
	Name     string    `json:"name"`
	Above    int64     `json:"above"`
	UpTo     int64     `json:"upTo,omitempty"`
	Flows    int       `json:"flows"`
	Time     Quantiles `json:"fct_s"`
	Slowdown Quantiles `json:"slowdown"` // of the flows whose path is known
}

// Bounds of the sizes that pFabric (Alizadeh et al., SIGCOMM 2013, section 5) and those
// after it tell apart.
const (
	smallFlow = 100_000
	largeFlow = 10_000_000
)

// CompletionBins sums completions up: all of them first, then small, middle and large
// ones as far as there are any.
func (r *Results) CompletionBins() []CompletionBin {
	var out []CompletionBin
	for _, b := range []CompletionBin{{Name: "all"}, {Name: "up to 100 kB", UpTo: smallFlow},
		{Name: "100 kB to 10 MB", Above: smallFlow, UpTo: largeFlow}, {Name: "above 10 MB", Above: largeFlow}} {
		var took, slow []float64
		for i := range r.Completions {
			c := &r.Completions[i]
			if c.Size <= b.Above && b.Above > 0 || b.UpTo > 0 && c.Size > b.UpTo {
				continue
			}
			took = append(took, c.Took.Seconds())
			if s := c.Slowdown(); s > 0 {
				slow = append(slow, s)
			}
		}
		if b.Flows = len(took); b.Flows > 0 {
			b.Time, b.Slowdown = quantiles(took), quantiles(slow)
			out = append(out, b)
		}
	}
	return out
}

// quantiles sorts its argument.
func quantiles(v []float64) Quantiles {
	if len(v) == 0 {
		return Quantiles{}
	}
	slices.Sort(v)
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return Quantiles{sum / float64(len(v)), rank(v, 500), rank(v, 900), rank(v, 950), rank(v, 990), rank(v, 999)}
}

// rank is the value at so many thousandths of a sorted, non-empty list.
func rank(sorted []float64, thousandths int) float64 {
	return sorted[max(0, (len(sorted)*thousandths+999)/1000-1)]
}

// bySize cuts completions whose slowdown is known into up to so many bins of about equally
// many flows by size, as the figures of HPCC (Li et al., SIGCOMM 2019) have them; equal
// sizes stay together.
func (r *Results) bySize(bins int) (out []CompletionBin) {
	var list []*Completion
	for i := range r.Completions {
		if r.Completions[i].Ideal > 0 {
			list = append(list, &r.Completions[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *Completion) int { return cmp.Compare(a.Size, b.Size) })
	for from := 0; from < len(list); {
		to := max(from+1, (len(out)+1)*len(list)/bins)
		to = min(to, len(list))
		for to < len(list) && list[to].Size == list[to-1].Size {
			to++
		}
		var took, slow []float64
		for _, c := range list[from:to] {
			took, slow = append(took, c.Took.Seconds()), append(slow, c.Slowdown())
		}
		b := CompletionBin{Above: list[from].Size - 1, UpTo: list[to-1].Size, Flows: to - from, Time: quantiles(took), Slowdown: quantiles(slow)}
		b.Name = BytesText(b.UpTo)
		out, from = append(out, b), to
	}
	return out
}

// completions gathers the flows of a size that arrived whole.
func (c *Collector) completions(flows []Flow) (out []Completion) {
	legs := map[[2]string]leg{}
	for i := range flows {
		f := &flows[i]
		if !f.Finished() || f.Error != "" || f.Asked.Bytes <= 0 || f.Bytes < f.Asked.Bytes {
			continue
		}
		var way []leg
		for k := 1; k < len(f.Path); k++ {
			pair := [2]string{f.Path[k-1], f.Path[k]}
			l, ok := legs[pair]
			if !ok {
				l = legOf(c.net, pair)
				legs[pair] = l
			}
			if way = append(way, l); !l.known {
				way = nil
				break
			}
		}
		out = append(out, Completion{Flow: f.ID, Size: f.Asked.Bytes, Start: f.Start, Took: f.Finish - f.Start, Ideal: idealOf(&f.FlowResult, way)})
	}
	return out
}

// leg is one hop of a path: of parallel links the one that a lone flow would be fastest on.
type leg struct {
	rate  model.Rate
	delay model.Time
	known bool
}

func legOf(n *model.Network, pair [2]string) (out leg) {
	if n == nil {
		return out
	}
	a, ok1 := n.NodeByName(pair[0])
	b, ok2 := n.NodeByName(pair[1])
	if !ok1 || !ok2 {
		return out
	}
	for _, id := range n.LinksBetween(a, b) {
		arc := model.Arc(2 * id)
		if n.ArcFrom(arc).Node != a {
			arc++
		}
		s := n.ArcSpec(arc)
		l := leg{s.Rate, s.Delay, true}
		if !out.known || out.rate > 0 && (l.rate == 0 || l.rate > out.rate) || l.rate == out.rate && l.delay < out.delay {
			out = l
		}
	}
	return out
}

// idealOf is how long a flow would take alone on its path, with every link at its rate from
// the first bit to the last and nothing to wait for: no handshake, no slow start, no queue.
// It is the denominator of the slowdown as pFabric (section 5) and HPCC (section 5.1) have
// it, with store-and-forward worked out exactly: n packets, all of M bytes on the wire but
// the last, of L, leave the last link after
//
//	max over c of (sum of M/r_i for i<=c) + (n-2) M/min(r_i for i<=c) + (sum of L/r_i for i>=c)
//
// plus the links' delays; chunks are packets in this, without headers; a fluid flow takes
// its size over the least rate, plus the delays. A flow with a rate of its own is alone no
// faster than that either.
func idealOf(f *trace.FlowResult, way []leg) model.Time {
	if len(way) == 0 {
		return 0
	}
	size, delay, least := model.Size(f.Asked.Bytes), model.Time(0), model.Rate(0)
	for _, l := range way {
		delay += l.delay
		if l.rate > 0 && (least == 0 || l.rate < least) {
			least = l.rate
		}
	}
	unit, header := model.Size(f.Asked.Chunk), model.Size(0)
	switch {
	case f.Granularity == model.GranularityFlow.String():
		if own := f.Asked.Rate; own > 0 && (least == 0 || own < least) {
			least = own
		}
		return least.TransmissionTime(size) + delay
	case f.Granularity != model.GranularityChunk.String():
		transport := model.TCP
		if f.Transport == model.UDP.String() {
			transport = model.UDP
		}
		header = workload.Overhead(transport)
		unit = model.Size(f.Asked.Packet) - header
		if f.Asked.Packet == 0 {
			unit = 1514 - header
		}
	}
	if unit <= 0 || f.Asked.Chunks != "" {
		return 0
	}
	n := (size + unit - 1) / unit
	last := size - (n-1)*unit + header
	rest := model.Time(0) // of the last packet, from link c on
	for _, l := range way {
		rest += l.rate.TransmissionTime(last)
	}
	best := rest
	if n > 1 {
		full, before, slowest := unit+header, model.Time(0), model.Time(0)
		for _, l := range way {
			one := l.rate.TransmissionTime(full)
			before, slowest = before+one, max(slowest, one)
			best = max(best, before+model.Time(n-2)*slowest+rest)
			rest -= l.rate.TransmissionTime(last)
		}
	}
	if own := f.Asked.Rate; own > 0 { // the last packet leaves no sooner than that
		last := model.Time(0)
		for _, l := range way {
			last += l.rate.TransmissionTime(size - (n-1)*unit + header)
		}
		best = max(best, own.TransmissionTime((n-1)*unit)+last)
	}
	return best + delay
}

// CompletionColumns are the columns of fct.csv.
func CompletionColumns() []string {
	return []string{"flow", "size_bytes", "start_s", "fct_s", "ideal_s", "slowdown"}
}

// Row gives a completion's values in the order of CompletionColumns; what is not known is
// empty.
func (c *Completion) Row() []string {
	ideal, slow := "", ""
	if c.Ideal > 0 {
		ideal, slow = seconds(c.Ideal), number(c.Slowdown())
	}
	return []string{c.Flow, whole(c.Size), seconds(c.Start), seconds(c.Took), ideal, slow}
}

func (r *Results) writeCompletions(w io.Writer) error {
	return table(w, CompletionColumns(), len(r.Completions), func(i int) []string { return r.Completions[i].Row() })
}

// cumulative is the curve of a distribution function: for each of so many steps, equal in
// the logarithm, the share of values up to there.
func cumulative(sorted []float64, steps int) (at, share []float64) {
	low, high := sorted[0], sorted[len(sorted)-1]
	if low <= 0 {
		return nil, nil
	}
	for i := range steps + 1 {
		x := high
		if i < steps {
			x = low * math.Pow(high/low, float64(i)/float64(steps))
		}
		n, _ := slices.BinarySearchFunc(sorted, x, func(v, x float64) int {
			if v <= x {
				return -1
			}
			return 1
		})
		at, share = append(at, x), append(share, float64(n)/float64(len(sorted)))
	}
	return at, share
}
