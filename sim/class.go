package sim

import (
	"math"
	"slices"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim/fluid"
)

// mostMarks is how many classes packets can name: RFC 2474 (section 6) keeps sixteen code
// points, those ending in 11, for local use.
const mostMarks = 16

// markOf is the code point (DSCP) of the class that stands at a place of the model, from 0.
func markOf(place int) uint8 { return uint8(4*place + 3) }

// classes is what a model's classes mean to the links, where any means something: a class
// that asks for neither rates nor a priority shares with the flows of no class. Number 0
// is theirs.
type classes struct {
	list    []class
	number  map[string]uint8 // by name; only looked up
	byQueue []uint8          // by what set_queue says: 1 is the first class of the model
	byMark  [64]uint8        // by DSCP
	groups  int
}

type class struct {
	name     string
	min, max int64 // bit/s; 0: none
	group    int   // classes of one priority, the highest is 0
	priority int32
	limit    model.QueueLimit // of its queue; zero: the link's
}

// classify prepares the world for its model's classes.
func (w *world) classify() {
	x := &classes{list: []class{{name: trace.NoClass}}, number: map[string]uint8{}, byQueue: []uint8{0}}
	for i, c := range w.net.Classes {
		number := uint8(0)
		if (c.Min > 0 || c.Max > 0 || c.Priority != 0) && len(x.list) <= math.MaxUint8 {
			number = uint8(len(x.list))
			x.list = append(x.list, class{name: c.ID, min: int64(c.Min), max: int64(c.Max), priority: c.Priority})
		}
		x.number[c.ID] = number
		x.byQueue = append(x.byQueue, number)
		if i < mostMarks {
			x.byMark[markOf(i)] = number
		}
	}
	if len(x.list) == 1 {
		return
	}
	x.group()
	w.classes, w.queued = x, true
	for a := range w.arcs {
		w.arcs[a].flags |= isClassed
	}
}

// of is the number of a class by name.
func (x *classes) of(name string) uint8 {
	if x == nil {
		return 0
	}
	return x.number[name]
}

// queueNumber is what a frame keeps of a switch's set_queue.
func queueNumber(number uint32) uint8 {
	if number > math.MaxUint8 {
		return 0
	}
	return uint8(number)
}

// ofFrame is the class in whose queue a frame waits: the one that the last switch set, or
// the one that its mark names.
func (x *classes) ofFrame(f *frame) uint8 {
	if f.queue != 0 && int(f.queue) < len(x.byQueue) {
		return x.byQueue[f.queue]
	}
	return x.byMark[f.Header.DSCP&63]
}

// mark is the code point that hosts give the packets of a class.
func (w *world) mark(name string) uint8 {
	if name == "" {
		return 0
	}
	i := slices.IndexFunc(w.net.Classes, func(c model.Class) bool { return c.ID == name })
	if i < 0 || i >= mostMarks {
		return 0
	}
	return markOf(i)
}

// unmarked says whether a class means something that packets cannot tell.
func (w *world) unmarked(name string) bool { return w.classes.of(name) != 0 && w.mark(name) == 0 }

// sharing makes what fluid flows share, in bytes a second; the first resource carries
// nothing.
func (w *world) sharing() *fluid.Network {
	nothing := []float64{0}
	if w.classes == nil {
		return fluid.New(nothing)
	}
	list := make([]fluid.Class, len(w.classes.list))
	for i, c := range w.classes.list {
		list[i] = fluid.Class{Min: float64(c.min) / 8, Max: float64(c.max) / 8, Priority: c.priority}
	}
	return fluid.NewClassed(nothing, list)
}
