package flowlist

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sendim/core/model"
)

// seeds are the small lists in testdata.
func seeds(f *testing.F, pattern string) {
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// FuzzRead: whatever the text, what is accepted is sound and survives being written.
func FuzzRead(f *testing.F) {
	seeds(f, "list-*")
	n := network(f, 8)
	hosts := mapping(f, n)
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := Read(bytes.NewReader(text), Options{MaxBytes: 1 << 16, MaxFlows: 1000, Origin: true}); err == nil && len(l.Flows) > 0 {
			first := l.Flows[0].Start
			for _, x := range l.Flows {
				first = min(first, x.Start)
			}
			if first != 0 {
				t.Fatalf("the first flow starts at %s", first)
			}
		}
		l, err := Read(bytes.NewReader(text), Options{MaxBytes: 1 << 16, MaxFlows: 1000})
		if err != nil {
			return
		}
		if len(l.Flows) != len(l.Lines) || len(l.Flows) > 1000 {
			t.Fatalf("%d flows, %d lines", len(l.Flows), len(l.Lines))
		}
		for _, x := range l.Flows {
			if x.Start < 0 || x.Size < 0 || x.Duration < 0 || x.Rate < 0 || x.ID == "" {
				t.Fatalf("%+v", x)
			}
		}
		if l.Resolve(n, hosts).Err() != nil {
			return
		}
		for i := range l.Flows { // a count follows from a duration
			if l.Flows[i].Duration > 0 {
				l.Flows[i].Count = 0
			}
		}
		var b bytes.Buffer
		if err := Write(&b, n, l.Flows); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&b, Options{})
		if err != nil && len(l.Flows) > 0 {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if len(l.Flows) > 0 && len(again.Flows) != len(l.Flows) {
			t.Fatalf("%d flows became %d", len(l.Flows), len(again.Flows))
		}
	})
}

func FuzzReadDemands(f *testing.F) {
	seeds(f, "demands-*")
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := ReadDemands(bytes.NewReader(text), Options{MaxBytes: 1 << 16, MaxFlows: 1000})
		if err != nil {
			return
		}
		for i, m := range d.Matrices {
			if m.At < 0 || i > 0 && m.At <= d.Matrices[i-1].At {
				t.Fatal("the times do not rise")
			}
			for _, x := range m.Demands {
				if x.Rate <= 0 || x.From == x.To {
					t.Fatalf("%+v", x)
				}
			}
		}
	})
}

func FuzzReadPairs(f *testing.F) {
	seeds(f, "pairs-*")
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ReadPairs(bytes.NewReader(text), Options{MaxBytes: 1 << 16, MaxFlows: 1000})
		if err != nil {
			return
		}
		for _, x := range p.Pairs {
			if !(x.Weight > 0) || x.From == x.To {
				t.Fatalf("%+v", x)
			}
		}
	})
}

func FuzzReadSizes(f *testing.F) {
	seeds(f, "sizes-*")
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ReadSizes(bytes.NewReader(text), 1, Options{MaxBytes: 1 << 16})
		if err != nil {
			return
		}
		n := network(t, 2)
		n.Services = nil
		n.Distributions = []model.Distribution{{ID: "x", Points: s.Points}}
		if err := n.Validate(nil).Err(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
