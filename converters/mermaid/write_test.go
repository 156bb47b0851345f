package mermaid

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/converters/draft/drafttest"
	"sendim/core/model"
)

func network(t interface{ Fatal(...any) }, name string, names []string, links int) *model.Network {
	b := model.NewBuilder(name)
	for i, node := range names {
		b.Declare([]byte(node), []model.NodeKind{model.Switch, model.Host, model.External}[i%3])
	}
	for i := range links {
		b.Link(model.LinkDraft{A: model.NodeID(i % (len(names) - 1)), B: model.NodeID(len(names) - 1), APort: model.AutoPort, BPort: model.AutoPort,
			Spec: b.SpecID(model.LinkSpec{Rate: 1e7, Spare: i == 1}), Back: b.SpecID(model.LinkSpec{Rate: 1e7, Loss: 0.5})})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheFlowchartReadsLikeTheGoldenOne(t *testing.T) {
	var out bytes.Buffer
	if lost, err := Write(&out, network(t, `A "sample": x`, []string{"s1", `h"1`, "Zürich <b>`|end"}, 3)); err != nil || lost != nil {
		t.Fatal(lost, err)
	}
	drafttest.Golden(t, "sample.mmd", out.String())
}

func TestWhatMermaidWillNotDrawIsSaid(t *testing.T) {
	lost, err := Write(&bytes.Buffer{}, network(t, "", []string{"a", "b", "c"}, 600))
	if err != nil || len(lost) != 2 || !strings.Contains(lost[1], "600 links") {
		t.Error(lost, err)
	}
}

func TestNoNameBreaksALine(t *testing.T) {
	node := regexp.MustCompile(`^  n\d+(\[|\(|\{\{)"[^"<>&|\x60\\]*"(\]|\)|\}\})$`)
	link := regexp.MustCompile(`^  n\d+ (---|-\.-)(\|"[^"|]*"\|)? n\d+$`)
	rapid.Check(t, func(t *rapid.T) {
		var names []string
		for i, s := range rapid.SliceOfN(rapid.String(), 3, 6).Draw(t, "names") {
			if name := fmt.Sprint(i, s); model.CheckID(name) == nil {
				names = append(names, name)
			}
		}
		if len(names) < 2 {
			t.Skip("no legal name")
		}
		var out bytes.Buffer
		if _, err := Write(&out, network(t, rapid.String().Draw(t, "title"), names, 4)); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 4+len(names)+4 {
			t.Fatalf("%d lines for %d names", len(lines), len(names))
		}
		for _, line := range lines[4:] {
			if !node.MatchString(line) && !link.MatchString(line) {
				t.Fatalf("odd line %q", line)
			}
		}
	})
}
