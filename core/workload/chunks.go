package workload

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

// DefaultChunk is the size of the chunks of a flow that states none.
const DefaultChunk = model.Size(64_000)

// Units of the chunk language, which xSDN leaves open.
const (
	sizeUnit = 1_000_000 // bytes
	timeUnit = model.Second
)

// MaxChunks bounds the chunks of one flow.
const MaxChunks = 1_000_000

// Sizes that a bare R draws from, in units.
const (
	randomLow  = 1
	randomHigh = 1000
)

// Chunk is one piece of a flow.
type Chunk struct {
	Size model.Size
	// Gap is how long after the chunk before it this one starts: after its start, or,
	// when Strict, after it has been sent completely, which is when its last byte has left
	// the sender. Of the first chunk it means nothing.
	Gap    model.Time
	Strict bool
}

// Program is a parsed chunk list.
type Program struct{ items []item }

// item is a number of chunks of one form.
type item struct {
	count     int
	low, high float64 // size in units; equal unless random
	split     bool    // low is the total, to be split at random
	gap       model.Time
	strict    bool
}

// Chunks expands a flow's chunk list; nil if it has none. Random sizes come from a stream
// of the flow's own, so that other flows change nothing.
func Chunks(f *model.Flow, seed random.Source) ([]Chunk, error) {
	if f.Chunks == "" {
		return nil, nil
	}
	p, err := ParseChunks(f.Chunks)
	if err != nil {
		return nil, fmt.Errorf("flow %q: %w", f.ID, err)
	}
	r := seed.Stream("chunks " + f.ID)
	return p.Expand(r.Float64), nil
}

// ParseChunks reads xSDN's chunk language, comma separated: "34" (a chunk), "30D" (from
// here on each starts 30 s after the start of the one before), "300G" (after its end),
// "D", "G" (the same with no gap), "4.4*15", "40+200G*100" (with a gap of their own),
// "R", "10R1000" (random sizes), "10000/20" (a total, split at random), and combinations.
// Without D or G, chunks follow each other.
func ParseChunks(text string) (*Program, error) {
	p := &Program{}
	mode := item{strict: true}
	total := 0
	for i, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("chunks: part %d is empty", i+1)
		}
		if isGap(part) {
			if err := mode.setGap(part); err != nil {
				return nil, fmt.Errorf("chunks: part %d: %w", i+1, err)
			}
			continue
		}
		it := item{count: 1, gap: mode.gap, strict: mode.strict}
		if err := it.parse(part); err != nil {
			return nil, fmt.Errorf("chunks: part %d: %w", i+1, err)
		}
		if total += it.count; total > MaxChunks {
			return nil, fmt.Errorf("chunks: more than %d chunks", MaxChunks)
		}
		p.items = append(p.items, it)
	}
	if len(p.items) == 0 {
		return nil, fmt.Errorf("chunks: no chunk in %q", fault.Clip(text))
	}
	return p, nil
}

// isGap says whether a part is only a gap: a number, or nothing, before D or G.
func isGap(part string) bool {
	head := part[:len(part)-1]
	return strings.ContainsAny(part[len(part)-1:], "DGdg") && !strings.ContainsAny(head, "+*/Rr")
}

func (it *item) setGap(part string) error {
	last := part[len(part)-1]
	if !strings.ContainsAny(string(last), "DGdg") {
		return fmt.Errorf("%q is not a gap; write it like 30D or 300G", fault.Clip(part))
	}
	it.strict = last == 'G' || last == 'g'
	it.gap = 0
	if head := strings.TrimSpace(part[:len(part)-1]); head != "" {
		seconds, err := amount(head)
		if err != nil {
			return err
		}
		if seconds > float64(model.Forever/timeUnit)/2 {
			return fmt.Errorf("the gap %s is too long", fault.Clip(head))
		}
		it.gap = model.Time(math.Round(seconds * float64(timeUnit)))
	}
	return nil
}

