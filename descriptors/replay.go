package descriptors

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sendim/converters/flowlist"
	"sendim/core/fault"
	"sendim/core/model"
)

// Replaced is a network that carries lists of flows instead of its own.
type Replaced struct {
	Model *model.Network // shares everything but the traffic with the one given
	// Replayed counts the flows, the last ones of the model, that come from lists of runs:
	// their quantities are those of a run already.
	Replayed int
	Sources  []Source
	Places   model.Locator
}

// ReplaceFlows gives a network the flows of some lists in place of its own flows,
// demands and traffic. A list is written FILE, or FILE,NAME=VALUE,... with attributes of
// <flows>. places may be nil. The error is a *fault.List.
func ReplaceFlows(o Options, n *model.Network, places model.Locator, lists ...string) (*Replaced, *fault.List, error) {
	o = o.withDefaults()
	var faults, warnings fault.List
	where := &listPlaces{Locator: places}
	out := &Replaced{Places: where}
	var replayed []model.Flow
	var replayedSpots []spot
	copied := *n
	copied.Flows, copied.Demands, copied.Traffic = nil, nil, nil
	for _, text := range lists {
		file, t := listArgument(text, &faults)
		if t == nil {
			continue
		}
		list, src, err := readList(o, file, t, flowlist.MaxFlows-len(copied.Flows)-len(replayed))
		if l, ok := err.(*fault.List); ok {
			faults.Merge(l)
			continue
		}
		numbers := numberingOf(t)
		numbers.rules = append(slices.Clone(o.AddressRules), numbers.rules...)
		m, bad := numbers.mapping(n)
		found := list.Resolve(n, m)
		if bad != nil {
			faults.Add(*bad)
			continue
		}
		faults.Merge(found)
		warnings.Merge(&list.Warnings)
		warnings.Merge(&list.Remarks)
		spots := make([]spot, len(list.Lines))
		for i, line := range list.Lines {
			spots[i] = spot{file: int32(len(out.Sources)), line: line}
		}
		out.Sources = append(out.Sources, src)
		where.files = append(where.files, src.File)
		if list.Format == flowlist.Run || list.Format == flowlist.Trace {
			replayed, replayedSpots = append(replayed, list.Flows...), append(replayedSpots, spots...)
		} else {
			copied.Flows, where.flows = append(copied.Flows, list.Flows...), append(where.flows, spots...)
		}
	}
	out.Replayed = len(replayed)
	copied.Flows, where.flows = append(copied.Flows, replayed...), append(where.flows, replayedSpots...)
	out.Model = &copied
	if faults.Total == 0 {
		faults.Merge(copied.Validate(where))
	}
	return out, &warnings, faults.Err()
}

// listArgument takes FILE,NAME=VALUE,... apart; nil when it cannot be understood.
func listArgument(text string, faults *fault.List) (file string, t *tag) {
	el := flowsElement()
	t = &tag{el: el, vals: make([]value, len(el.attrs)), where: fault.Place{Attribute: "--flows"}}
	if _, err := os.Stat(text); err == nil { // commas may be part of a name
		return text, t
	}
	parts := strings.Split(text, ",")
	for _, p := range parts[1:] {
		name, v, ok := strings.Cut(p, "=")
		j := slices.IndexFunc(el.attrs, func(a attribute) bool { return a.name == name && name != "href" })
		if !ok || j < 0 {
			faults.Add(fault.New(fault.UnknownAttribute, t.where, "%q: write FILE,NAME=VALUE,... with attributes of <flows>", clip(p)).Suggest(name, el.attrNames()))
			return "", nil
		}
		t.vals[j] = value{set: true, s: v}
		if f := parseValue(&el.attrs[j], &t.vals[j]); f != nil {
			f.Place = fault.Place{Attribute: "--flows " + name}
			faults.Add(*f)
			return "", nil
		}
	}
	return parts[0], t
}

func readList(o Options, file string, t *tag, room int) (*flowlist.List, Source, error) {
	fail := func(err error) (*flowlist.List, Source, error) {
		var l fault.List
		l.Addf(fault.FileMissing, fault.Place{File: file}, "cannot read the list of flows: %v", plain(err))
		return nil, Source{}, &l
	}
	f, err := os.Open(file)
	if err != nil {
		return fail(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("it is a folder")
	}
	if err != nil {
		return fail(err)
	}
	src := &counted{r: f}
	if o.Hash {
		src.start()
	}
	in := listOptions(t)
	in.Name, in.MaxBytes, in.Expect, in.MaxFlows = filepath.ToSlash(filepath.Clean(file)), o.MaxBytes, info.Size(), max(room, 1)
	list, err := flowlist.Read(src, in)
	if err != nil {
		return nil, Source{}, err
	}
	if o.Hash { // a reader may stop before the end, a checksum may not
		io.Copy(io.Discard, io.LimitReader(src, max(o.MaxBytes-src.n, 0))) //nolint:errcheck // the text was understood without it
	}
	return list, Source{File: in.Name, Bytes: src.n, SHA256: src.sum()}, nil
}

// listPlaces locates flows in their lists and everything else where it was before.
type listPlaces struct {
	model.Locator // may be nil
	files         []string
	flows         []spot
}

func (l *listPlaces) NodePlace(id model.NodeID) fault.Place {
	if l.Locator == nil {
		return fault.Place{Element: "node"}
	}
	return l.Locator.NodePlace(id)
}

func (l *listPlaces) LinkPlace(id model.LinkID) fault.Place {
	if l.Locator == nil {
		return fault.Place{Element: "link"}
	}
	return l.Locator.LinkPlace(id)
}

func (l *listPlaces) ObjectPlace(element string, i int) fault.Place {
	switch {
	case element == "flow" && i >= 0 && i < len(l.flows):
		return fault.Place{File: l.files[l.flows[i].file], Line: int(l.flows[i].line), Element: element}
	case l.Locator == nil || element == "flow":
		return fault.Place{Element: element}
	}
	return l.Locator.ObjectPlace(element, i)
}
