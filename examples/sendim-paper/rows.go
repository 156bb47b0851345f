package main

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"sendim/core/report"
)

// row is one figure: measured here, or published.
type row struct {
	experiment, world string
	size, degree      int // 0: does not apply
	repetition        int // 0: published
	metric            string
	value             float64 // NaN: no number was published
	unit, source      string
}

const measured = "measured"

// header names the columns of results.csv.
func header() []string {
	return []string{"experiment", "world", "size", "degree", "repetition", "metric", "value", "unit", "source"}
}

func (r *row) fields() []string {
	value := ""
	if !math.IsNaN(r.value) {
		value = strconv.FormatFloat(r.value, 'f', -1, 64)
	}
	return []string{r.experiment, r.world, some(r.size), some(r.degree), some(r.repetition), r.metric, value, r.unit, r.source}
}

// some writes a number that is empty where it does not apply.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func writeRows(w io.Writer, rows []row) error {
	c := csv.NewWriter(w)
	if err := c.Write(header()); err != nil {
		return err
	}
	for i := range rows {
		if err := c.Write(rows[i].fields()); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// add notes a figure.
func (l *lab) add(r row) {
	r.value = math.Round(r.value*1e6) / 1e6
	if r.source == "" {
		r.source = measured
	}
	l.rows = append(l.rows, r)
}

//go:embed published.csv
var publishedText []byte

// published is a figure of a paper: a number, or what is said instead of one.
type published struct {
	row
	said string
}

// readPublished reads the papers' figures.
func readPublished() ([]published, error) {
	c := csv.NewReader(bytes.NewReader(publishedText))
	c.Comment = '#'
	lines, err := c.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("published.csv: %w", err)
	}
	var out []published
	for _, f := range lines[1:] {
		p := published{row: row{experiment: f[0], world: f[1], metric: f[4], value: math.NaN(), unit: f[6], source: f[8]}, said: f[7]}
		for i, to := range []*int{&p.size, &p.degree} {
			if f[2+i] == "" {
				continue
			}
			if *to, err = strconv.Atoi(f[2+i]); err != nil {
				return nil, fmt.Errorf("published.csv: %w", err)
			}
		}
		if f[5] != "" {
			if p.value, err = strconv.ParseFloat(f[5], 64); err != nil {
				return nil, fmt.Errorf("published.csv: %w", err)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// estimate is the mean of a figure's repetitions with half its 95 % confidence interval.
type estimate struct {
	mean, half float64
	n          int
}

// of gives the estimate of a figure.
func of(rows []row, experiment, world string, size, degree int, metric string) estimate {
	var same []row
	for _, r := range rows {
		if r.experiment == experiment && r.world == world && r.size == size && r.degree == degree && r.metric == metric {
			same = append(same, r)
		}
	}
	mean, half := report.Mean(same, func(r row) float64 { return r.value })
	return estimate{mean, half, len(same)}
}

// text writes an estimate as people do: as many digits as its interval is worth.
func (e estimate) text() string {
	switch {
	case e.n == 0:
		return ""
	case e.half == 0:
		return number(e.mean)
	}
	digits := max(0, 1-int(math.Floor(math.Log10(e.half))))
	return fmt.Sprintf("%.*f ± %.*f", digits, e.mean, digits, e.half)
}

// number writes three digits, and thousands with commas.
func number(v float64) string {
	if math.Abs(v) < 1000 && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	text := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// distinct lists the values of rows that a function picks, in the order of their first coming.
func distinct[T comparable](rows []row, pick func(*row) (T, bool)) []T {
	seen := map[T]bool{}
	var out []T
	for i := range rows {
		if v, ok := pick(&rows[i]); ok && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// lineCount counts lines that are not blank.
func lineCount(text string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}
