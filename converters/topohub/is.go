package topohub

import (
	"bytes"
	"encoding/json"
	"strings"

	"sendim/converters/draft"
)

// Is says whether a file looks like node-link JSON: an object that says early whether
// its graph is directed or has parallel edges.
func Is(f draft.File) bool {
	text, err := draft.Text(draft.File{Data: f.Data[:min(len(f.Data), 16<<10)]})
	if err != nil {
		return false
	}
	x := &document{d: json.NewDecoder(strings.NewReader(text)), text: text, line: 1}
	if t, err := x.next(); err != nil || t != json.Delim('{') {
		return false
	}
	for {
		t, err := x.next()
		if err != nil {
			break
		}
		key, more := t.(string)
		first, err := x.next()
		if err != nil || !more {
			break
		}
		if _, is := first.(bool); is && (key == "directed" || key == "multigraph") {
			// Cytoscape's JSON says so as well, before its elements.
			return !strings.Contains(text, `"elements"`)
		}
		if key == "elements" || x.flat("", first, 0, nil) != nil {
			break
		}
	}
	if strings.Contains(text, `"elements"`) {
		return false
	}
	// The nodes came first and are more than the beginning of the file.
	tail := string(f.Data[max(0, len(f.Data)-4<<10):])
	return strings.Contains(text, `"nodes"`) && strings.Contains(text, `"id"`) && strings.Contains(tail, `"multigraph"`) || links(f.Data)
}

// links says whether JSON has lists of nodes and of links with a source and a target, as
// what libraries of drawings read has them, which need not say whether it is directed.
func links(data []byte) bool {
	has := func(names ...string) bool {
		for _, name := range names {
			if bytes.Contains(data, []byte(`"`+name+`"`)) {
				return true
			}
		}
		return false
	}
	return has("nodes") && has("links", "edges") && has("source") && has("target") && has("id", "name")
}