// parse reads SIZE[+GAP][*COUNT], where SIZE is a number, R, LOWRHIGH or TOTAL/COUNT.
func (it *item) parse(part string) error {
	body, count, counted := strings.Cut(part, "*")
	body, gap, gapped := strings.Cut(body, "+")
	body = strings.TrimSpace(body)
	if gapped {
		if gap = strings.TrimSpace(gap); gap == "" {
			return fmt.Errorf("%q has no gap after +", fault.Clip(part))
		}
		if err := it.setGap(gap); err != nil {
			return err
		}
	}
	if counted {
		n, err := whole(count)
		if err != nil {
			return err
		}
		it.count = n
	}
	var err error
	if total, pieces, ok := strings.Cut(body, "/"); ok {
		if counted {
			return fmt.Errorf("%q has two counts", fault.Clip(part))
		}
		if it.low, err = amount(total); err != nil {
			return err
		}
		it.split = true
		it.count, err = whole(pieces)
		if err == nil && it.low*sizeUnit < float64(it.count) {
			return fmt.Errorf("%q splits less than a byte each", fault.Clip(part))
		}
		return err
	}
	if i := strings.IndexAny(body, "Rr"); i >= 0 {
		low, high := strings.TrimSpace(body[:i]), strings.TrimSpace(body[i+1:])
		if low == "" && high == "" {
			it.low, it.high = randomLow, randomHigh
			return nil
		}
		if it.low, err = amount(low); err != nil {
			return err
		}
		if it.high, err = amount(high); err != nil {
			return err
		}
		if it.low > it.high {
			return fmt.Errorf("%q: the lower bound is above the upper", fault.Clip(part))
		}
		return nil
	}
	it.low, err = amount(body)
	it.high = it.low
	return err
}

// amount reads a positive decimal number.
func amount(s string) (float64, error) {
	s = strings.TrimSpace(s)
	for _, c := range s {
		if (c < '0' || c > '9') && c != '.' {
			return 0, fmt.Errorf("%q is not a number", fault.Clip(s))
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", fault.Clip(s))
	}
	if v*sizeUnit > math.MaxInt64/4 {
		return 0, fmt.Errorf("%s is too large", fault.Clip(s))
	}
	return v, nil
}

func whole(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > MaxChunks {
		return 0, fmt.Errorf("%q is not a count from 1 to %d", fault.Clip(s), MaxChunks)
	}
	return n, nil
}

// Count is the number of chunks.
func (p *Program) Count() int {
	n := 0
	for _, it := range p.items {
		n += it.count
	}
	return n
}

// Random says whether sizes depend on chance.
func (p *Program) Random() bool {
	for _, it := range p.items {
		if it.split || it.low != it.high {
			return true
		}
	}
	return false
}

// Expand makes the concrete list. uniform draws from [0,1); it is called in the order
// of the list, and only for random sizes.
func (p *Program) Expand(uniform func() float64) []Chunk {
	out := make([]Chunk, 0, p.Count())
	for _, it := range p.items {
		if it.split {
			out = it.splitUp(out, uniform)
			continue
		}
		for range it.count {
			v := it.low
			if it.high > it.low {
				v += uniform() * (it.high - it.low)
			}
			out = append(out, Chunk{toSize(v), it.gap, it.strict})
		}
	}
	return out
}

func toSize(units float64) model.Size { return max(1, model.Size(math.Round(units*sizeUnit))) }

// splitUp cuts the total at random, each piece at least a byte; the sizes sum to it.
func (it *item) splitUp(out []Chunk, uniform func() float64) []Chunk {
	weights, sum := make([]float64, it.count), 0.0
	for i := range weights {
		weights[i] = 1 - uniform()
		sum += weights[i]
	}
	total := toSize(it.low)
	spare := float64(total) - float64(it.count)
	done, part := model.Size(0), 0.0
	for i, w := range weights {
		part += w
		end := model.Size(i+1) + model.Size(math.Floor(spare*(part/sum)))
		if i == it.count-1 {
			end = total
		}
		out = append(out, Chunk{end - done, it.gap, it.strict})
		done = end
	}
	return out
}
