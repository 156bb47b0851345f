package hpcc

import (
	"testing"

	"sendim/converters/draft"
)

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := draft.File{Name: "f", Data: data}
		Is(file)
		n, err := Read([]draft.File{file})
		if err != nil {
			return
		}
		if r, err := draft.Build(n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}}); err != nil && len(n.Nodes) > 0 {
			t.Fatalf("%v %v", r, err)
		}
	})
}
