package freeze

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"slices"
	"unsafe"
)

// ValueError says that a value cannot be written, though its type can.
type ValueError struct{ What string }

func (e *ValueError) Error() string { return "freeze: " + e.What }

// region is memory that something leads to: an array of values, or a map.
type region struct {
	at     uintptr
	base   unsafe.Pointer
	shape  *shape
	count  uintptr
	order  int    // in which it was found
	number uint64 // in which it is written, from 1 on
	entry  []pair
	as     unsafe.Pointer // of what stands for it
}

func (r *region) end() uintptr { return r.at + r.count*r.shape.size }

// pair is an entry of a map, copied to where it has an address.
type pair struct {
	key, value unsafe.Pointer
	sort       []byte
}

type found struct {
	at uintptr
	s  *shape
}

// encoder finds all regions first and then writes them.
type encoder struct {
	plan    *Plan
	given   map[string]any
	regions []*region
	known   map[found]uintptr // how many values from there on have been looked at
	maps    map[uintptr]*region
	stands  map[uintptr]*region
	todo    []*region
	arrays  []*region // by address
	texts   map[string]uint64
	out     []byte
	keep    []reflect.Value
}

// Write writes all that can be reached from root. given are the values of Outside, by name.
func Write[T any](w io.Writer, p *Plan, root *T, given map[string]any) (err error) {
	if err := Check[T](p); err != nil {
		return err
	}
	defer func() {
		switch x := recover().(type) {
		case nil:
		case *ValueError:
			err = x
		default:
			panic(x)
		}
	}()
	e := &encoder{plan: p, given: given, known: map[found]uintptr{}, maps: map[uintptr]*region{}, stands: map[uintptr]*region{},
		texts: map[string]uint64{}}
	e.array(unsafe.Pointer(root), p.shapes[reflect.TypeFor[T]()], 1)
	for len(e.todo) > 0 {
		r := e.todo[len(e.todo)-1]
		e.todo = e.todo[:len(e.todo)-1]
		e.scan(r)
	}
	list := e.merge()
	e.out = p.appendLayout(nil)
	e.out = binary.AppendUvarint(e.out, uint64(len(list)))
	for i, r := range list {
		r.number = uint64(i) + 1
		e.out = binary.AppendUvarint(e.out, uint64(r.shape.index))
		n := uint64(r.count)
		if r.shape.key != nil {
			n = uint64(len(r.entry))
		}
		e.out = binary.AppendUvarint(e.out, n)
	}
	e.pointer(unsafe.Pointer(root), p.shapes[reflect.TypeFor[T]()], 1)
	for _, r := range list {
		e.contents(r)
		if len(e.out) >= 1<<20 {
			if _, err := w.Write(e.out); err != nil {
				return err
			}
			e.out = e.out[:0]
		}
	}
	_, err = w.Write(e.out)
	return err
}

// array takes note of values of a shape, one after the other.
func (e *encoder) array(at unsafe.Pointer, s *shape, count uintptr) {
	if s.stand != nil {
		if e.stands[uintptr(at)] == nil {
			r := &region{at: uintptr(at), base: at, shape: s, count: 1, order: len(e.regions), as: s.stand.to(at)}
			e.stands[r.at] = r
			e.regions = append(e.regions, r)
			e.todo = append(e.todo, r)
		}
		return
	}
	if s.size == 0 || count == 0 {
		return
	}
	k := found{uintptr(at), s}
	if e.known[k] >= count {
		return
	}
	e.known[k] = count
	r := &region{at: uintptr(at), base: at, shape: s, count: count, order: len(e.regions)}
	e.regions = append(e.regions, r)
	if !s.flat {
		e.todo = append(e.todo, r)
	}
}

// table takes note of a map.
func (e *encoder) table(at unsafe.Pointer, s *shape) {
	m := reflect.NewAt(s.typ, at).Elem()
	if m.IsNil() || e.maps[m.Pointer()] != nil {
		return
	}
	r := &region{at: m.Pointer(), shape: s, order: len(e.regions)}
	e.maps[r.at] = r
	e.keep = append(e.keep, m)
	e.regions = append(e.regions, r)
	for it := m.MapRange(); it.Next(); {
		k, v := reflect.New(s.key.typ), reflect.New(s.value.typ)
		k.Elem().Set(it.Key())
		v.Elem().Set(it.Value())
		r.entry = append(r.entry, pair{key: k.UnsafePointer(), value: v.UnsafePointer(), sort: sortKey(nil, k.Elem())})
	}
	slices.SortFunc(r.entry, func(a, b pair) int { return bytes.Compare(a.sort, b.sort) })
	e.todo = append(e.todo, r)
}

