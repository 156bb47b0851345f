package model

import (
	"strings"
	"testing"
)

func TestEveryFormOfAPatternIsReadAndWritten(t *testing.T) {
	for _, c := range []struct{ text, canonical string }{
		{"constant", "constant"},
		{"poisson", "poisson"},
		{"gaps=exponential", "poisson"},
		{"poisson packets=imix", "poisson packets=imix"},
		{"gaps=pareto(1.5)", "gaps=pareto(1.5)"},
		{"gaps=uniform(1,3)", "gaps=uniform(1,3)"},
		{"gaps=measured packets=sizes-of-mine", "gaps=measured packets=sizes-of-mine"},
		{"constant packets=uniform(64B,1514B)", "constant packets=uniform(64B,1514B)"},
		{"packets=pareto(1.2,500B)", "constant packets=pareto(1.2,500B)"},
		{"packets=600B", "constant packets=600B"},
		{"on-off on=exponential(350ms) off=650ms", "on-off on=exponential(350ms) off=650ms"},
		{"on-off gaps=exponential on=constant(1s) off=pareto(1.5,2s)", "on-off gaps=exponential on=1s off=pareto(1.5,2s)"},
	} {
		p, err := ParsePattern(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if p.String() != c.canonical {
			t.Errorf("%s is written %s, want %s", c.text, p, c.canonical)
		}
		again, err := ParsePattern(p.String())
		if err != nil || again != p {
			t.Errorf("%s becomes %+v, then %+v (%v)", c.text, p, again, err)
		}
	}
}

func TestPatternsThatMeanNothingAreRefused(t *testing.T) {
	for _, text := range []string{"", "bursty", "poisson poisson", "poisson gaps=uniform(1,2)", "constant gaps=exponential", "on-off", "on-off on=1s", "poisson on=1s off=1s", "on=1s off=1s",
		"gaps=5ms", "gaps=exponential(5ms)", "gaps=pareto(1)", "gaps=pareto(0.5)", "gaps=pareto", "gaps=uniform(3,1)", "gaps=uniform(0,0)", "gaps=uniform(1)", "gaps=uniform(1,NaN)", "gaps=uniform(1,Inf)",
		"packets=0B", "packets=70000B", "packets=exponential", "packets=exponential(5ms)", "packets=exponential(500B", "packets=5", "on-off on=0s off=1s", "on-off on=1 off=1s", "on-off on=x off=1s",
		"gaps=exponential gaps=exponential", "x=1", "packets=", "gaps=--", strings.Repeat("a", 2000)} {
		if p, err := ParsePattern(text); err == nil {
			t.Errorf("%q is read as %+v", text, p)
		}
	}
}

func FuzzParsePattern(f *testing.F) {
	for _, text := range []string{"poisson packets=imix", "on-off gaps=pareto(1.5) on=exponential(1s) off=uniform(1ms,2ms)", "constant packets=pareto(1.5,500B)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePattern(text)
		if err != nil {
			return
		}
		again, err := ParsePattern(p.String())
		if err != nil || again != p {
			t.Fatalf("%q becomes %+v, written %q, then %+v (%v)", text, p, p, again, err)
		}
	})
}
