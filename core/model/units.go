package model

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Time is a point on a run's clock or a span of it, in picoseconds: 2^63 of them are
// 106 days. t=0 is when the apps' first answers are acknowledged.
type Time int64

// Spans of Time.
const (
	Picosecond  Time = 1
	Nanosecond       = 1000 * Picosecond
	Microsecond      = 1000 * Nanosecond
	Millisecond      = 1000 * Microsecond
	Second           = 1000 * Millisecond
	Minute           = 60 * Second
	Hour             = 60 * Minute
	// Forever is later than any event of any run.
	Forever Time = math.MaxInt64
)

// Rate is bits per second. Zero means unlimited where a rate limits.
type Rate int64

// Size is bytes.
type Size int64

// unit is one name of a multiple; the first of equal factors is the one written.
type unit struct {
	name   string
	factor int64
}

var (
	timeUnits = [...]unit{{"h", int64(Hour)}, {"min", int64(Minute)}, {"s", int64(Second)}, {"ms", int64(Millisecond)}, {"us", int64(Microsecond)}, {"ns", int64(Nanosecond)}, {"ps", 1}, {"m", int64(Minute)}, {"µs", int64(Microsecond)}, {"μs", int64(Microsecond)}}
	rateUnits = [...]unit{{"Tbps", 1e12}, {"Gbps", 1e9}, {"Mbps", 1e6}, {"kbps", 1e3}, {"bps", 1},
		{"Kbps", 1e3}, {"Tbit/s", 1e12}, {"Gbit/s", 1e9}, {"Mbit/s", 1e6}, {"kbit/s", 1e3}, {"Kbit/s", 1e3}, {"bit/s", 1},
		{"Tbit", 1e12}, {"Gbit", 1e9}, {"Mbit", 1e6}, {"kbit", 1e3}, {"Kbit", 1e3}, {"bit", 1}}
	sizeUnits = [...]unit{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}, {"kB", 1e3},
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}
	binarySizes = [...]unit{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}
)

// parseQuantity reads "<decimal><unit>" exactly when the product is whole, and rounds
// to the nearest whole multiple otherwise. example completes the error text.
func parseQuantity(s string, units []unit, kind, example string) (int64, error) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || (s[i] == '-' || s[i] == '+') && i == 0) {
		i++
	}
	// An exponent ("1e3s") belongs to the number only if a digit follows.
	if j := i; j > 0 && j < len(s) && (s[j] == 'e' || s[j] == 'E') {
		j++
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && s[j] >= '0' && s[j] <= '9' {
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			i = j
		}
	}
	number, name := s[:i], strings.TrimLeft(s[i:], " ")
	if number == "" {
		return 0, fmt.Errorf("%q is not a %s; write it like %s", s, kind, example)
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("%q is not a %s: %q is not a finite number", s, kind, number)
	}
	if v < 0 {
		return 0, fmt.Errorf("%q is negative; a %s is not", s, kind)
	}
	factor := int64(0)
	for _, u := range units {
		if u.name == name {
			factor = u.factor
			break
		}
	}
	if factor == 0 {
		if name == "" {
			if v == 0 {
				return 0, nil
			}
			return 0, fmt.Errorf("%q has no unit; write it like %s", s, example)
		}
		return 0, fmt.Errorf("%q has the unit %q, which a %s does not have; write it like %s", s, name, kind, example)
	}
	if whole, err := strconv.ParseInt(number, 10, 64); err == nil {
		if whole > math.MaxInt64/factor {
			return 0, fmt.Errorf("%q is too large for a %s", s, kind)
		}
		return whole * factor, nil
	}
	v = math.Round(v * float64(factor))
	if v >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large for a %s", s, kind)
	}
	return int64(v), nil
}

// formatQuantity writes v in the largest unit that holds it as a whole number.
func formatQuantity(v int64, units []unit) string {
	if v == 0 {
		return "0" + units[len(units)-1].name
	}
	for _, u := range units {
		if v%u.factor == 0 {
			return strconv.FormatInt(v/u.factor, 10) + u.name
		}
	}
	return strconv.FormatInt(v, 10) + units[len(units)-1].name
}

