package freeze

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// DamageError says that bytes are not what Write wrote.
type DamageError struct{ What string }

func (e *DamageError) Error() string { return "it is damaged: " + e.What }

// Told is an error that was written: what is left of it is its text.
type Told string

func (e Told) Error() string { return string(e) }

// decoder reads bytes; the first error sticks, and zeros follow it.
type decoder struct {
	b    []byte
	size int
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = &DamageError{fmt.Sprintf(format, args...) + fmt.Sprintf(" (near byte %d)", d.size-len(d.b))}
	}
	d.b = nil
}

func (d *decoder) number() uint64 {
	x, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("it ends early, or a number is too large")
		return 0
	}
	d.b = d.b[n:]
	return x
}

// count is a number of things of which each takes so many bytes at least.
func (d *decoder) count(least uint64) int {
	n := d.number()
	if n > uint64(len(d.b))/max(least, 1) {
		d.fail("%d things of %d bytes or more are announced, and %d bytes are left", n, max(least, 1), len(d.b))
		return 0
	}
	return int(n)
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail("it ends early")
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) fixed() uint64 {
	if b := d.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) text() string { return string(d.bytes(d.number())) }

// reader is a decoder that has the regions.
type reader struct {
	decoder
	plan    *Plan
	given   map[string]any
	regions []*region
	hold    []reflect.Value // keeps regions and maps
	texts   []string
}

// Read gives what Write wrote; given are the values of Outside, by name. The result shares
// no memory with b.
func Read[T any](b []byte, p *Plan, given map[string]any) (*T, error) {
	if err := Check[T](p); err != nil {
		return nil, err
	}
	r := &reader{decoder: decoder{b: b, size: len(b)}, plan: p, given: given}
	if err := p.checkLayout(&r.decoder); err != nil {
		return nil, err
	}
	n := r.count(2)
	r.regions, r.hold = make([]*region, 0, n), make([]reflect.Value, 0, n)
	room := uint64(0) // that the contents take at least
	for range n {
		x := r.announce(&room)
		if r.err != nil {
			return nil, r.err
		}
		r.regions = append(r.regions, x)
	}
	if room > uint64(len(r.b)) {
		r.fail("%d bytes or more are announced, and %d are left", room, len(r.b))
		return nil, r.err
	}
	for _, x := range r.regions {
		r.hold = append(r.hold, r.make(x))
	}
	top := r.pointer(p.shapes[reflect.TypeFor[T]()], 1)
	for i, x := range r.regions {
		if r.err != nil {
			return nil, r.err
		}
		r.contents(x, r.hold[i])
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes are left over", len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	if top == nil {
		return nil, &DamageError{"nothing is in it"}
	}
	for _, x := range r.regions {
		if x.as != nil {
			x.shape.stand.from(x.as, x.base)
		}
	}
	return (*T)(top), nil
}

// announce reads what a region will be.
func (r *reader) announce(room *uint64) *region {
	index, n := r.number(), r.number()
	if index >= uint64(len(r.plan.order)) {
		r.fail("there is no type %d", index)
		return nil
	}
	s := r.plan.order[index]
	least := s.measure()
	if s.key != nil {
		least = s.key.measure() + s.value.measure()
	}
	if s.stand != nil && n != 1 || s.key == nil && s.stand == nil && (s.size == 0 || least == 0) || n > uint64(len(r.b))/max(least, 1) {
		r.fail("there cannot be %d of %s", n, s.typ)
		return nil
	}
	*room += n * least
	return &region{shape: s, count: uintptr(n)}
}

// make allocates a region.
func (r *reader) make(x *region) reflect.Value {
	switch s := x.shape; {
	case s.stand != nil:
		v, u := reflect.New(s.typ), reflect.New(s.as.typ)
		x.base, x.as = v.UnsafePointer(), u.UnsafePointer()
		return v
	case s.key != nil:
		return reflect.MakeMapWithSize(s.typ, int(x.count))
	case x.count == 1:
		v := reflect.New(s.typ)
		x.base = v.UnsafePointer()
		return v
	default:
		v := reflect.MakeSlice(reflect.SliceOf(s.typ), int(x.count), int(x.count))
		x.base = v.UnsafePointer()
		return v
	}
}

// somewhere is where pointers to nothing lead.
func somewhere(s *shape) unsafe.Pointer { return reflect.New(s.typ).UnsafePointer() }

// pointer reads where a pointer or, with more than one, a slice leads; nil for nowhere.
func (r *reader) pointer(s *shape, count uintptr) unsafe.Pointer {
	n := r.number()
	switch {
	case n == 0 || r.err != nil:
		return nil
	case n == 1:
		if s.size != 0 && count > 0 || s.stand != nil {
			r.fail("a pointer to a %s leads nowhere", s.typ)
			return nil
		}
		return somewhere(s)
	case n-2 >= uint64(len(r.regions)):
		r.fail("there is no region %d", n-2)
		return nil
	}
	x := r.regions[n-2]
	if s.stand != nil {
		if x.shape != s {
			r.fail("a pointer to a %s leads to a %s", s.typ, x.shape.typ)
			return nil
		}
		return x.base
	}
	at := r.number()
	if s.size == 0 || x.shape.key != nil || x.shape.stand != nil || at >= uint64(x.count)*uint64(x.shape.size) || x.span(uintptr(at), s) < max(count, 1) {
		r.fail("a pointer to %d of %s leads to byte %d of %d of %s", count, s.typ, at, x.count, x.shape.typ)
		return nil
	}
	return unsafe.Add(x.base, at)
}

