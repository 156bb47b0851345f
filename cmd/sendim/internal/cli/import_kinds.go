package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/descriptors/xmlscan"
)

// isOwn says whether our own decoder reads a file: a system descriptor, the prototype's,
// or xSDN's.
func isOwn(f draft.File) bool {
	switch rootOf(f) {
	case "system", "system-descriptor", "nodes", "flows", "initFlows", "policies":
		return true
	}
	return false
}

// rootOf is the name of an XML file's first element, "" if it is not XML.
func rootOf(f draft.File) string {
	if head := bytes.TrimLeft(bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf")), " \t\r\n"); !bytes.HasPrefix(head, []byte("<")) {
		return ""
	}
	sc := xmlscan.NewBytes(f.Data, xmlscan.Limits{})
	if _, err := sc.Next(); err != nil {
		return ""
	}
	return string(xmlscan.Local(sc.Name()))
}

// notATopology names files of this field that hold something else, so that nobody has to
// guess why they cannot be imported.
func notATopology(f draft.File) error {
	no := func(what string) error {
		return fault.New(fault.BadChoice, fault.Place{File: f.Name}, "it is %s, not a network", what)
	}
	d := f.Data
	if len(d) == 0 {
		return fault.New(fault.Syntax, fault.Place{File: f.Name}, "the file is empty")
	}
	if len(d) >= 4 {
		switch binary.BigEndian.Uint32(d) {
		case 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a:
			return no("a packet capture")
		case 0x504b0304:
			return no("a zip archive (unpack it)")
		}
	}
	if len(d) >= 20 {
		switch version := binary.BigEndian.Uint16(d); {
		case version == 5 || version == 9 || version == 10:
			return no("a NetFlow or IPFIX export: flow records")
		}
	}
	if len(d) >= 8 && d[0] >= 1 && d[0] <= 6 && int(binary.BigEndian.Uint16(d[2:])) == len(d) {
		return no("an OpenFlow message")
	}
	if rootOf(f) == "deployment" {
		return no("a deployment descriptor")
	}
	text, err := draft.Text(f)
	if err != nil {
		return err
	}
	return notATopologyText(f, text, no)
}

func notATopologyText(f draft.File, text string, no func(string) error) error {
	if t := strings.TrimSpace(text); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		var any map[string]json.RawMessage
		if strings.HasPrefix(t, "{") && json.Unmarshal([]byte(t), &any) == nil {
			for _, key := range []string{"flows", "isPermanent", "deviceId", "criteria", "instructions", "$schema", "swagger", "appCookie", "ingressPoint", "bands", "buckets", "priority"} {
				if _, ok := any[key]; ok {
					return no("a controller's JSON (it has \"" + key + "\")")
				}
			}
		}
		return nil
	}
	var rows [][]string
	for l := range draft.Lines(text) {
		line := strings.TrimSpace(l.Text)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rows = append(rows, strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }))
		if len(rows) > 4096 {
			break
		}
	}
	switch {
	case isDistribution(rows):
		return no("a distribution of flow sizes (<sizes href> in a system descriptor reads it)")
	case isPairs(rows):
		return no("a list of pairs and their probabilities (<traffic kind=\"pairs\"> in a system descriptor reads it)")
	case strings.Contains(text, "->") && len(rows) > 1 && strings.EqualFold(rows[0][0], "Nodes") && strings.EqualFold(rows[1][0], "Connections"):
		return no("htsim's connection matrix (<flows href> in a system descriptor, or run --flows, reads it)")
	case isFlowList(rows):
		return no("a list of flows (<flows href> in a system descriptor, or run --flows, reads it)")
	}
	return nil
}

// isDistribution: two rising columns, of which the second ends at 1 or 100.
func isDistribution(rows [][]string) bool {
	if len(rows) < 2 {
		return false
	}
	var before [2]float64
	for i, r := range rows {
		if len(r) != 2 {
			return false
		}
		for k := range r {
			v, err := strconv.ParseFloat(r[k], 64)
			if err != nil || i > 0 && v < before[k] {
				return false
			}
			before[k] = v
		}
	}
	return before[1] == 1 || before[1] == 100
}

// isPairs: id, src, dst, probability, all of them summing to about 1.
func isPairs(rows [][]string) bool {
	sum := 0.0
	for _, r := range rows {
		if len(r) != 4 {
			return false
		}
		p, err := strconv.ParseFloat(r[3], 64)
		if err != nil || p < 0 || p > 1 {
			return false
		}
		sum += p
	}
	return len(rows) > 1 && sum > 0.99 && sum < 1.01
}

// isFlowList: a first row of one or two counts, then rows of six (HPCC) or as long as a
// coflow says.
func isFlowList(rows [][]string) bool {
	if len(rows) < 2 {
		return false
	}
	switch len(rows[0]) {
	case 1:
		return len(rows[1]) == 6
	case 2:
		return len(rows[1]) >= 6 && strings.Contains(rows[1][len(rows[1])-1], ":")
	}
	return len(rows[0]) > 3 && strings.EqualFold(rows[0][0], "id") && strings.EqualFold(rows[0][1], "from")
}

// whatItIs describes a file that nobody reads.
func whatItIs(f draft.File) string {
	text, err := draft.Text(f)
	if err != nil {
		return "it is binary"
	}
	t := strings.TrimSpace(text)
	switch {
	case rootOf(f) != "":
		return "it is XML with the root element <" + draft.Clip(rootOf(f)) + ">, which no kind of network has"
	case strings.HasPrefix(t, "<"):
		return "it looks like XML, but its first element cannot be read"
	case strings.HasPrefix(t, "{"), strings.HasPrefix(t, "["):
		var any json.RawMessage
		if err := json.Unmarshal([]byte(t), &any); err != nil {
			return "it is not valid JSON (" + err.Error() + ")"
		}
		return "it is JSON, but not of a kind of network that is known"
	}
	return "it is no kind of network that is known"
}
