package dot

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/converters/draft/drafttest"
	"sendim/core/model"
)

// sample has what a picture must tell apart.
func sample(t testing.TB) *model.Network {
	b := model.NewBuilder(`A "sample" \N`)
	s1, _ := b.Declare([]byte("s1"), model.Switch)
	s2, _ := b.Declare([]byte(`core \"x" <b>`), model.Switch)
	h, _ := b.Declare([]byte("h1"), model.Host)
	x, _ := b.Declare([]byte("Zürich {|}"), model.External)
	link := func(a, z model.NodeID, there, back model.LinkSpec) {
		b.Link(model.LinkDraft{A: a, B: z, APort: model.AutoPort, BPort: model.AutoPort, Spec: b.SpecID(there), Back: b.SpecID(back)})
	}
	ten := model.LinkSpec{Rate: 1e7, Delay: 5 * model.Millisecond}
	link(s1, s2, ten, ten)
	link(s1, s2, model.LinkSpec{Spare: true}, model.LinkSpec{Spare: true})
	link(h, s1, ten, model.LinkSpec{Rate: 1e6, Delay: 5 * model.Millisecond, Loss: 0.01})
	link(x, s2, model.LinkSpec{}, model.LinkSpec{})
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// star has one switch with many hosts, and a map's coordinates if asked.
func star(t testing.TB, hosts int, placed bool) *model.Network {
	b := model.NewBuilder("star")
	for i := range 2 {
		s, _ := b.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
		if placed {
			b.SetNodeExtra(s, model.Identity{}, nil, []model.Property{{Name: "longitude", Value: fmt.Sprint(10 * i)}, {Name: "latitude", Value: "50"}})
		}
	}
	b.Link(model.LinkDraft{A: 0, B: 1, APort: model.AutoPort, BPort: model.AutoPort, Spec: b.SpecID(model.LinkSpec{Rate: 1e9})})
	for i := range hosts {
		h, _ := b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		b.Link(model.LinkDraft{A: h, B: 0, APort: model.AutoPort, BPort: model.AutoPort})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheGraphReadsLikeTheGoldenOne(t *testing.T) {
	var out bytes.Buffer
	if lost, err := Write(&out, sample(t)); err != nil || lost != nil {
		t.Fatal(lost, err)
	}
	drafttest.Golden(t, "sample.dot", out.String())
}

func TestManyHostsBecomeACount(t *testing.T) {
	var out bytes.Buffer
	lost, err := Write(&out, star(t, 500, false))
	if err != nil || len(lost) != 1 || !strings.Contains(lost[0], "500 hosts") {
		t.Fatal(lost, err)
	}
	if text := out.String(); !strings.Contains(text, `label="s1\n500 hosts"`) || !strings.Contains(text, "tooltip=") || strings.Contains(text, "h500") {
		t.Error(text)
	}
}

func TestPlacedSwitchesMakeAMap(t *testing.T) {
	var out bytes.Buffer
	if _, err := Write(&out, star(t, 1, true)); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "layout=neato") || !strings.Contains(text, `pos="16.000,104.000!"`) {
		t.Error(text)
	}
}

// graphviz runs dot, which may be missing: it is a picture program, no part of the lab.
func graphviz(t testing.TB, text []byte) string {
	path, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("graphviz is not installed")
	}
	cmd := exec.Command(path, "-Tplain", "-Kdot")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text)
	}
	return string(out)
}

func TestGraphvizFindsEveryNodeAndLink(t *testing.T) {
	var out bytes.Buffer
	if _, err := Write(&out, sample(t)); err != nil {
		t.Fatal(err)
	}
	plain := graphviz(t, out.Bytes())
	if nodes, edges := strings.Count(plain, "\nnode "), strings.Count(plain, "\nedge "); nodes != 4 || edges != 4 {
		t.Errorf("%d nodes, %d edges in\n%s", nodes, edges, plain)
	}
}

func TestNoNameBreaksTheGraph(t *testing.T) {
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`["\\<>{}|a-z äß;&/n%'$()-]{1,12}`), 2, 8, rapid.ID[string])
	count := 0
	rapid.Check(t, func(rt *rapid.T) {
		b := model.NewBuilder(rapid.String().Draw(rt, "name"))
		k := 0
		for _, name := range names.Draw(rt, "names") {
			if model.CheckID(name) == nil {
				b.Declare([]byte(name), model.Switch)
				k++
			}
		}
		for i := 1; i < k; i++ {
			b.Link(model.LinkDraft{A: 0, B: model.NodeID(i), APort: model.AutoPort, BPort: model.AutoPort})
		}
		n, faults := b.Build(nil)
		if err := faults.Err(); err != nil {
			rt.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := Write(&out, n); err != nil {
			rt.Fatal(err)
		}
		if count++; count > 10 { // a process each
			return
		}
		plain := graphviz(t, out.Bytes())
		if nodes, edges := strings.Count(plain, "\nnode "), strings.Count(plain, "\nedge "); nodes != k || edges != max(0, k-1) {
			rt.Fatalf("%d of %d nodes, %d edges in\n%s\nof\n%s", nodes, k, edges, plain, out.String())
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	n := star(b, 100_000, false)
	for b.Loop() {
		if _, err := Write(&bytes.Buffer{}, n); err != nil {
			b.Fatal(err)
		}
	}
}
