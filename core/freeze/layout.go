package freeze

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
)

// LayoutError says that bytes were written by a program in whose memory some types lie
// differently.
type LayoutError struct {
	Types []string // which, the first few
	More  int
}

func (e *LayoutError) Error() string {
	text := strings.Join(e.Types, ", ")
	if e.More > 0 {
		text += fmt.Sprintf(" and %d more", e.More)
	}
	return "it was written by another build of the program, which differs in " + text
}

// mostNamed is how many types a LayoutError names.
const mostNamed = 5

// print is a short hash over how a type lies in memory and how it is written.
func (p *Plan) print(s *shape) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d %v\n", s.typ, s.size, s.typ.Kind())
	p.describe(h, s.typ)
	for i := range s.ops {
		fmt.Fprintf(h, "%d %d %d\n", s.ops[i].kind, s.ops[i].at, s.ops[i].size)
	}
	if s.stand != nil {
		fmt.Fprintf(h, "as %s\n", s.as.typ)
	}
	return binary.LittleEndian.Uint64(h.Sum(nil))
}

// describe writes how the fields of a struct are called and where they lie, down to those of
// the structs in it.
func (p *Plan) describe(w io.Writer, t reflect.Type) {
	switch t.Kind() {
	case reflect.Array:
		p.describe(w, t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			_, out := p.skipped[field{t, f.Name}]
			fmt.Fprintf(w, "%s %s %d %v\n", f.Name, f.Type, f.Offset, out)
			if !out {
				p.describe(w, f.Type)
			}
		}
	}
}

// machine is the type whose print stands for the kind of machine.
func machine() (string, uint64) {
	h := sha256.Sum256([]byte(runtime.GOARCH))
	return "the kind of machine (" + runtime.GOARCH + ")", binary.LittleEndian.Uint64(h[:])
}

// appendLayout writes which types there are and how they lie.
func (p *Plan) appendLayout(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.order)+1))
	add := func(name string, print uint64) {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
		b = binary.LittleEndian.AppendUint64(b, print)
	}
	add(machine())
	for _, s := range p.order {
		add(s.typ.String(), p.print(s))
	}
	return b
}

// checkLayout compares what appendLayout wrote with what there is here.
func (p *Plan) checkLayout(d *decoder) error {
	there := d.count(9)
	out := &LayoutError{}
	differs := func(name string) {
		if len(out.Types) < mostNamed {
			out.Types = append(out.Types, name)
		} else {
			out.More++
		}
	}
	for i := range there {
		name := d.text()
		print := d.fixed()
		if d.err != nil {
			return d.err
		}
		here, mine := machine()
		if i > 0 {
			if i > len(p.order) {
				differs(name)
				continue
			}
			here, mine = p.order[i-1].typ.String(), p.print(p.order[i-1])
		}
		if name != here || print != mine {
			differs(name)
		}
	}
	for i := there; i <= len(p.order); i++ {
		differs(p.order[max(i, 1)-1].typ.String())
	}
	if len(out.Types) > 0 {
		return out
	}
	return nil
}
