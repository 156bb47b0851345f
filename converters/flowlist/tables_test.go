package flowlist

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/fault"
	"sendim/core/model"
)

func TestMatricesOfDemandsAreGatheredByTime(t *testing.T) {
	n := network(t, 4)
	read := func(text string, o Options) string {
		o.Name = "m"
		d, err := ReadDemands(strings.NewReader(text), o)
		if err != nil {
			return err.Error()
		}
		if err := d.Resolve(n, mapping(t, n)).Err(); err != nil {
			return err.Error()
		}
		var b strings.Builder
		for _, m := range d.Matrices {
			fmt.Fprintf(&b, "%s:", m.At)
			for _, x := range m.Demands {
				fmt.Fprintf(&b, " %s>%s %s", n.NodeName(x.From), n.NodeName(x.To), x.Rate)
			}
			b.WriteByte('\n')
		}
		for _, w := range d.Warnings.Faults {
			fmt.Fprintf(&b, "warning: %s\n", w.What)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, text, want string
		o                Options
	}{
		{name: "in any order", text: "time,from,to,rate\n5s,h1,h2,2Mbps\n0s,h1,h2,1Mbps\n5s,s2,h2,3Mbps\n", want: "0ps: h1>h2 1Mbps\n5s: h1>h2 2Mbps lone>h2 3Mbps\n"},
		{name: "units in the header, numbers for hosts", text: "time_min;from;to;rate_mbps\n0;0;1;1.5\n5;1;0;0.25\n", want: "0ps: h1>h2 1500kbps\n300s: h2>h1 250kbps\n"},
		{name: "without a time", text: "from,to,rate\nh1,h2,1Mbps\nh1,h1,7Mbps\nh2,h2,0\nh2,h1,0bps\n", want: "0ps: h1>h2 1Mbps\nwarning: 1 demands of a node on itself are left out\n"},
		{name: "an interval without demands is one", text: "time,from,to,rate\n0s,h1,h2,1Mbps\n1s,h1,h2,0\n", want: "0ps: h1>h2 1Mbps\n1s:\n"},
		{name: "scaled", o: Options{Time: Fraction{1, 60}, Rate: Fraction{1, 1000}}, text: "time,from,to,rate\n5min,h1,h2,2Mbps\n", want: "5s: h1>h2 2kbps\n"},
		{name: "dates", o: Options{Origin: true, Time: Fraction{1, 60}}, text: "time,from,to,rate\n2004-03-01 00:05,h1,h2,2kbps\n2004-03-01 00:00,h1,h2,1kbps\n", want: "0ps: h1>h2 1kbps\n5s: h1>h2 2kbps\n"},
		{name: "a service", text: "from,to,rate\nh1,web,1Mbps\n", want: `m:2: "web" is a service; a host is needed [bad-choice]`},
		{name: "nothing", text: "from,to,rate\nh1,h2,0bps\n", want: "m: there is no demand above zero [syntax]"},
		{name: "no rate", text: "from,to,rate\nh1,h2,\n", want: "m:2: rate: the row has no value here [missing-attribute]"},
		{name: "negative", text: "from,to,rate_bps\nh1,h2,-5\n", want: `m:2: rate_bps: "-5" is negative [out-of-range]`},
		{name: "a column of flows", text: "from,to,rat\nh1,h2,5B\n", want: `m:1: rat: a demand has no column "rat"; did you mean "rate"? [unknown-attribute]`},
		{name: "limit", o: Options{MaxFlows: 1}, text: "from,to,rate_bps\nh1,h2,5\nh1,h3,5\n", want: "m:3: more than 1 demands [limit]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := read(c.text, c.o); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestPairsAreReadWithTheirWeights(t *testing.T) {
	n := network(t, 4)
	m := mapping(t, n)
	m.First = 320
	read := func(text string, m Mapping) string {
		p, err := ReadPairs(strings.NewReader(text), Options{Name: "p"})
		if err != nil {
			return err.Error()
		}
		if err := p.Resolve(n, m).Err(); err != nil {
			return err.Error()
		}
		var b strings.Builder
		for _, x := range p.Pairs {
			fmt.Fprintf(&b, "%s>%s %g\n", n.NodeName(x.From), n.NodeName(x.To), x.Weight)
		}
		for _, w := range p.Warnings.Faults {
			fmt.Fprintf(&b, "warning: %s\n", w.What)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, text, want string
		m                Mapping
	}{
		{"netbench", "#server_pair_id,src,dst,pdf_num_bytes\n0,320,321,0.25\n1,321,320,0.75\n", "h1>h2 0.25\nh2>h1 0.75\n", m},
		{"a table", "from,to,weight\nh1,h2,3\nh2,h2,1\nh3,h1,0\nh2,h1,2\n", "h1>h2 3\nh2>h1 2\nwarning: 1 pairs of a node with itself are left out\nwarning: the probabilities sum to 5, not to 1; they are taken as weights\n", m},
		{"numbered from 0", "0,320,321,0.25\n", "p:1: there is no host number 320: there are 5 hosts (*), numbered from 0 [unknown-node]\np:1: there is no host number 321: there are 5 hosts (*), numbered from 0 [unknown-node]", mapping(t, n)},
		{"negative", "from,to,share\nh1,h2,-1\n", `p:2: share: "-1" is negative [out-of-range]`, m},
		{"no weight", "from,to,share\nh1,h2,0\n", "p: there is no pair with a weight, or the weights are too large [out-of-range]", m},
		{"infinite", "from,to,share\nh1,h2,1e308\nh2,h1,1e308\n", "p: there is no pair with a weight, or the weights are too large [out-of-range]", m},
		{"empty", "", "p: the file is empty; lines of id,src,dst,probability are expected [syntax]", m},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := read(c.text, c.m); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestDistributionsOfSizesAreFractionsOrPercentByTheirLastValue(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		unit             model.Size
	}{
		{"fractions", "0 0\n1000 0.5\n3000 1", "mean 1250 percent false: 0@0 1000@0.5 3000@1", 1},
		{"percent, tabs, commas, CRLF", "0\t0\r\n1000,50\r\n3000 ; 100\r\n", "mean 1250 percent true: 0@0 1000@0.5 3000@1", 1},
		{"a header and comments", "# x\nsize,cdf\n10,1\n", "mean 10 percent false: 10@1", 1},
		{"the first point need not be 0", "325 0.1\n1000 1\n", "mean 628.75 percent false: 325@0.1 1000@1", 1},
		{"two points at 0 are kept", "2000 0\n0 0\n4000 1\n", "mean 2000 percent false: 2000@0 0@0 4000@1", 1},
		{"packets", "1 0\n3 1\n", "mean 2920 percent false: 1460@0 4380@1", 1460},
		{"neither 1 nor 100", "0 0\n5 0.9\n", "s:2: share: the last cumulative share is 0.9; it is 1, or 100 where shares are percent [out-of-range]", 1},
		{"falls", "0 0.5\n5 0.4\n6 1\n", "s:2: share: the cumulative share 0.4 is less than the 0.5 before it [out-of-range]", 1},
		{"sizes fall", "9 0.1\n5 0.4\n6 1\n", "s:2: size: the size 5 is less than the one before it [out-of-range]", 1},
		{"nothing but zeros", "0 1\n", "s: the mean size is 0 [out-of-range]", 1},
		{"three columns", "1 2 3\n", "s:1: expected a size and a cumulative share, found 3 words [syntax]", 1},
		{"NaN", "1 0\n2 NaN\n", `s:2: share: "NaN" is not a finite number [bad-number]`, 1},
		{"negative", "-1 0\n2 1\n", `s:1: size: "-1" is negative [out-of-range]`, 1},
		{"empty", "", "s: the file is empty; lines of a size and a cumulative share are expected [syntax]", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ReadSizes(strings.NewReader(c.text), c.unit, Options{Name: "s"})
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = fmt.Sprintf("mean %g percent %v:", model.MeanSize(s.Points), s.Percent)
				for _, p := range s.Points {
					got += fmt.Sprintf(" %d@%g", p.Size, p.Share)
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestReferenceDistributionsHaveTheKnownMeans(t *testing.T) {
	dir := filepath.Join(reference(t), "data")
	for file, c := range map[string]struct {
		mean    float64
		percent bool
	}{
		"hkust_DCTCP_CDF.txt": {1.711e6, false}, "hpcc_WebSearch_distribution.txt": {1.711e6, true},
		"hpcc_FbHdp_distribution.txt": {120e3, true}, "hkust_VL2_CDF.txt": {12.66e6, false},
	} {
		f, err := os.Open(filepath.Join(dir, "cdf", file))
		if err != nil {
			t.Fatal(err)
		}
		s, err := ReadSizes(f, 1, Options{})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if mean := model.MeanSize(s.Points); math.Abs(mean-c.mean)/c.mean > 0.01 || s.Percent != c.percent {
			t.Errorf("%s: mean %g, percent %v", file, mean, s.Percent)
		}
	}
	f, err := os.Open(filepath.Join(dir, "traces", "s320_two_tors_probabilities.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := ReadPairs(f, Options{})
	if err != nil || len(p.Pairs) != 90 || math.Abs(p.Sum-1) > 1e-9 || p.Warnings.Total > 0 {
		t.Errorf("%d pairs, sum %g, %v", len(p.Pairs), p.Sum, err)
	}
}

func TestPlainDecimalsAreReadExactly(t *testing.T) {
	for _, c := range []struct {
		text   string
		factor int64
		want   int64
		code   fault.Code
	}{
		{"0.000000000001", 1e12, 1, ""},
		{"9223372.036854775807", 1e12, math.MaxInt64, ""},
		{"9223372.036854775808", 1e12, 0, fault.OutOfRange},
		{"123456789.123456789123", 1e9, 123456789123456789, ""},
		{"0.5", 1, 1, ""}, {"0.4999999999999999999999", 1, 0, ""},
		{"007", 1, 7, ""}, {"5.", 2, 10, ""}, {".5", 2, 1, ""},
		{"", 1, 0, fault.BadNumber}, {".", 1, 0, fault.BadNumber}, {"1.2.3", 1, 0, fault.BadNumber}, {"1e3", 2, 2000, ""}, {"+1", 2, 2, ""},
		{"-0", 1, 0, ""}, {"Inf", 1, 0, fault.BadNumber}, {"0x10", 1, 0, fault.BadNumber}, {"1_000", 1, 0, fault.BadNumber}, {strings.Repeat("9", 400), 1, 0, fault.BadNumber},
	} {
		got, f := scaled([]byte(c.text), c.factor)
		if f == nil && (c.code != "" || got != c.want) || f != nil && f.Code != c.code {
			t.Errorf("%q * %d = %d, %v", c.text, c.factor, got, f)
		}
	}
	if v, ok := (Fraction{3, 7}).of(math.MaxInt64); !ok || v != 3952873730080618203 {
		t.Errorf("%d %v", v, ok)
	}
	if _, ok := (Fraction{3, 2}).of(math.MaxInt64); ok {
		t.Error("overflow is not seen")
	}
}
