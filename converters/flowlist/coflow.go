package flowlist

import (
	"bytes"
	"strconv"

	"sendim/core/fault"
	"sendim/core/model"
)

// coflow reads the coflow benchmark: "ports coflows", then, a line each,
// "id arrival_ms nMappers m... nReducers r:MB...".
func (r *reader) coflow() {
	r.out.ends.numbered = true
	line, ok := r.content()
	if !ok {
		return
	}
	r.fields = words(r.fields, line)
	if len(r.fields) != 2 || !numeric(r.fields) {
		r.wrong("", problem(fault.Syntax, "expected the number of ports and the number of coflows"))
		return
	}
	ports, _ := whole(r.fields[0], 1<<62)
	announced, _ := whole(r.fields[1], 1<<62)
	seen, inside, empty, transfers := int64(0), 0, int64(0), 0
	for {
		line, ok := r.content()
		if !ok {
			break
		}
		seen++
		c := coflow{reader: r, ports: ports}
		if !c.read(line) {
			continue
		}
		// Transfers that become no flow take time all the same.
		if transfers += len(c.mappers) * len(c.reducers); transfers > r.MaxFlows {
			r.fail(fault.Limit, "more than %d transfers", r.MaxFlows)
			return
		}
		if !c.flows() {
			return
		}
		inside, empty = inside+c.inside, empty+c.empty
	}
	if r.faults.Total == 0 && seen != announced {
		r.wrong("", problem(fault.Syntax, "there are %d coflows; %d are announced", seen, announced))
	}
	if inside > 0 {
		r.warn("%d transfers within one rack are left out", inside)
	}
	if empty > 0 {
		r.warn("%d transfers of less than a byte are left out", empty)
	}
}

// coflow is one line.
type coflow struct {
	*reader
	ports    int64
	id       string
	arrival  model.Time
	mappers  [][]byte
	reducers [][]byte // r:MB
	inside   int
	empty    int64
}

// read takes a line apart; false when there is something wrong with it.
func (c *coflow) read(line []byte) bool {
	c.fields = words(c.fields, line)
	w := c.fields
	short := func() bool {
		c.wrong("", problem(fault.Syntax, "the line ends early; expected id arrival_ms nMappers m... nReducers r:MB..."))
		return false
	}
	if len(w) < 5 {
		return short()
	}
	id, bad := whole(w[0], 1<<62)
	if bad != nil {
		c.wrong("id", bad)
		return false
	}
	c.id = strconv.FormatInt(id, 10)
	ms, bad := scaled(w[1], int64(model.Millisecond))
	if bad != nil {
		c.wrong("arrival", bad)
		return false
	}
	c.arrival = model.Time(ms)
	take := func(what string) ([][]byte, bool) {
		if len(w) == 0 {
			return nil, short()
		}
		n, bad := whole(w[0], int64(len(w)-1))
		if bad != nil {
			c.wrong(what, problem(fault.Syntax, "%q is not the number of %s that follow in the line", fault.Clip(string(w[0])), what))
			return nil, false
		}
		list := w[1 : 1+n]
		w = w[1+n:]
		return list, true
	}
	w = w[2:]
	var ok bool
	if c.mappers, ok = take("mappers"); !ok {
		return false
	}
	if c.reducers, ok = take("reducers"); !ok {
		return false
	}
	if len(w) > 0 {
		c.wrong("", problem(fault.Syntax, "%d words too many", len(w)))
		return false
	}
	for _, m := range c.mappers {
		if !c.rack("mapper", m) {
			return false
		}
	}
	return true
}

func (c *coflow) rack(what string, b []byte) bool {
	n, bad := whole(b, 1<<62)
	if bad == nil && n > c.ports { // some files count racks from 1
		bad = problem(fault.OutOfRange, "rack %d of %d", n, c.ports)
	}
	if bad != nil {
		c.wrong(what, bad)
		return false
	}
	return true
}

// flows adds the flows of the coflow; false: the list is full.
func (c *coflow) flows() bool {
	for _, x := range c.reducers {
		rack, mb, ok := bytes.Cut(x, []byte(":"))
		if !ok {
			c.wrong("reducer", problem(fault.Syntax, "%q: expected RACK:MEGABYTES", fault.Clip(string(x))))
			return true
		}
		if !c.rack("reducer", rack) {
			return true
		}
		total, bad := scaled(mb, 1_000_000)
		if bad != nil {
			c.wrong("reducer", bad)
			return true
		}
		n := int64(len(c.mappers))
		for i, m := range c.mappers {
			// The first ones carry what is left over, so that the sum is exact.
			size := total / n
			if int64(i) < total%n {
				size++
			}
			switch {
			case bytes.Equal(m, rack):
				c.inside++
				continue
			case size == 0:
				c.empty++
				continue
			}
			f := model.Flow{ID: c.Prefix + "c" + c.id + "-" + string(m) + "-" + string(rack), Start: c.arrival, Size: model.Size(size),
				From: model.NodeID(c.out.ends.of(m, c.line)), To: model.NodeID(c.out.ends.of(rack, c.line))}
			if !c.add(&f) {
				return false
			}
		}
	}
	return true
}
