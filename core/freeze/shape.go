package freeze

import (
	"reflect"
)

// opKind is what an op writes.
type opKind uint8

const (
	opRaw     opKind = iota // bytes as they are, without padding
	opString                // by number, in full at first
	opSlice                 // region, offset and length
	opPointer               // region and offset
	opMap                   // region
	opHolds                 // an interface: a registered type and its value
	opError                 // an error: its text
	opOutside               // whether it is nil
	opRepeat                // an array of what is not raw
)

// op is a part of a value, at an offset.
type op struct {
	kind  opKind
	at    uintptr
	size  uintptr // opRaw: bytes; opRepeat: elements
	elem  *shape
	typ   reflect.Type // of the field
	names string       // opOutside: whose
}

// shape is how values of a type are written.
type shape struct {
	typ   reflect.Type
	index int
	size  uintptr
	ops   []op
	plain bool   // one raw op covers all of it
	flat  bool   // raw ops only
	least uint64 // bytes that a value takes at least
	seen  bool
	key   *shape // of a map, with elem in value
	value *shape
	stand *stand
	as    *shape // of what stands for it
	spans map[spanKey]span
}

// shapeOf gives the shape of a type, and those of the types it leads to.
func (p *Plan) shapeOf(t reflect.Type, path string) *shape {
	if s := p.shapes[t]; s != nil {
		return s
	}
	s := &shape{typ: t, index: len(p.order), size: t.Size(), spans: map[spanKey]span{}}
	p.shapes[t] = s
	p.order = append(p.order, s)
	if st := p.stands[t]; st != nil {
		s.stand = st
		s.as = p.shapeOf(st.as, st.as.String())
		return s
	}
	if t.Kind() == reflect.Map {
		s.key, s.value = p.shapeOf(t.Key(), path+" key"), p.shapeOf(t.Elem(), path+"[]")
		if !sortable(t.Key()) {
			p.fault(path, "the keys of "+t.String()+" have no order")
		}
		return s
	}
	p.compile(s, t, 0, path)
	s.flat = true
	for i := range s.ops {
		s.flat = s.flat && s.ops[i].kind == opRaw
	}
	s.plain = len(s.ops) == 1 && s.flat && s.ops[0].at == 0 && s.ops[0].size == s.size
	return s
}

// sortable says that keys can be put in order by what is written of them.
func sortable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return sortable(t.Elem())
	case reflect.Struct:
		for f := range t.NumField() {
			if !sortable(t.Field(f).Type) {
				return false
			}
		}
		return true
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

// compile appends the ops of a type that lies at an offset of s.
func (p *Plan) compile(s *shape, t reflect.Type, at uintptr, path string) {
	if name, ok := p.outside[t]; ok {
		s.ops = append(s.ops, op{kind: opOutside, at: at, typ: t, names: name})
		return
	}
	if p.stands[t] != nil {
		p.fault(path, t.String()+" is written by something in its stead and can be reached by pointers only")
		return
	}
	switch t.PkgPath() {
	case "hash/maphash", "sync", "sync/atomic", "time", "weak", "unique":
		if t.Kind() == reflect.Struct {
			p.fault(path, "a "+t.String()+" means nothing in another process")
			return
		}
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		if n := len(s.ops); n > 0 && s.ops[n-1].kind == opRaw && s.ops[n-1].at+s.ops[n-1].size == at {
			s.ops[n-1].size += t.Size()
			return
		}
		s.ops = append(s.ops, op{kind: opRaw, at: at, size: t.Size(), typ: t})
	case reflect.String:
		s.ops = append(s.ops, op{kind: opString, at: at, typ: t})
	case reflect.Slice:
		s.ops = append(s.ops, op{kind: opSlice, at: at, typ: t, elem: p.shapeOf(t.Elem(), path+"[]")})
	case reflect.Pointer:
		s.ops = append(s.ops, op{kind: opPointer, at: at, typ: t, elem: p.shapeOf(t.Elem(), path)})
	case reflect.Map:
		s.ops = append(s.ops, op{kind: opMap, at: at, typ: t, elem: p.shapeOf(t, path)})
	case reflect.Array:
		elem := p.shapeOf(t.Elem(), path+"[]")
		switch {
		case t.Len() == 0 || elem.size == 0:
		case elem.plain:
			if n := len(s.ops); n > 0 && s.ops[n-1].kind == opRaw && s.ops[n-1].at+s.ops[n-1].size == at {
				s.ops[n-1].size += t.Size()
				return
			}
			s.ops = append(s.ops, op{kind: opRaw, at: at, size: t.Size(), typ: t})
		default:
			s.ops = append(s.ops, op{kind: opRepeat, at: at, size: uintptr(t.Len()), typ: t, elem: elem})
		}
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if p.mixed[field{t, f.Name}] {
				s.ops = append(s.ops, op{kind: opHolds, at: at + f.Offset, typ: f.Type})
			} else if _, ok := p.skipped[field{t, f.Name}]; !ok && f.Name != "_" {
				p.compile(s, f.Type, at+f.Offset, path+"."+f.Name)
			}
		}
	case reflect.Interface:
		if t == errorType {
			s.ops = append(s.ops, op{kind: opError, at: at, typ: t})
			return
		}
		held := false
		for _, c := range p.registry {
			held = held || t.NumMethod() > 0 && c.Implements(t)
		}
		if !held {
			p.fault(path, "nothing that is registered fits the interface "+t.String())
		}
		s.ops = append(s.ops, op{kind: opHolds, at: at, typ: t})
	default:
		p.fault(path, "a "+t.Kind().String()+" ("+t.String()+") cannot be written")
	}
}

// measure works out how many bytes a value takes at least, so that what is read cannot ask
// for more memory than a small multiple of what is there.
func (s *shape) measure() uint64 {
	if s.seen {
		return s.least
	}
	s.seen = true
	if s.stand != nil {
		s.least = s.as.measure()
		return s.least
	}
	for i := range s.ops {
		switch o := &s.ops[i]; o.kind {
		case opRaw:
			s.least += uint64(o.size)
		case opRepeat:
			s.least += uint64(o.size) * o.elem.measure()
		default:
			s.least++
		}
	}
	return s.least
}

// span is where, in a value of one type, values of another lie at an offset.
type span struct {
	count uintptr // how many in a row, 0: none
}

type spanKey struct {
	at uintptr
	of reflect.Type
}

// span says how many values of a type lie one after the other in a value of shape s from
// an offset on.
func (s *shape) span(at uintptr, of reflect.Type) uintptr {
	k := spanKey{at, of}
	if x, ok := s.spans[k]; ok {
		return x.count
	}
	n := spanIn(s.typ, at, of)
	if len(s.spans) < 1<<12 {
		s.spans[k] = span{n}
	}
	return n
}

func spanIn(t reflect.Type, at uintptr, of reflect.Type) uintptr {
	if t == of {
		if at == 0 {
			return 1
		}
		return 0
	}
	switch t.Kind() {
	case reflect.Array:
		size := t.Elem().Size()
		if size == 0 || at >= t.Size() {
			return 0
		}
		if t.Elem() == of {
			if at%size != 0 {
				return 0
			}
			return uintptr(t.Len()) - at/size
		}
		return spanIn(t.Elem(), at%size, of)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); at >= f.Offset && at < f.Offset+f.Type.Size() {
				if n := spanIn(f.Type, at-f.Offset, of); n > 0 {
					return n
				}
			}
		}
	}
	return 0
}
