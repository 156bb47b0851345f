package trace

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/model"
)

// drawn is a random diary of few names, so that filters meet something.
func drawn(t *rapid.T) []Entry {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	out := make([]Entry, rapid.IntRange(0, 30).Draw(t, "entries"))
	for i := range out {
		e := &out[i]
		e.At = model.Time(rapid.Int64Range(-5, 20).Draw(t, "at"))
		e.Kind = rapid.SampledFrom(Kinds()).Draw(t, "kind")
		e.Node, e.Link, e.Flow = pick("node", "", "s1", `s"1`, "ü", "s10"), pick("link", "", "s1--s2"), pick("flow", "", "f", "s1")
		e.Text = pick("text", "", `"s1"`, "about s1", "f")
		if rapid.Bool().Draw(t, "sample") {
			e.Sample = &Sample{From: pick("from", "s1", "s2"), To: "h1"}
		}
		if rapid.Bool().Draw(t, "result") {
			e.Result = &FlowResult{ID: pick("id", "f", "g"), From: "h1", To: pick("to", "ü", "s1")}
		}
	}
	return out
}

func TestAFilterGivesWhatATestOfEveryEntryGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := drawn(t)
		var file bytes.Buffer
		w := NewWriter(&file)
		for i := range list {
			w.Emit(&list[i])
		}
		_ = w.Close()
		f := Filter{Node: rapid.SampledFrom([]string{"", "s1", `s"1`, "ü", "h1"}).Draw(t, "f.node"), Link: rapid.SampledFrom([]string{"", "s1--s2"}).Draw(t, "f.link"),
			Flow: rapid.SampledFrom([]string{"", "f"}).Draw(t, "f.flow")}
		if rapid.Bool().Draw(t, "f.from") {
			v := model.Time(rapid.Int64Range(-5, 20).Draw(t, "from"))
			f.From = &v
		}
		if rapid.Bool().Draw(t, "f.to") {
			v := model.Time(rapid.Int64Range(-5, 20).Draw(t, "to"))
			f.To = &v
		}
		if rapid.Bool().Draw(t, "f.kind") {
			f.Kinds = []Kind{list0(list)}
		}
		var want, got []string
		for i, line := range strings.Split(strings.TrimSuffix(file.String(), "\n"), "\n") {
			if len(list) > 0 && f.Wants(&list[i]) {
				want = append(want, line)
			}
		}
		for line, err := range Select(bytes.NewReader(file.Bytes()), f) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(line.Text))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%+v\ngot  %v\nwant %v", f, got, want)
		}
	})
}

func list0(list []Entry) Kind {
	if len(list) == 0 {
		return Warning
	}
	return list[0].Kind
}

func TestAPackedDiaryIsReadAsThePlainOne(t *testing.T) {
	var plain, packed bytes.Buffer
	w := NewWriter(&plain)
	for _, e := range entries() {
		w.Emit(&e)
	}
	_ = w.Close()
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(plain.Bytes())
	_ = z.Close()
	for name, file := range map[string]*bytes.Buffer{"plain": &plain, "packed": &packed} {
		r, err := Unpack(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range Select(r, Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 5 {
			t.Errorf("%s: %d entries", name, n)
		}
	}
}

func TestALongLineAndATornOneAreTold(t *testing.T) {
	long := `{"at":1,"kind":"warning","text":"` + strings.Repeat("x", 1<<20) + `"}`
	n, last := 0, error(nil)
	for line, err := range Select(strings.NewReader(long+"\n\n"+long+"\n"+long[:500]), Filter{Kinds: []Kind{Warning}}) {
		if err != nil {
			last = err
			break
		}
		if string(line.Text) != long {
			t.Errorf("a line of %d bytes", len(line.Text))
		}
		n++
	}
	if n != 2 || !errors.Is(last, io.ErrUnexpectedEOF) {
		t.Errorf("%d lines, %v", n, last)
	}
	for _, err := range Select(strings.NewReader("{}\nnothing\n{}\n"), Filter{}) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "reading trace entry 2") {
		t.Errorf("%v", last)
	}
}

func TestEveryKindIsListedOnce(t *testing.T) {
	seen := map[Kind]bool{}
	for _, k := range Kinds() {
		if seen[k] || k == "" {
			t.Errorf("%q twice", k)
		}
		seen[k] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	declared := regexp.MustCompile(`(?m)^\t\w+ +Kind = "([^"]+)"`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			if !seen[Kind(m[1])] {
				t.Errorf("%s declares %q, which Kinds does not list", name, m[1])
			}
		}
	}
}

// FuzzSelect holds that whatever a file has does no harm, and that what comes out is wanted.
func FuzzSelect(f *testing.F) {
	var file bytes.Buffer
	w := NewWriter(&file)
	for _, e := range entries() {
		w.Emit(&e)
	}
	_ = w.Close()
	f.Add(file.Bytes(), "s1", "packet-in")
	f.Add([]byte("{\"at\":1,\"kind\":\"x\\u0041\"}\n{\"at\":"), "", "")
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1}, "", "warning")
	f.Fuzz(func(t *testing.T, text []byte, node, kind string) {
		r, err := Unpack(bytes.NewReader(text))
		if err != nil {
			return
		}
		x := Filter{Node: node}
		if kind != "" {
			x.Kinds = []Kind{Kind(kind)}
		}
		for line, err := range Select(io.LimitReader(r, 1<<20), x) {
			if err == nil && !x.Wants(line.Entry) {
				t.Fatalf("%s is not wanted", line.Text)
			}
		}
	})
}
