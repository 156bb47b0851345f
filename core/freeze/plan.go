package freeze

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// Plan says how the values of a graph are written. It is made once, with all its rules,
// before its first use, and not safe for concurrent use.
type Plan struct {
	shapes   map[reflect.Type]*shape
	order    []*shape
	skipped  map[field]string
	mixed    map[field]bool
	outside  map[reflect.Type]string
	concrete map[string]reflect.Type
	names    map[reflect.Type]string
	registry []reflect.Type
	stands   map[reflect.Type]*stand
	faults   []string
}

type field struct {
	of   reflect.Type
	name string
}

// stand is what is written in a type's stead.
type stand struct {
	as   reflect.Type
	to   func(unsafe.Pointer) unsafe.Pointer
	from func(value, into unsafe.Pointer)
}

// NewPlan returns a plan without any rules.
func NewPlan() *Plan {
	return &Plan{shapes: map[reflect.Type]*shape{}, skipped: map[field]string{}, mixed: map[field]bool{}, outside: map[reflect.Type]string{},
		concrete: map[string]reflect.Type{}, names: map[reflect.Type]string{}, stands: map[reflect.Type]*stand{}}
}

// Skip leaves a field of T out: it is zero when read, and its owner's to fill. The reason is
// for whoever reads the plan. It panics if T has no such field.
func Skip[T any](p *Plan, name, reason string) {
	t := reflect.TypeFor[T]()
	if _, ok := t.FieldByName(name); !ok || reason == "" {
		panic(fmt.Sprintf("freeze: %s has no field %s, or no reason is given", t, name))
	}
	p.skipped[field{t, name}] = reason
}

// Mixed allows a field of T, an interface without methods, to hold whatever is registered:
// its owner vouches that nothing else lies there, which its type does not say.
func Mixed[T any](p *Plan, name string) {
	t := reflect.TypeFor[T]()
	if f, ok := t.FieldByName(name); !ok || f.Type != reflect.TypeFor[any]() {
		panic(fmt.Sprintf("freeze: %s has no field %s that is an interface without methods", t, name))
	}
	p.mixed[field{t, name}] = true
}

// Outside says that pointers to T are not followed: they lead to the one T that is given to
// Write, and to Read, under this name.
func Outside[T any](p *Plan, name string) { p.outside[reflect.TypeFor[*T]()] = name }

// Hold allows interfaces to hold a T.
func Hold[T any](p *Plan) {
	t := reflect.TypeFor[T]()
	p.concrete[t.String()], p.names[t] = t, t.String()
	p.registry = append(p.registry, t)
}

// Instead has what pointers to T lead to written as a U. Both must be reached by pointers
// only; from fills a T when all else has been read, but for other Ts of this kind.
func Instead[T, U any](p *Plan, to func(*T) *U, from func(*U, *T)) {
	p.stands[reflect.TypeFor[T]()] = &stand{as: reflect.TypeFor[U](),
		to:   func(t unsafe.Pointer) unsafe.Pointer { return unsafe.Pointer(to((*T)(t))) },
		from: func(u, t unsafe.Pointer) { from((*U)(u), (*T)(t)) }}
}

// UnfitError lists what of a type cannot be written.
type UnfitError struct{ Faults []string }

func (e *UnfitError) Error() string {
	return "freeze: these values cannot be written: " + strings.Join(e.Faults, "; ")
}

// Check walks all types that can be reached from T and lists those that cannot be written.
func Check[T any](p *Plan) error {
	p.survey(reflect.TypeFor[T]())
	if len(p.faults) > 0 {
		return &UnfitError{p.faults}
	}
	return nil
}

// survey gives every type that can be reached from a root its shape.
func (p *Plan) survey(root reflect.Type) *shape {
	s := p.shapeOf(root, root.String())
	for i := 0; i < len(p.registry); i++ {
		p.shapeOf(p.registry[i], p.registry[i].String())
	}
	for i := 0; i < len(p.order); i++ {
		p.order[i].measure()
	}
	return s
}

func (p *Plan) fault(path, what string) {
	p.faults = append(p.faults, path+": "+what)
}

var errorType = reflect.TypeFor[error]()
