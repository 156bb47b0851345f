package prompt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestALineIsTakenApartAtBlanksUnlessQuoted(t *testing.T) {
	for line, want := range map[string][]string{
		"":                         nil,
		"  h1   ping\th2 ":         {"h1", "ping", "h2"},
		`h1 sh -c 'echo "a b"; x'`: {"h1", "sh", "-c", `echo "a b"; x`},
		`h1 echo ""`:               {"h1", "echo", ""},
		`a'b c'd`:                  {"ab cd"},
	} {
		if got, err := Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %q, %v", line, got, err)
		}
	}
	if _, err := Split(`h1 echo "x`); err == nil {
		t.Error("an open quote is accepted")
	}
}

// scripted fails on lines that begin with "bad".
type scripted struct{ lines []string }

func (s *scripted) Do(_ context.Context, l Line) error {
	line, out := l.Text, l.Out
	s.lines = append(s.lines, line)
	switch {
	case strings.HasPrefix(line, "bad"):
		return errors.New("no good")
	case line == "exit":
		return ErrLeave
	}
	_, err := io.WriteString(out, line+"\n")
	return err
}

func (*scripted) Complete(context.Context, string) ([]string, error) { return nil, nil }

func TestAScriptGoesOnAfterAFaultAndEndsAtExit(t *testing.T) {
	var out, errs bytes.Buffer
	s := &scripted{}
	failed, err := Read(t.Context(), s, strings.NewReader("one\nbad two\nthree\nexit\nfour\n"), &out, &errs)
	if err != nil || failed != 1 || out.String() != "one\nthree\n" || errs.String() != "*** bad two: no good\n" || len(s.lines) != 4 {
		t.Errorf("%d %v %q %q %q", failed, err, out.String(), errs.String(), s.lines)
	}
}
