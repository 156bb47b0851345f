package cli

import (
	"slices"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// watches makes of --series, --capture and --interval what <trace> elements say.
func watches(o runOptions, bad *fault.List) (out []model.Watch, interval model.Time) {
	if o.interval != "" {
		t, err := model.ParseTime(o.interval)
		if err != nil || t <= 0 {
			bad.Addf(fault.BadChoice, fault.Place{Attribute: "--interval"}, "%q is not a time above zero; write it like 10ms", o.interval)
		}
		interval = t
	}
	for _, s := range o.series {
		name, of, _ := strings.Cut(s, "=")
		i := slices.Index(model.SeriesNames(), name)
		if i < 0 {
			bad.Add(fault.New(fault.BadChoice, fault.Place{Attribute: "--series"}, "there is no series of %q; there are %s", name, strings.Join(model.SeriesNames(), ", ")).Suggest(name, model.SeriesNames()))
			continue
		}
		w := model.Watch{Series: model.Series(i + 1)}
		switch w.Series {
		case model.SeriesFlows:
			w.Flows = of
		case model.SeriesSwitches:
			w.Nodes = model.Selector(of)
		case model.SeriesAll:
			if of != "" {
				bad.Addf(fault.BadChoice, fault.Place{Attribute: "--series"}, "all means flows, links, queues and switches: say which of them %q is about", of)
			}
		default:
			w.Links = model.Selector(of)
		}
		out = append(out, w)
	}
	for _, at := range o.captures {
		w := model.Watch{Capture: true}
		switch {
		case strings.Contains(at, ":"):
			w.Ports = model.Selector(at)
		case strings.Contains(at, "--"):
			w.Links = model.Selector(at)
		default:
			w.Nodes = model.Selector(at)
		}
		out = append(out, w)
	}
	return out, interval
}
