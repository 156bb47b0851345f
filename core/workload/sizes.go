package workload

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/random"
)

// Sizes is a distribution of flow sizes in application bytes.
type Sizes interface {
	Mean() float64
	Draw(*random.Stream) model.Size
}

// SizesOf reads what a <traffic> says about sizes: the id of one of the network's own
// distributions, or what ParseSizes reads.
func SizesOf(n *model.Network, s string) (Sizes, error) {
	for i := range n.Distributions {
		d := &n.Distributions[i]
		if d.ID != s {
			continue
		}
		points := make([]random.Point, len(d.Points))
		for k, p := range d.Points {
			points[k] = random.Point{Value: float64(p.Size), Cumulative: p.Share}
		}
		cdf, err := random.NewCDF(points)
		if err != nil {
			return nil, fault.New(fault.OutOfRange, fault.Place{Element: "sizes"}, "distribution %q: %v", s, err)
		}
		return empirical{cdf}, nil
	}
	sizes, err := ParseSizes(s)
	var f fault.Fault
	if len(n.Distributions) > 0 && errors.As(err, &f) {
		names := SizeNames()
		for i := range n.Distributions {
			names = append(names, n.Distributions[i].ID)
		}
		f.What = fmt.Sprintf("%q is neither a size such as 64KB nor one of %s", s, strings.Join(names[:min(len(names), 20)], ", "))
		return nil, f.Suggest(s, names)
	}
	return sizes, err
}

// SizeNames lists the named distributions.
func SizeNames() []string { return []string{"websearch", "datamining", "hadoop"} }

// ParseSizes reads the name of a distribution or one fixed size such as "64KB".
//
// websearch: Alizadeh et al., "Data Center TCP (DCTCP)", SIGCOMM 2010. datamining:
// Greenberg et al., "VL2", SIGCOMM 2009. hadoop: Roy et al., "Inside the Social
// Network's (Datacenter) Network", SIGCOMM 2015. The points are those in common use in
// this field's traffic generators.
func ParseSizes(s string) (Sizes, error) {
	var points []random.Point
	switch strings.ToLower(s) {
	case "websearch":
		points = []random.Point{{Value: 0, Cumulative: 0}, {Value: 10e3, Cumulative: .15}, {Value: 20e3, Cumulative: .2}, {Value: 30e3, Cumulative: .3}, {Value: 50e3, Cumulative: .4}, {Value: 80e3, Cumulative: .53},
			{Value: 200e3, Cumulative: .6}, {Value: 1e6, Cumulative: .7}, {Value: 2e6, Cumulative: .8}, {Value: 5e6, Cumulative: .9}, {Value: 10e6, Cumulative: .97}, {Value: 30e6, Cumulative: 1}}
	case "datamining":
		points = []random.Point{{Value: 0, Cumulative: 0}, {Value: 180, Cumulative: .1}, {Value: 216, Cumulative: .2}, {Value: 560, Cumulative: .3}, {Value: 900, Cumulative: .4}, {Value: 1100, Cumulative: .5},
			{Value: 1870, Cumulative: .6}, {Value: 3160, Cumulative: .7}, {Value: 10e3, Cumulative: .8}, {Value: 400e3, Cumulative: .9}, {Value: 3.16e6, Cumulative: .95}, {Value: 100e6, Cumulative: .98}, {Value: 1e9, Cumulative: 1}}
	case "hadoop":
		points = []random.Point{{Value: 0, Cumulative: 0}, {Value: 100, Cumulative: .01}, {Value: 200, Cumulative: .02}, {Value: 300, Cumulative: .05}, {Value: 350, Cumulative: .15}, {Value: 400, Cumulative: .2},
			{Value: 500, Cumulative: .3}, {Value: 600, Cumulative: .4}, {Value: 700, Cumulative: .5}, {Value: 1000, Cumulative: .6}, {Value: 2000, Cumulative: .67}, {Value: 7000, Cumulative: .7}, {Value: 30e3, Cumulative: .72},
			{Value: 50e3, Cumulative: .82}, {Value: 80e3, Cumulative: .87}, {Value: 120e3, Cumulative: .9}, {Value: 300e3, Cumulative: .95}, {Value: 1e6, Cumulative: .975}, {Value: 2e6, Cumulative: .99}, {Value: 10e6, Cumulative: 1}}
	default:
		size, err := model.ParseSize(s)
		if err != nil || size < 1 {
			return nil, fault.New(fault.BadChoice, fault.Place{Element: "traffic", Attribute: "sizes"},
				"%q is neither a size such as 64KB nor one of %s", s, strings.Join(SizeNames(), ", ")).Suggest(s, SizeNames())
		}
		return fixed(size), nil
	}
	cdf, err := random.NewCDF(points)
	if err != nil {
		return nil, err
	}
	return empirical{cdf}, nil
}

type fixed model.Size

func (f fixed) Mean() float64                  { return float64(f) }
func (f fixed) Draw(*random.Stream) model.Size { return model.Size(f) }

type empirical struct{ cdf *random.CDF }

func (e empirical) Mean() float64 { return e.cdf.Mean() }

func (e empirical) Draw(r *random.Stream) model.Size {
	return max(1, model.Size(math.Round(e.cdf.Sample(r))))
}
