package generate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// OptionDoc describes an option.
type OptionDoc struct {
	Name    string
	Alias   string // another name for it, or ""
	Initial string // default, or how it is worked out; "" for what must be given
	Doc     string
	Values  []string // what it may be, when it is a choice; the first is the default
	Models  []string // the values of the option "model" with which it has a meaning; nil: all

	form      form
	min, max  int64   // of whole numbers; max 0: most
	low, high float64 // of real numbers; high 0: any
	even      bool    // must be even
}

// form is how an option is written.
type form uint8

const (
	whole  form = iota
	real        // a number with a fraction
	choice      // one of Values
	text        // read by its own rule, see values.set
)

// most bounds single numbers, so that products stay far from overflow.
const most = 1 << 40

// Common lists the options that every kind has; parallel and spare only those with
// links between switches.
func Common() []OptionDoc {
	return []OptionDoc{
		{Name: "prefix", Doc: "goes before every node's name", form: text},
		{Name: "rate", Initial: "unlimited", Doc: "rate of every link", form: text},
		{Name: "delay", Initial: "0s", Doc: "one-way delay of every link", form: text},
		{Name: "loss", Initial: "0%", Doc: "loss of every link", form: text},
		{Name: "queue", Initial: model.DefaultQueue.String(), Doc: "queue of every port", form: text},
		{Name: "host-rate", Initial: "rate", Doc: "rate of the hosts' links, where it is another", form: text},
		{Name: "host-delay", Initial: "delay", Doc: "one-way delay of the hosts' links, where it is another", form: text},
		{Name: "parallel", Initial: "1", Doc: "how many links stand for each link between two switches", min: 1, max: 1 << 16},
		{Name: "spare", Initial: "0", Doc: `how many more of them stand by (redundant="true"): they carry nothing until an app uses them`, max: 1 << 16},
	}
}

// All lists the options of a kind, its own first.
func (k Kind) All() []OptionDoc {
	all := slices.Clone(k.Options)
	for _, d := range Common() {
		if !k.flat || d.Name != "parallel" && d.Name != "spare" {
			all = append(all, d)
		}
	}
	return all
}

// For says whether the option has a meaning with a model.
func (d OptionDoc) For(model string) bool { return d.Models == nil || slices.Contains(d.Models, model) }

// Switch says whether an option is true or false.
func (d OptionDoc) Switch() bool { return slices.Contains(d.Values, "true") }

// hostsOption is for kinds that have as many hosts as one likes at their edge switches.
func hostsOption(edge string) OptionDoc {
	return OptionDoc{Name: "hosts", Initial: "1", Doc: "hosts per " + edge}
}

func seedOption() OptionDoc {
	return OptionDoc{Name: "seed", Initial: "0", Doc: "what chance is drawn from: the same options and seed give the same network everywhere", max: math.MaxInt64}
}

func connectedOption(how string) OptionDoc {
	return OptionDoc{Name: "connected", Initial: "false", Values: []string{"false", "true"}, form: choice, Doc: "true: no part is cut off; " + how}
}

// values are the options of a request, read and completed.
type values struct {
	ints   map[string]int64
	reals  map[string]float64
	words  map[string]string
	given  map[string]bool
	places map[string]fault.Place // of what was given
	prefix string
	spec   model.LinkSpec // of links between switches
	access model.LinkSpec // of hosts' links: only what host-rate and host-delay say
}

func (v *values) int(name string) int64    { return v.ints[name] }
func (v *values) real(name string) float64 { return v.reals[name] }
func (v *values) word(name string) string  { return v.words[name] }
func (v *values) said(option string) bool  { return v.given[option] }

// saidOfHosts says whether an option of hosts' links was given, under either name.
func (v *values) saidOfHosts(option string) bool { return v.given[option] || v.given["host-"+option] }

// hostSpec is what the options say about hosts' links.
func (v *values) hostSpec() model.LinkSpec {
	s := v.spec
	if v.given["host-rate"] {
		s.Rate = v.access.Rate
	}
	if v.given["host-delay"] {
		s.Delay = v.access.Delay
	}
	return s
}

