package app

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// Resolve gives every parameter of the manifest its value: the given one, or the
// default. Unknown names, values that do not fit their type and missing required ones
// are faults, in the order of their names; the values are nil then.
func (m *Manifest) Resolve(given map[string]string) (map[string]string, *fault.List) {
	names := make([]string, len(m.Parameters))
	values := make(map[string]string, len(m.Parameters))
	faults := &fault.List{}
	for i, p := range m.Parameters {
		names[i] = p.Name
		v, ok := given[p.Name]
		switch {
		case ok:
			if err := p.Check(v); err != nil {
				faults.Add(*err)
			}
		case p.Required:
			faults.Addf(fault.BadParameter, fault.Place{Element: "param"}, "%s needs the parameter %q (%s)", m.Name, p.Name, p.Doc)
		default:
			v = p.Default
		}
		values[p.Name] = v
	}
	var unknown []string
	for name := range given {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	sort.Strings(unknown)
	for _, name := range unknown {
		faults.Add(fault.New(fault.UnknownParameter, fault.Place{Element: "param", Attribute: "name"},
			"%s has no parameter %q; it has %s", m.Name, name, listed(names)).Suggest(name, names))
	}
	if faults.Total > 0 {
		return nil, faults
	}
	return values, faults
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Check says how a value does not fit the parameter's type or its bounds; nil when it does.
func (p *Parameter) Check(value string) *fault.Fault {
	if f := p.fits(value); f != nil {
		return f
	}
	if text := p.Outside(value); text != "" {
		f := fault.New(fault.BadParameter, fault.Place{Element: "param", Attribute: "value"}, "parameter %q: %s", p.Name, text)
		return &f
	}
	return nil
}

func (p *Parameter) fits(value string) *fault.Fault {
	bad := func(err error, want string) *fault.Fault {
		if err == nil {
			return nil
		}
		f := fault.New(fault.BadParameter, fault.Place{Element: "param", Attribute: "value"},
			"parameter %q is %q, which is not %s", p.Name, value, want)
		return &f
	}
	switch p.Type {
	case Int:
		_, err := strconv.ParseInt(value, 10, 64)
		return bad(err, "a whole number such as 10")
	case Float:
		_, err := strconv.ParseFloat(value, 64)
		return bad(err, "a number such as 0.5")
	case Bool:
		_, err := strconv.ParseBool(value)
		return bad(err, "true or false")
	case Duration:
		_, err := model.ParseTime(value)
		return bad(err, "a span of time such as 10s")
	case RateType:
		_, err := model.ParseRate(value)
		return bad(err, "a rate such as 10Mbps")
	case Choice:
		if !slices.Contains(p.Choices, value) {
			f := fault.New(fault.BadParameter, fault.Place{Element: "param", Attribute: "value"},
				"parameter %q is %q, which is none of %s", p.Name, value, strings.Join(p.Choices, ", ")).Suggest(value, p.Choices)
			return &f
		}
	}
	return nil
}

// Outside says how a value that fits the parameter's type is below Least or above Most;
// empty when it is not, and for types without an order.
func (p *Parameter) Outside(value string) string {
	v, ok := p.number(value)
	least, low := p.number(p.Least)
	most, high := p.number(p.Most)
	switch {
	case !ok || !(low && v < least) && !(high && v > most):
		return ""
	case low && high:
		return fmt.Sprintf("%q is outside %s..%s", value, p.Least, p.Most)
	case low:
		return fmt.Sprintf("%q is below %s, the least", value, p.Least)
	}
	return fmt.Sprintf("%q is above %s, the most", value, p.Most)
}

// number is a value of a type that has an order. What bounds are for is told apart by it
// even where large integers are rounded.
func (p *Parameter) number(text string) (v float64, ok bool) {
	var err error
	switch p.Type {
	case Int, Float:
		v, err = strconv.ParseFloat(text, 64)
	case Duration:
		var t model.Time
		t, err = model.ParseTime(text)
		v = float64(t)
	case RateType:
		var r model.Rate
		r, err = model.ParseRate(text)
		v = float64(r)
	default:
		return 0, false
	}
	return v, err == nil
}
