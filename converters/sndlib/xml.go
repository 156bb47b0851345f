package sndlib

import (
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// xmlFile reads the XML form.
type xmlFile struct {
	x      *draft.XML
	in     *instance
	faults *fault.List
}

func readXML(f draft.File, faults *fault.List) *instance {
	r := &xmlFile{in: &instance{file: f, format: "SNDlib XML"}, faults: faults}
	r.x = draft.OpenXML(f, faults)
	switch root := r.x.Root(); root {
	case "network":
	case "":
		return r.in
	case "model", "solution", "networkModel":
		faults.Addf(fault.NotYet, f.Place(r.x.Line()), "<%s> is a part of SNDlib that says how to plan a network, or a plan; a <network> is read", root)
		return r.in
	default:
		faults.Addf(fault.UnknownElement, f.Place(r.x.Line()), "the root is <%s>; that of SNDlib is <network>", draft.Clip(root))
		return r.in
	}
	structure := false
	r.x.Each(func(name string) {
		switch name {
		case "meta":
			r.x.Each(func(name string) { r.in.setMeta(name, r.x.Text()) })
		case "networkStructure":
			structure = true
			r.x.Each(func(name string) {
				switch name {
				case "nodes":
					r.in.coordinates = r.x.Attr("coordinatesType")
					r.list("node", r.node)
				case "links":
					r.list("link", r.link)
				default:
					r.unknown(name, "networkStructure", "nodes", "links")
				}
			})
		case "demands":
			r.list("demand", r.demand)
		default:
			r.unknown(name, "network", "meta", "networkStructure", "demands")
		}
	})
	r.x.Finish()
	if !structure && !r.x.Bad() {
		faults.Addf(fault.Syntax, fault.Place{File: f.Name}, "the file has no <networkStructure>")
	}
	return r.in
}

func (r *xmlFile) place() fault.Place { return r.in.file.Place(r.x.Line()) }

func (r *xmlFile) unknown(name, parent string, known ...string) {
	r.faults.Add(fault.New(fault.UnknownElement, r.place(), "<%s> has no element <%s>", parent, draft.Clip(name)).Suggest(name, known))
	r.x.Skip(name)
}

func (r *xmlFile) list(element string, each func()) {
	r.x.Each(func(name string) {
		if name != element {
			r.unknown(name, element+"s", element)
			return
		}
		each()
	})
}

// number reads the current element's text as a quantity.
func (r *xmlFile) number(name string) float64 {
	at := r.place()
	return quantity(r.x.Text(), "<"+name+">", at, r.faults)
}

func (r *xmlFile) node() {
	n := node{id: r.x.Attr("id"), line: r.x.Line()}
	given := 0
	r.x.Each(func(name string) {
		if name != "coordinates" {
			r.unknown(name, "node", "coordinates")
			return
		}
		r.x.Each(func(name string) {
			at := r.place()
			text := r.x.Text()
			to := &n.x
			switch name {
			case "x":
			case "y":
				to = &n.y
			default:
				return
			}
			v, err := draft.Number(text)
			if err != nil {
				r.faults.Addf(fault.BadNumber, at, "<%s>: %v", name, err)
			}
			*to = v
			given++
		})
	})
	n.placed = given == 2
	r.in.nodes = append(r.in.nodes, n)
}

func (r *xmlFile) link() {
	l := link{id: r.x.Attr("id"), line: r.x.Line()}
	keep := func(name string) {
		at := r.place()
		text := r.x.Text()
		if quantity(text, "<"+name+">", at, r.faults) > 0 {
			l.properties = append(l.properties, model.Property{Name: name, Value: text})
		}
	}
	r.x.Each(func(name string) {
		switch name {
		case "source":
			l.source = r.x.Text()
		case "target":
			l.target = r.x.Text()
		case "preInstalledModule":
			r.x.Each(func(name string) {
				switch name {
				case "capacity":
					l.preinstalled = r.number(name)
				case "cost":
					keep("preInstalledCost")
				default:
					r.unknown(name, "preInstalledModule", "capacity", "cost")
				}
			})
		case "routingCost", "setupCost":
			keep(name)
		case "additionalModules":
			r.list2("addModule", func() {
				var m module
				r.x.Each(func(name string) {
					switch name {
					case "capacity":
						m.capacity = r.number(name)
					case "cost":
						m.cost = r.number(name)
					default:
						r.unknown(name, "addModule", "capacity", "cost")
					}
				})
				l.modules = append(l.modules, m)
			})
		default:
			r.unknown(name, "link", "source", "target", "preInstalledModule", "routingCost", "setupCost", "additionalModules")
		}
	})
	r.in.links = append(r.in.links, l)
}

// list2 is list for elements whose parent is not called after them.
func (r *xmlFile) list2(element string, each func()) {
	r.x.Each(func(name string) {
		if name == element {
			each()
		} else {
			r.unknown(name, "additionalModules", element)
		}
	})
}

func (r *xmlFile) demand() {
	d := demand{id: r.x.Attr("id"), line: r.x.Line()}
	unit, value := 1.0, -1.0
	r.x.Each(func(name string) {
		switch name {
		case "source":
			d.source = r.x.Text()
		case "target":
			d.target = r.x.Text()
		case "routingUnit":
			unit = r.number(name)
		case "demandValue":
			value = r.number(name)
		case "maxPathLength":
			if !strings.EqualFold(r.x.Text(), "unlimited") {
				r.in.hopLimits++
			}
		case "admissiblePaths":
			r.x.Each(func(name string) {
				if name == "admissiblePath" {
					r.in.paths++
				}
				r.x.Skip(name)
			})
		default:
			r.unknown(name, "demand", "source", "target", "routingUnit", "demandValue", "maxPathLength", "admissiblePaths")
		}
	})
	if value < 0 {
		if !r.x.Bad() {
			r.faults.Addf(fault.MissingAttribute, r.in.file.Place(d.line), "the demand %q has no <demandValue>", draft.Clip(d.id))
		}
		return
	}
	d.value = float64(unit * value)
	r.in.demands = append(r.in.demands, d)
}