func (r *reader) contents(x *region, v reflect.Value) {
	switch s := x.shape; {
	case x.as != nil:
		r.value(x.as, s.as)
	case s.key != nil:
		for range x.count {
			key, value := reflect.New(s.key.typ), reflect.New(s.value.typ)
			r.value(key.UnsafePointer(), s.key)
			r.value(value.UnsafePointer(), s.value)
			if r.err != nil {
				return
			}
			v.SetMapIndex(key.Elem(), value.Elem())
		}
		if v.Len() != int(x.count) {
			r.fail("a key of a %s is there twice", s.typ)
		}
	case s.plain:
		n := uint64(x.count) * uint64(s.size)
		if b := r.bytes(n); b != nil {
			copy(unsafe.Slice((*byte)(x.base), n), b)
		}
	default:
		for i := range x.count {
			r.value(unsafe.Add(x.base, i*s.size), s)
			if r.err != nil {
				return
			}
		}
	}
}

func (r *reader) value(base unsafe.Pointer, s *shape) {
	if s.key != nil {
		r.mapAt(base, s)
		return
	}
	for i := range s.ops {
		o := &s.ops[i]
		at := unsafe.Add(base, o.at)
		switch o.kind {
		case opRaw:
			if b := r.bytes(uint64(o.size)); b != nil {
				copy(unsafe.Slice((*byte)(at), o.size), b)
			}
		case opString:
			*(*string)(at) = r.string()
		case opSlice:
			r.slice(at, o)
		case opPointer:
			*(*unsafe.Pointer)(at) = r.pointer(o.elem, 1)
		case opMap:
			r.mapAt(at, o.elem)
		case opRepeat:
			for k := range o.size {
				r.value(unsafe.Add(at, k*o.elem.size), o.elem)
			}
		case opHolds:
			r.holder(at, o)
		case opError:
			if r.number() != 0 && r.err == nil {
				*(*error)(at) = Told(r.string())
			}
		case opOutside:
			if r.number() == 0 || r.err != nil {
				continue
			}
			given := reflect.ValueOf(r.given[o.names])
			if !given.IsValid() || given.Type() != o.typ {
				r.fail("nobody has given a %s (%s)", o.names, o.typ)
				return
			}
			*(*unsafe.Pointer)(at) = given.UnsafePointer()
		}
		if r.err != nil {
			return
		}
	}
}

func (r *reader) slice(at unsafe.Pointer, o *op) {
	// The length comes after the place, which cannot be looked at without it.
	ahead := r.decoder
	n := ahead.number()
	if n == 0 {
		r.number()
		return
	}
	if n > 1 {
		ahead.number()
	}
	length := ahead.number()
	if ahead.err != nil || length > uint64(r.size) && o.elem.size > 0 || length > 1<<40 {
		r.fail("a slice of %d is too long", length)
		return
	}
	if n == 1 && o.elem.size > 0 && length > 0 {
		r.fail("a slice of %d lies nowhere", length)
		return
	}
	base := r.pointer(o.elem, uintptr(length))
	r.number()
	if r.err == nil {
		*(*sliceHeader)(at) = sliceHeader{base, int(length), int(length)}
	}
}

func (r *reader) mapAt(at unsafe.Pointer, s *shape) {
	n := r.number()
	if n == 0 || r.err != nil {
		return
	}
	if n > uint64(len(r.regions)) || r.regions[n-1].shape != s {
		r.fail("a %s leads to something else", s.typ)
		return
	}
	reflect.NewAt(s.typ, at).Elem().Set(r.hold[n-1])
}

func (r *reader) holder(at unsafe.Pointer, o *op) {
	n := r.number()
	if n == 0 || r.err != nil {
		return
	}
	if n > uint64(len(r.plan.order)) {
		r.fail("there is no type %d", n-1)
		return
	}
	s := r.plan.order[n-1]
	if _, ok := r.plan.names[s.typ]; !ok || !s.typ.Implements(o.typ) {
		r.fail("a %s holds a %s", o.typ, s.typ)
		return
	}
	v := reflect.New(s.typ)
	r.value(v.UnsafePointer(), s)
	if r.err == nil {
		reflect.NewAt(o.typ, at).Elem().Set(v.Elem())
	}
}

func (r *reader) string() string {
	switch n := r.number(); {
	case n == 0:
		return ""
	case n == 1:
		s := strings.Clone(r.text())
		r.texts = append(r.texts, s)
		return s
	case n-2 >= uint64(len(r.texts)):
		r.fail("there is no text %d", n-2)
		return ""
	default:
		return r.texts[n-2]
	}
}