// sortKey is what keys are put in order by.
func sortKey(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Array:
		for i := range v.Len() {
			b = sortKey(b, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			b = sortKey(b, v.Field(i))
		}
	case reflect.String:
		b = append(append(b, v.String()...), 0)
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b = binary.BigEndian.AppendUint64(b, uint64(v.Int())^1<<63)
	default:
		b = binary.BigEndian.AppendUint64(b, v.Uint())
	}
	return b
}

// scan looks for what a region leads to.
func (e *encoder) scan(r *region) {
	switch {
	case r.as != nil:
		e.look(r.as, r.shape.as)
	case r.shape.key != nil:
		for i := range r.entry {
			e.look(r.entry[i].key, r.shape.key)
			e.look(r.entry[i].value, r.shape.value)
		}
	default:
		for i := range r.count {
			e.look(unsafe.Add(r.base, i*r.shape.size), r.shape)
		}
	}
}

func (e *encoder) look(base unsafe.Pointer, s *shape) {
	if s.key != nil { // a map by itself
		e.table(base, s)
		return
	}
	for i := range s.ops {
		o := &s.ops[i]
		at := unsafe.Add(base, o.at)
		switch o.kind {
		case opSlice:
			h := (*sliceHeader)(at)
			e.array(h.data, o.elem, uintptr(h.len))
		case opPointer:
			if q := *(*unsafe.Pointer)(at); q != nil {
				e.array(q, o.elem, 1)
			}
		case opMap:
			e.table(at, o.elem)
		case opRepeat:
			for k := range o.size {
				e.look(unsafe.Add(at, k*o.elem.size), o.elem)
			}
		case opHolds:
			if v, s := e.held(at, o); s != nil {
				e.look(v, s)
			}
		}
	}
}

// held gives a copy of what an interface holds, the same for each time it is asked.
func (e *encoder) held(at unsafe.Pointer, o *op) (unsafe.Pointer, *shape) {
	v := reflect.NewAt(o.typ, at).Elem()
	if v.IsNil() {
		return nil, nil
	}
	v = v.Elem()
	if _, ok := e.plan.names[v.Type()]; !ok {
		panic(&ValueError{fmt.Sprintf("a %s holds a %s, which is not registered", o.typ, v.Type())})
	}
	x := reflect.New(v.Type())
	x.Elem().Set(v)
	return x.UnsafePointer(), e.plan.shapes[v.Type()]
}

type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// merge brings regions that overlap together and gives the list of all, in the order in
// which they were found.
func (e *encoder) merge() []*region {
	var list []*region
	for _, r := range e.regions {
		if r.shape.key != nil || r.as != nil {
			list = append(list, r)
		} else {
			e.arrays = append(e.arrays, r)
		}
	}
	slices.SortFunc(e.arrays, func(a, b *region) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.end(), a.end()), cmp.Compare(a.order, b.order))
	})
	kept := e.arrays[:0]
	for _, r := range e.arrays {
		if len(kept) == 0 || kept[len(kept)-1].end() <= r.at {
			kept = append(kept, r)
			continue
		}
		k := kept[len(kept)-1]
		order := min(k.order, r.order)
		switch {
		case k.holds(r):
			k.order = order
		case r.holds(k): // at the same place
			r.order = order
			kept[len(kept)-1] = r
		case k.shape == r.shape && (r.at-k.at)%k.shape.size == 0:
			k.count, k.order = (r.end()-k.at)/k.shape.size, order
		default:
			panic(&ValueError{fmt.Sprintf("%d of %s and %d of %s lie across each other in memory", k.count, k.shape.typ, r.count, r.shape.typ)})
		}
	}
	e.arrays = kept
	list = append(list, kept...)
	slices.SortFunc(list, func(a, b *region) int { return cmp.Compare(a.order, b.order) })
	return list
}

// holds says that another region is a part of this one.
func (r *region) holds(x *region) bool {
	return x.at >= r.at && x.end() <= r.end() && r.span(x.at-r.at, x.shape) >= x.count
}

// span says how many values of a shape lie in a row from an offset on.
func (r *region) span(at uintptr, s *shape) uintptr {
	if r.shape == s {
		if at%s.size != 0 || at/s.size > r.count {
			return 0
		}
		return r.count - at/s.size
	}
	if at >= r.count*r.shape.size {
		return 0
	}
	return r.shape.span(at%r.shape.size, s.typ)
}

