package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/core/model"
)

// rateText writes a measured rate with three digits.
func rateText(bps float64) string {
	for _, u := range []struct {
		name   string
		factor float64
	}{{"Gbps", 1e9}, {"Mbps", 1e6}, {"kbps", 1e3}} {
		if bps >= u.factor {
			return strconv.FormatFloat(round3(bps/u.factor), 'f', -1, 64) + " " + u.name
		}
	}
	return strconv.FormatFloat(round3(bps), 'f', -1, 64) + " bps"
}

// RateText writes a measured rate for people: "94.8 Mbps".
func RateText(bps float64) string { return rateText(bps) }

func round3(v float64) float64 {
	if v == 0 {
		return 0
	}
	digits := 2 - math.Floor(math.Log10(math.Abs(v)))
	if digits < 0 {
		return math.Round(v)
	}
	scale := math.Pow(10, digits)
	return math.Round(v*scale) / scale
}

// TimeText writes a measured time for people: "12.3 ms".
func TimeText(t model.Time) string {
	v := t.Seconds()
	switch {
	case t < 0:
		return "-"
	case v == 0:
		return "0 s"
	case v >= 1:
		return strconv.FormatFloat(round3(v), 'f', -1, 64) + " s"
	case v >= 1e-3:
		return strconv.FormatFloat(round3(v*1e3), 'f', -1, 64) + " ms"
	}
	return strconv.FormatFloat(round3(v*1e6), 'f', -1, 64) + " us"
}

// BytesText writes an amount for people: "1.25 MB".
func BytesText(n int64) string {
	v := float64(n)
	for _, u := range []struct {
		name   string
		factor float64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if v >= u.factor {
			return strconv.FormatFloat(round3(v/u.factor), 'f', -1, 64) + " " + u.name
		}
	}
	return fmt.Sprintf("%d B", n)
}

// seconds and parseSeconds are inverse; an unfinished time is empty.
func seconds(t model.Time) string {
	if t < 0 {
		if t == -1 {
			return ""
		}
		return "-" + seconds(-t)
	}
	whole, rest := int64(t)/int64(model.Second), int64(t)%int64(model.Second)
	if rest == 0 {
		return strconv.FormatInt(whole, 10)
	}
	return strings.TrimRight(fmt.Sprintf("%d.%012d", whole, rest), "0")
}

// Seconds writes a time as exact decimal seconds; an unfinished time is empty.
func Seconds(t model.Time) string { return seconds(t) }

func parseSeconds(s string) (model.Time, error) {
	if s == "" {
		return -1, nil
	}
	s, negative := strings.CutPrefix(s, "-")
	whole, rest, _ := strings.Cut(s, ".")
	if len(rest) > 12 {
		rest = rest[:12]
	}
	w, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, err
	}
	p, err := strconv.ParseInt(rest+strings.Repeat("0", 12-len(rest)), 10, 64)
	if err != nil {
		return 0, err
	}
	t := model.Time(w)*model.Second + model.Time(p)
	if negative {
		t = -t
	}
	return t, nil
}
