package sndlib

import (
	"bytes"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// instance is what one file says, in the file's own units.
type instance struct {
	file        draft.File
	format      string
	meta        map[string]string // granularity, time, unit, origin, and whatever else
	metaOrder   []string
	coordinates string // geographical, pixel, or "" for not said
	nodes       []node
	links       []link
	demands     []demand
	paths       int // admissible paths
	hopLimits   int // demands with a limit on the length of their paths
	ignored     int // parts that SNDlib reserved for later versions
}

type node struct {
	id     string
	x, y   float64
	placed bool
	line   int32
}

type link struct {
	id, source, target string
	preinstalled       float64
	modules            []module
	properties         []model.Property
	line               int32
}

type module struct{ capacity, cost float64 }

type demand struct {
	id, source, target string
	value              float64 // with the routing unit
	line               int32
}

func (in *instance) setMeta(name, value string) {
	if in.meta == nil {
		in.meta = map[string]string{}
	}
	if _, twice := in.meta[name]; !twice && value != "" {
		in.meta[name] = value
		in.metaOrder = append(in.metaOrder, name)
	}
}

// Is says whether a file looks like SNDlib's.
func Is(f draft.File) bool {
	head := f.Data[:min(len(f.Data), 8<<10)]
	if draft.RootOf(f) == "network" {
		return bytes.Contains(head, []byte("sndlib")) || bytes.Contains(head, []byte("networkStructure"))
	}
	return isNative(f.Data)
}

func isNative(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("?SNDlib"))
}

// Read reads one instance, or a topology and any number of its demand matrices.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) == 0 {
		return nil, fault.New(fault.FileMissing, fault.Place{}, "no file is given")
	}
	var faults fault.List
	var all []*instance
	for _, f := range files {
		var in *instance
		if isNative(f.Data) || !strings.HasPrefix(strings.TrimLeft(string(f.Data[:min(len(f.Data), 64)]), "\xef\xbb\xbf \t\r\n"), "<") {
			in = readNative(f, &faults)
		} else {
			in = readXML(f, &faults)
		}
		if faults.Full() {
			break
		}
		all = append(all, in)
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	r := &reader{faults: &faults}
	r.assemble(all)
	if faults.Total > 0 {
		return nil, &faults
	}
	return r.n, nil
}

// quantity reads a finite number that is not negative.
func quantity(s string, what string, place fault.Place, faults *fault.List) float64 {
	v, err := draft.Number(s)
	switch {
	case err != nil:
		faults.Addf(fault.BadNumber, place, "%s: %v", what, err)
	case v < 0:
		faults.Addf(fault.OutOfRange, place, "%s is negative: %s", what, draft.Clip(s))
		v = 0
	}
	return v
}
