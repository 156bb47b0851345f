package draft

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// Number reads a finite decimal number as files write them: "12", "-0.5", "1e9".
// Infinities, NaN, hexadecimal and digit separators are refused.
func Number(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || strings.ContainsAny(s, "xXpP_") {
		return 0, fmt.Errorf("%q is not a finite number", Clip(s))
	}
	return v, nil
}

// Count reads a whole number from 0 to limit.
func Count(s string, limit int64) (int64, error) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 || v > limit {
		return 0, fmt.Errorf("%q is not a whole number from 0 to %d", Clip(s), limit)
	}
	return v, nil
}

// Rate is v times the unit, rounded to whole bits per second; negative and absurd values
// are errors.
func Rate(v float64, unit model.Rate) (model.Rate, error) {
	r := math.Round(v * float64(unit))
	if !(r >= 0 && r < 1<<62) {
		return 0, fmt.Errorf("%g times %v is not a rate", v, unit)
	}
	return model.Rate(r), nil
}

// Span is v times the unit, rounded to whole picoseconds; negative and absurd values are
// errors.
func Span(v float64, unit model.Time) (model.Time, error) {
	t := math.Round(v * float64(unit))
	if !(t >= 0 && t < 1<<62) {
		return 0, fmt.Errorf("%g times %v is not a span of time", v, unit)
	}
	return model.Time(t), nil
}

// perKilometre is how long light takes for a kilometre of fibre: its refractive index is
// about 1.468 (ITU-T G.652), so 4.9 us, which planners round to 5.
const perKilometre = 5 * model.Microsecond

// earthRadius is the mean radius of the Earth in kilometres (IUGG).
const earthRadius = 6371.0088

// GreatCircle is the distance in kilometres between two places given in degrees, by the
// haversine formula (Sinnott, "Virtues of the haversine", Sky and Telescope 68, 1984).
func GreatCircle(lon1, lat1, lon2, lat2 float64) float64 {
	const degree = math.Pi / 180
	dLat, dLon := (lat2-lat1)*degree/2, (lon2-lon1)*degree/2
	sLat, sLon := math.Sin(dLat), math.Sin(dLon)
	h := float64(sLat*sLat) + float64(math.Cos(lat1*degree)*math.Cos(lat2*degree))*float64(sLon*sLon)
	return 2 * earthRadius * math.Asin(math.Sqrt(min(1, h)))
}

// Clip shortens text that goes into an error.
func Clip(s string) string { return strings.ToValidUTF8(fault.Clip(s), "?") }