// ParseTime reads a span such as "5ms", "1.5s" or "2min". A bare number other than 0
// is an error.
func ParseTime(s string) (Time, error) {
	v, err := parseQuantity(s, timeUnits[:], "time", "5ms")
	return Time(v), err
}

// ParseRate reads a rate such as "10Mbps" or "2.5Gbps".
func ParseRate(s string) (Rate, error) {
	v, err := parseQuantity(s, rateUnits[:], "rate", "10Mbps")
	return Rate(v), err
}

// ParseSize reads a size such as "1514B", "64KB" (1000) or "4GiB" (1024^3).
func ParseSize(s string) (Size, error) {
	v, err := parseQuantity(s, sizeUnits[:], "size", "10MB")
	return Size(v), err
}

// ParseRatio reads "1%" or a plain fraction "0.01" as a share between 0 and 1.
func ParseRatio(s string) (float64, error) {
	number, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is not a share; write it like 1%% or 0.01", s)
	}
	if percent {
		v /= 100
	}
	if v < 0 || v > 1 {
		return 0, fmt.Errorf("%q is outside 0%%..100%%", s)
	}
	return v, nil
}

// FormatRatio writes a share so that ParseRatio gives the same bits back.
func FormatRatio(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func (t Time) String() string {
	if t == Forever {
		return "forever"
	}
	if t < 0 {
		return "-" + formatQuantity(-int64(t), timeUnits[2:7])
	}
	return formatQuantity(int64(t), timeUnits[2:7])
}

// Seconds converts for display and floating-point models.
func (t Time) Seconds() float64 { return float64(t) / float64(Second) }

// FromSeconds rounds to the nearest picosecond.
func FromSeconds(s float64) Time { return Time(math.Round(s * float64(Second))) }

func (r Rate) String() string { return formatQuantity(int64(r), rateUnits[:5]) }
func (s Size) String() string {
	if s >= 1<<10 {
		for _, u := range binarySizes {
			if int64(s)%u.factor == 0 && int64(s)%1000 != 0 {
				return strconv.FormatInt(int64(s)/u.factor, 10) + u.name
			}
		}
	}
	return formatQuantity(int64(s), sizeUnits[:5])
}

// TransmissionTime is how long n bytes take at rate r: ceil(8n/r) in picoseconds; 0
// for an unlimited rate.
func (r Rate) TransmissionTime(n Size) Time {
	if r <= 0 {
		return 0
	}
	bits := int64(n) * 8
	if bits < math.MaxInt64/int64(Second) {
		return Time((bits*int64(Second) + int64(r) - 1) / int64(r))
	}
	whole, rest := bits/int64(r), bits%int64(r)
	if whole >= int64(Forever/Second) {
		return Forever
	}
	return Time(whole)*Second + Time(math.Ceil(float64(rest)/float64(r)*float64(Second)))
}

// QueueLimit bounds a port's queue in packets or in bytes; the zero value leaves the
// choice to the defaults (DefaultQueue).
type QueueLimit struct {
	Packets int32
	Bytes   Size
}

// DefaultQueue is the limit of a queue nobody described: Mininet's and ns-3's habit.
var DefaultQueue = QueueLimit{Packets: 100}

// ParseQueue reads "100p" or a size such as "150KB".
func ParseQueue(s string) (QueueLimit, error) {
	if n, ok := strings.CutSuffix(s, "p"); ok {
		v, err := strconv.ParseInt(strings.TrimSpace(n), 10, 32)
		if err != nil || v < 1 {
			return QueueLimit{}, fmt.Errorf("%q is not a queue length; write it like 100p or 150KB", s)
		}
		return QueueLimit{Packets: int32(v)}, nil
	}
	v, err := parseQuantity(s, sizeUnits[:], "queue length", "100p or 150KB")
	if err == nil && v < 1 {
		err = fmt.Errorf("%q is not a queue length: at least 1p or 1B", s)
	}
	return QueueLimit{Bytes: Size(v)}, err
}

func (q QueueLimit) String() string {
	if q.Packets > 0 {
		return strconv.Itoa(int(q.Packets)) + "p"
	}
	return q.Bytes.String()
}

// MarshalJSON writes seconds-free integers: picoseconds keep every bit and sort.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(int64(t)) }
