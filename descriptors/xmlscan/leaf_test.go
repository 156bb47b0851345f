package xmlscan

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// TestLeafReadsOnlyThePlainForm: what Leaf does not read is as if it had not been asked.
func TestLeafReadsOnlyThePlainForm(t *testing.T) {
	for text, want := range map[string]string{
		`<link to="n1"/>`:                    "n1",
		"\n\t  <link to=\"n_1.x\"/>":         "n_1.x",
		`<link to="n-1"/>`:                   "",
		`<link to=""/>`:                      "",
		`<link to="a&amp;b"/>`:               "",
		`<link to='n1'/>`:                    "",
		`<link to="n1" />`:                   "",
		`<link to="n1"></link>`:              "",
		`<link  to="n1"/>`:                   "",
		`<links to="n1"/>`:                   "",
		`x<link to="n1"/>`:                   "",
		`<!-- c --><link to="n1"/>`:          "",
		`<link to="n1" port="1"/>`:           "",
		`<link to="123456789012345678901"/>`: "", // longer than asked for
		`<link to="12345678901234567890"/>`:  "12345678901234567890",
	} {
		s := NewBytes([]byte("<r>"+text+"</r>"), Limits{})
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
		if got := string(s.Leaf(`<link to="`, 20)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if k, err := s.Next(); err != nil || (want == "") == (k == EndElement) {
			t.Errorf("%s: %v, %v follows", text, k, err)
		}
	}
	s := NewBytes([]byte(`<link to="n1"/>`), Limits{})
	if s.Leaf(`<link to="`, 20) != nil {
		t.Error("the root was read")
	}
}

// TestLeafChangesNothingThatIsRead reads a document with Leaf and without, in pieces of any
// size, and compares what was read and where it stood.
func TestLeafChangesNothingThatIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{`<l to="a1"/>`, "\n", " ", `<l to="b-2"/>`, `<l to="ü"/>`, "é", `<l to="c"/>`, `<m>`, `</m>`,
			`<l to="d"></l>`, `<!--x-->`, `<l to="`, strings.Repeat(" ", 100)})).Draw(t, "parts")
		text := []byte("<r>" + strings.Join(parts, "") + "</r>")
		read := func(leaf bool, s *Scanner) string {
			var out strings.Builder
			for {
				if leaf {
					if v := s.Leaf(`<l to="`, 64); v != nil {
						fmt.Fprintf(&out, "l %s at %s, depth %d\n", v, s.Pos(), s.Depth())
						continue
					}
				}
				k, err := s.Next()
				if err != nil {
					fmt.Fprintln(&out, err)
					return out.String()
				}
				if v, ok := s.Value("to"); ok && k == StartElement && string(s.Name()) == "l" {
					at := s.Pos()
					if k, err := s.Next(); err != nil || k != EndElement {
						t.Fatal(k, err)
					}
					fmt.Fprintf(&out, "l %s at %s, depth %d\n", v, at, s.Depth())
					continue
				}
				fmt.Fprintln(&out, k, string(s.Name()), string(s.Text()), s.Pos(), s.Depth())
				if k == EOF {
					return out.String()
				}
			}
		}
		without := read(false, NewBytes(text, Limits{}))
		for name, s := range map[string]*Scanner{
			"in place":     NewBytes(text, Limits{}),
			"byte by byte": New(iotest.OneByteReader(bytes.NewReader(text)), Limits{}),
		} {
			if with := read(true, s); with != without {
				t.Fatalf("%s: %q\nwith\n%s\nwithout\n%s", name, text, with, without)
			}
		}
	})
}
