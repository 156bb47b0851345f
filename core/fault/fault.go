package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Code names a rule that an input can break. Codes are stable: scripts and tests
// match on them. Catalogue lists them all.
type Code string

// Place is where a fault was found. Zero fields are unknown. Line and Column count
// from 1; Column counts characters.
type Place struct {
	File         string
	Line, Column int
	Element      string // name of the element, without brackets
	Attribute    string
}

// String gives "file:line:col", as editors and compilers write it; parts that are
// unknown are left out.
func (p Place) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		if b.Len() > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strconv.Itoa(p.Line))
		if p.Column > 0 {
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(p.Column))
		}
	}
	return b.String()
}

// Fault is one thing that is wrong. It is an error.
type Fault struct {
	Code    Code
	Place   Place
	What    string // what was found and what was expected, no trailing full stop
	Nearest string // the nearest valid choice, or ""
}

// New makes a fault with a formatted text.
func New(code Code, place Place, format string, args ...any) Fault {
	return Fault{Code: code, Place: place, What: fmt.Sprintf(format, args...)}
}

// Suggest returns the fault with the choice nearest to word set, if one is near.
func (f Fault) Suggest(word string, choices []string) Fault {
	f.Nearest = Nearest(word, choices)
	return f
}

// Error gives one line: place, subject, text, suggestion and code.
func (f Fault) Error() string {
	var b strings.Builder
	if at := f.Place.String(); at != "" {
		b.WriteString(at)
		b.WriteString(": ")
	}
	switch {
	case f.Place.Element != "" && f.Place.Attribute != "":
		fmt.Fprintf(&b, "<%s %s>: ", f.Place.Element, f.Place.Attribute)
	case f.Place.Element != "":
		fmt.Fprintf(&b, "<%s>: ", f.Place.Element)
	case f.Place.Attribute != "":
		fmt.Fprintf(&b, "%s: ", f.Place.Attribute)
	}
	b.WriteString(f.What)
	if f.Nearest != "" {
		fmt.Fprintf(&b, "; did you mean %q?", f.Nearest)
	}
	if f.Code != "" {
		fmt.Fprintf(&b, " [%s]", f.Code)
	}
	return b.String()
}

// Kept is how many faults a List keeps; later ones are only counted.
const Kept = 100

// List gathers faults in the order they were found. The zero value is ready.
type List struct {
	Faults []Fault // the first Kept
	Total  int     // all that were added
}

// Add appends a fault.
func (l *List) Add(f Fault) {
	l.Total++
	if len(l.Faults) < Kept {
		l.Faults = append(l.Faults, f)
	}
}

// Addf makes and appends a fault.
func (l *List) Addf(code Code, place Place, format string, args ...any) {
	l.Add(New(code, place, format, args...))
}

// Merge appends all faults of another list.
func (l *List) Merge(o *List) {
	if o == nil {
		return
	}
	for _, f := range o.Faults {
		l.Add(f)
	}
	l.Total += o.Total - len(o.Faults)
}

// Full says that no further fault will be kept, so that a reader of a hostile input
// may stop early.
func (l *List) Full() bool { return len(l.Faults) >= Kept }

// Err is nil for an empty list and the list otherwise.
func (l *List) Err() error {
	if l == nil || l.Total == 0 {
		return nil
	}
	return l
}

// Error lists the kept faults, one a line, and then how many more there are.
func (l *List) Error() string {
	var b strings.Builder
	for i, f := range l.Faults {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.Error())
	}
	if more := l.Total - len(l.Faults); more > 0 {
		fmt.Fprintf(&b, "\n... and %d more", more)
	}
	return b.String()
}

// Unwrap lets errors.As reach the single faults.
func (l *List) Unwrap() []error {
	out := make([]error, len(l.Faults))
	for i, f := range l.Faults {
		out[i] = f
	}
	return out
}

// Is says whether err is, or holds, a fault with this code.
func Is(err error, code Code) bool {
	var l *List
	if errors.As(err, &l) {
		for _, f := range l.Faults {
			if f.Code == code {
				return true
			}
		}
		return false
	}
	var f Fault
	return errors.As(err, &f) && f.Code == code
}
