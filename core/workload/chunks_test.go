package workload

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/model"
	"sendim/core/random"
)

func TestEveryFormOfTheChunkLanguage(t *testing.T) {
	const MB = 1_000_000
	for _, c := range []struct {
		text string
		want string // size/gap/mode of each chunk; G strict, D relaxed
	}{
		{"34", "34/0G"},
		{"1.2,34", "1.2/0G 34/0G"},
		{"100,30.1D,334,24,203G,3", "100/0G 334/30.1D 24/30.1D 3/203G"},
		{"D,1,2", "1/0D 2/0D"},
		{"g, 1, 2", "1/0G 2/0G"},
		{"5d,1,D,2", "1/5D 2/0D"},
		{"4.4*3", "4.4/0G 4.4/0G 4.4/0G"},
		{"40+200D*2,7", "40/200D 40/200D 7/0G"},
		{"40+200G*1,300,400,300D,300", "40/200G 300/0G 400/0G 300/300D"},
		{"7R7*2", "7/0G 7/0G"},
		{"7.5R7.5+2G*1", "7.5/2G"},
		{"10/1+2D", "10/2D"},
	} {
		p, err := ParseChunks(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		var got []string
		for _, x := range p.Expand(func() float64 { return 0 }) {
			mode := "D"
			if x.Strict {
				mode = "G"
			}
			got = append(got, fmt.Sprintf("%g/%g%s", float64(x.Size)/MB, x.Gap.Seconds(), mode))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.text, s, c.want)
		}
	}
}

func TestChunkListsThatMeanNothingAreRefused(t *testing.T) {
	for _, text := range []string{"", ",", "1,,2", "D", "x", "-3", "1e3", "NaN", "5*", "5*0", "5*9999999", "*5", "R*x", "10R", "R10", "10R5", "5+", "5+3", "5+D*", "10/0", "10/2*3", "1/0.5", "1R2R3",
		"999999999999999999999", "99999999999999D,1", "0.000001/5", strings.Repeat("1*1000000,", 2) + "1"} {
		if p, err := ParseChunks(text); err == nil {
			t.Errorf("%q is read as %+v", text, p)
		} else if !strings.HasPrefix(err.Error(), "chunks: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRandomChunksKeepTheirBoundsAndTotals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		low, span, n := rapid.IntRange(1, 100).Draw(t, "low"), rapid.IntRange(0, 100).Draw(t, "span"), rapid.IntRange(1, 50).Draw(t, "n")
		p, err := ParseChunks(fmt.Sprintf("%dR%d*%d, %d/%d, R*3", low, low+span, n, low, n))
		if err != nil {
			t.Fatal(err)
		}
		list := p.Expand(r.Float64)
		if len(list) != p.Count() || len(list) != 2*n+3 || !p.Random() {
			t.Fatalf("%d chunks", len(list))
		}
		sum := model.Size(0)
		for i, c := range list {
			switch {
			case i < n && (c.Size < model.Size(low)*sizeUnit || c.Size > model.Size(low+span)*sizeUnit), c.Size < 1:
				t.Fatalf("chunk %d has %d bytes", i, c.Size)
			case i >= n && i < 2*n:
				sum += c.Size
			}
		}
		if sum != model.Size(low)*sizeUnit {
			t.Fatalf("the parts sum to %d", sum)
		}
	})
}

func TestAFlowDrawsItsChunksFromAStreamOfItsOwn(t *testing.T) {
	a, err := Chunks(&model.Flow{ID: "a", Chunks: "R*3"}, random.New(1))
	if err != nil || len(a) != 3 || a[0].Size == a[1].Size {
		t.Fatal(a, err)
	}
	again, _ := Chunks(&model.Flow{ID: "a", Chunks: "R*3"}, random.New(1))
	other, _ := Chunks(&model.Flow{ID: "b", Chunks: "R*3"}, random.New(1))
	if fmt.Sprint(a) != fmt.Sprint(again) || fmt.Sprint(a) == fmt.Sprint(other) {
		t.Errorf("%v, again %v, another flow %v", a, again, other)
	}
	if list, err := Chunks(&model.Flow{ID: "a", Size: 5}, random.New(1)); list != nil || err != nil {
		t.Error(list, err)
	}
	if _, err := Chunks(&model.Flow{ID: "a", Chunks: "x"}, random.New(1)); err == nil || !strings.Contains(err.Error(), `flow "a"`) {
		t.Error(err)
	}
}

func FuzzParseChunks(f *testing.F) {
	for _, text := range []string{"34", "10R20*3,5D,R", "40+200G*100", "10000.1/20+200G", "D,1,2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := ParseChunks(text); err == nil && p.Count() < 1000 {
			for _, c := range p.Expand(func() float64 { return 0.5 }) {
				if c.Size < 1 || c.Gap < 0 {
					t.Fatalf("%q gives %+v", text, c)
				}
			}
		}
	})
}

func TestAFlowWithChunksIsFollowedChunkByChunk(t *testing.T) {
	n := star(t, 2, 1e9)
	n.Flows = []model.Flow{
		{ID: "list", From: 1, To: 2, Chunks: "1,2", Rate: 1e6},
		{ID: "cut", From: 1, To: 2, Size: 1e6, Granularity: model.GranularityChunk},
		{ID: "stated", From: 1, To: 2, Size: 1e6, Granularity: model.GranularityChunk, Chunk: 10},
		{ID: "whole", From: 1, To: 2, Size: 1e6},
	}
	got, err := Concrete(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	if f := got[0]; f.Granularity != model.GranularityChunk || f.Transport != model.TCP || f.Chunk != 0 {
		t.Errorf("a list of chunks: %+v", f)
	}
	if got[1].Chunk != DefaultChunk || got[2].Chunk != 10 || got[3].Chunk != 0 || got[3].Granularity != model.GranularityPacket {
		t.Errorf("%+v", got[1:])
	}
}
