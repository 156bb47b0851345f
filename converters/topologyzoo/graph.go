package topologyzoo

import (
	"bytes"

	"sendim/converters/draft"
	"sendim/core/fault"
)

// graph is what a file says, before its attributes are understood.
type graph struct {
	file     draft.File
	format   string
	id       string
	attrs    []attr
	nodes    []node
	edges    []edge
	notes    []string
	warnings fault.List
}

// attr is a named text. It comes from a <data> element or from a line of GML.
type attr struct {
	name, value string
	line        int32
	key         string // GraphML: id of the key
}

type node struct {
	id     string
	attrs  []attr
	labels []string
	line   int32
}

// edge joins two nodes, by their index.
type edge struct {
	id       string
	a, b     int32
	directed bool
	attrs    []attr
	line     int32
}

// Is says whether a file looks like GraphML or GML.
func Is(f draft.File) bool { return draft.RootOf(f) == "graphml" || isGML(f) }

// Read reads one GraphML or GML file.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		place := fault.Place{}
		if len(files) > 1 {
			place.File = files[1].Name
		}
		return nil, fault.New(fault.BadChoice, place, "a graph is one file; %d are given", len(files))
	}
	f := files[0]
	var g *graph
	var err error
	if looksLikeXML(f.Data) {
		g, err = readGraphML(f)
	} else {
		g, err = readGML(f)
	}
	if err != nil {
		return nil, err
	}
	return understand(g)
}

// looksLikeXML decides which of the two syntaxes is meant, so that the faults of a file
// that is neither are told in the more likely one.
func looksLikeXML(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(data) > 0 && data[0] == '<'
}

// maxNotes bounds the warnings of one kind that are told one by one.
const maxNotes = 3