// find gives the region that an address lies in.
func (e *encoder) find(at uintptr) *region {
	i, ok := slices.BinarySearchFunc(e.arrays, at, func(r *region, at uintptr) int { return cmp.Compare(r.at, at) })
	if !ok {
		i--
	}
	return e.arrays[i]
}

// pointer writes where a pointer or a slice leads to.
func (e *encoder) pointer(to unsafe.Pointer, s *shape, count uintptr) {
	switch {
	case s.stand != nil:
		e.out = binary.AppendUvarint(e.out, e.stands[uintptr(to)].number+1)
		return
	case s.size == 0 || count == 0:
		e.out = append(e.out, 1) // somewhere
		return
	}
	r := e.find(uintptr(to))
	e.out = binary.AppendUvarint(e.out, r.number+1)
	e.out = binary.AppendUvarint(e.out, uint64(uintptr(to)-r.at))
}

func (e *encoder) contents(r *region) {
	switch {
	case r.as != nil:
		e.value(r.as, r.shape.as)
	case r.shape.key != nil:
		for i := range r.entry {
			e.value(r.entry[i].key, r.shape.key)
			e.value(r.entry[i].value, r.shape.value)
		}
	case r.shape.plain:
		e.out = append(e.out, unsafe.Slice((*byte)(r.base), r.count*r.shape.size)...)
	default:
		for i := range r.count {
			e.value(unsafe.Add(r.base, i*r.shape.size), r.shape)
		}
	}
}

func (e *encoder) value(base unsafe.Pointer, s *shape) {
	if s.key != nil {
		e.mapAt(base, s)
		return
	}
	for i := range s.ops {
		o := &s.ops[i]
		at := unsafe.Add(base, o.at)
		switch o.kind {
		case opRaw:
			e.out = append(e.out, unsafe.Slice((*byte)(at), o.size)...)
		case opString:
			e.text(*(*string)(at))
		case opSlice:
			h := (*sliceHeader)(at)
			if h.data == nil {
				e.out = append(e.out, 0)
				continue
			}
			e.pointer(h.data, o.elem, uintptr(h.len))
			e.out = binary.AppendUvarint(e.out, uint64(h.len))
		case opPointer:
			if q := *(*unsafe.Pointer)(at); q != nil {
				e.pointer(q, o.elem, 1)
			} else {
				e.out = append(e.out, 0)
			}
		case opMap:
			e.mapAt(at, o.elem)
		case opRepeat:
			for k := range o.size {
				e.value(unsafe.Add(at, k*o.elem.size), o.elem)
			}
		case opHolds:
			if v, s := e.held(at, o); s != nil {
				e.out = binary.AppendUvarint(e.out, uint64(s.index)+1)
				e.value(v, s)
			} else {
				e.out = append(e.out, 0)
			}
		case opError:
			if err := *(*error)(at); err != nil {
				e.out = append(e.out, 1)
				e.text(err.Error())
			} else {
				e.out = append(e.out, 0)
			}
		case opOutside:
			e.outsider(at, o)
		}
	}
}

func (e *encoder) mapAt(at unsafe.Pointer, s *shape) {
	m := reflect.NewAt(s.typ, at).Elem()
	if m.IsNil() {
		e.out = append(e.out, 0)
		return
	}
	e.out = binary.AppendUvarint(e.out, e.maps[m.Pointer()].number)
}

func (e *encoder) outsider(at unsafe.Pointer, o *op) {
	q := *(*unsafe.Pointer)(at)
	if q == nil {
		e.out = append(e.out, 0)
		return
	}
	if given := reflect.ValueOf(e.given[o.names]); !given.IsValid() || given.Type() != o.typ || given.UnsafePointer() != q {
		panic(&ValueError{fmt.Sprintf("a %s leads to another than the %s that was given", o.typ, o.names)})
	}
	e.out = append(e.out, 1)
}

func (e *encoder) text(s string) {
	switch n, again := e.texts[s]; {
	case s == "":
		e.out = append(e.out, 0)
	case again:
		e.out = binary.AppendUvarint(e.out, n)
	default:
		e.texts[s] = uint64(len(e.texts)) + 2
		e.out = append(e.out, 1)
		e.out = binary.AppendUvarint(e.out, uint64(len(s)))
		e.out = append(e.out, s...)
	}
}