func read(k Kind, r Request, faults *fault.List) *values {
	v := &values{ints: map[string]int64{}, reals: map[string]float64{}, words: map[string]string{}, given: map[string]bool{}, places: map[string]fault.Place{}}
	docs := k.All()
	var names []string
	for _, d := range docs {
		if d.form == choice {
			v.words[d.Name] = d.Values[0]
		} else if d.form != text && d.Initial != "" {
			v.set(d, d.Initial) //nolint:errcheck // a default that is worked out is no number
		}
		names = append(names, d.Name)
		if d.Alias != "" {
			names = append(names, d.Alias)
		}
	}
	for _, o := range r.Options {
		d, ok := option(docs, o.Name)
		if !ok {
			faults.Add(fault.New(fault.GeneratorOption, o.Place, "%s has no option %q; it has %s", k.Name, fault.Clip(o.Name), strings.Join(names, ", ")).Suggest(o.Name, names))
			continue
		}
		if v.given[d.Name] {
			faults.Addf(fault.GeneratorOption, o.Place, "%s is given twice", d.Name)
			continue
		}
		v.given[d.Name], v.places[d.Name] = true, o.Place
		if err := v.set(d, o.Value); err != nil {
			f := fault.New(fault.GeneratorOption, o.Place, "%s of %s: %v", d.Name, k.Name, err)
			if d.form == choice {
				f = f.Suggest(o.Value, d.Values)
			}
			faults.Add(f)
		}
	}
	m := v.word("model")
	for _, d := range k.Options {
		if v.given[d.Name] && !d.For(m) && !v.given["model"] {
			m = d.Models[0] // what only one model has says which
			v.words["model"], v.given["model"] = m, true
		}
	}
	for _, d := range k.Options {
		switch {
		case !d.For(m):
			if v.given[d.Name] {
				faults.Addf(fault.GeneratorOption, v.places[d.Name], "%s of %s has no meaning with model %s, only with %s", d.Name, k.Name, m, strings.Join(d.Models, " and "))
			}
		case d.Initial == "" && !v.given[d.Name]:
			faults.Addf(fault.GeneratorOption, r.Place, "%s needs the option %s: %s", k.Name, d.Name, d.Doc)
		}
	}
	if faults.Total == 0 && k.check != nil {
		k.check(v, func(option, format string, args ...any) {
			place, ok := v.places[option]
			if !ok {
				place = r.Place
			}
			faults.Addf(fault.GeneratorOption, place, "%s of %s: %s", option, k.Name, fmt.Sprintf(format, args...))
		})
	}
	return v
}

func option(docs []OptionDoc, name string) (OptionDoc, bool) {
	for _, d := range docs {
		if d.Name == name || d.Alias == name && name != "" {
			return d, true
		}
	}
	return OptionDoc{}, false
}

func (v *values) set(d OptionDoc, s string) (err error) {
	switch d.form {
	case text:
		return v.setText(d.Name, s)
	case choice:
		if !slices.Contains(d.Values, s) {
			return fmt.Errorf("%q is none of %s", fault.Clip(s), strings.Join(d.Values, ", "))
		}
		v.words[d.Name] = s
	case real:
		x, err := strconv.ParseFloat(s, 64)
		switch {
		case err != nil || math.IsNaN(x):
			return fmt.Errorf("%q is not a number", fault.Clip(s))
		case x < d.low || d.high > 0 && x > d.high || x > most:
			top := d.high
			if top == 0 {
				top = most
			}
			return fmt.Errorf("%v is outside %v..%v", x, d.low, top)
		}
		v.reals[d.Name] = x
	default:
		top := d.max
		if top == 0 {
			top = most
		}
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil:
			return fmt.Errorf("%q is not a whole number", fault.Clip(s))
		case n < d.min || n > top:
			return fmt.Errorf("%d is outside %d..%d", n, d.min, top)
		case d.even && n%2 != 0:
			return fmt.Errorf("%d is odd; it must be even", n)
		}
		v.ints[d.Name] = n
	}
	return nil
}

func (v *values) setText(name, s string) (err error) {
	switch name {
	case "prefix":
		v.prefix = s
		if len(s) > 64 {
			return fmt.Errorf("a prefix has at most 64 bytes")
		}
		return model.CheckID(s + "x")
	case "rate":
		v.spec.Rate, err = model.ParseRate(s)
	case "delay":
		v.spec.Delay, err = model.ParseTime(s)
	case "loss":
		v.spec.Loss, err = model.ParseRatio(s)
	case "queue":
		v.spec.Queue, err = model.ParseQueue(s)
	case "host-rate":
		v.access.Rate, err = model.ParseRate(s)
	case "host-delay":
		v.access.Delay, err = model.ParseTime(s)
	default:
		// A time of the kind's own, in picoseconds.
		var t model.Time
		t, err = model.ParseTime(s)
		v.ints[name] = int64(t)
	}
	return err
}
