package apptest

import (
	"errors"
	"fmt"
	"strings"
)

// T is what the bench and the laws ask of a test: *testing.T and *rapid.T have it, and
// Verdict makes one for those who are no test.
type T interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Verdict holds a law, or whatever takes a T, and gives what was found broken as an
// error; nil when nothing was.
func Verdict(law func(T)) (err error) {
	c := &court{}
	defer func() {
		switch r := recover(); r {
		case nil:
		case any(c):
		default:
			panic(r)
		}
		if len(c.found) > 0 {
			err = errors.New(strings.Join(c.found, "\n"))
		}
	}()
	law(c)
	return nil
}

// court is a T that remembers. A fatal finding ends the law by a panic with the court
// itself, which Verdict knows.
type court struct{ found []string }

func (c *court) Helper() {}

func (c *court) Error(args ...any) { c.found = append(c.found, fmt.Sprint(args...)) }

func (c *court) Errorf(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

func (c *court) Fatal(args ...any) {
	c.Error(args...)
	panic(c)
}

func (c *court) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	panic(c)
}
