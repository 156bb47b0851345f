package random

import "math"

// Log and Exp follow e_log.c and e_exp.c of FDLIBM 5.3 (https://www.netlib.org/fdlibm/):
//
//	Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//	Developed at SunSoft, a Sun Microsystems, Inc. business.
//	Permission to use, copy, modify, and distribute this software is freely
//	granted, provided that this notice is preserved.
//
// The names of the constants are theirs.
const (
	ln2Hi  = 6.93147180369123816490e-01 // ln 2 with 32 trailing zero bits
	ln2Lo  = 1.90821492927058770002e-10 // the rest of ln 2
	invLn2 = 1.44269504088896338700e+00
)

// Log returns the natural logarithm of x, with an error of less than one unit in
// the last place. Log(+Inf) = +Inf, Log(0) = -Inf, and of negative numbers and
// NaN it is NaN.
func Log(x float64) float64 {
	const (
		lg1 = 6.666666666666735130e-01
		lg2 = 3.999999999940941908e-01
		lg3 = 2.857142874366239149e-01
		lg4 = 2.222219843214978396e-01
		lg5 = 1.818357216161805012e-01
		lg6 = 1.531383769920937332e-01
		lg7 = 1.479819860511658591e-01
	)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 1):
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	// x = 2^k (1+f) with sqrt(2)/2 <= 1+f < sqrt(2)
	m, exponent := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		exponent--
	}
	f := m - 1
	k := float64(exponent)

	// log(1+f) = f - s (f - R) with s = f/(2+f), R a polynomial in s^2
	s := f / (2 + f)
	z := float64(s * s)
	w := float64(z * z)
	t1 := float64(w * (lg2 + float64(w*(lg4+float64(w*lg6)))))
	t2 := float64(z * (lg1 + float64(w*(lg3+float64(w*(lg5+float64(w*lg7)))))))
	r := t1 + t2
	half := float64(float64(0.5*f) * f)
	return float64(k*ln2Hi) - ((half - (float64(s*(half+r)) + float64(k*ln2Lo))) - f)
}

// Exp returns e^x, with an error of less than one unit in the last place. It is
// +Inf above 709.78 and 0 below -745.13; Exp(NaN) is NaN.
func Exp(x float64) float64 {
	const (
		overflow  = 7.09782712893383973096e+02
		underflow = -7.45133219101941108420e+02
		p1        = 1.66666666666666019037e-01
		p2        = -2.77777777770155933842e-03
		p3        = 6.61375632143793436117e-05
		p4        = -1.65339022054652515390e-06
		p5        = 4.13813679705723846039e-08
	)
	switch {
	case math.IsNaN(x):
		return x
	case x > overflow:
		return math.Inf(1)
	case x < underflow:
		return 0
	case math.Abs(x) < 0x1p-28:
		return 1 + x
	}
	// x = k ln 2 + r with |r| <= ln(2)/2, r = hi - lo
	k := int(float64(invLn2*x) + math.Copysign(0.5, x))
	hi := x - float64(float64(k)*ln2Hi)
	lo := float64(float64(k) * ln2Lo)
	r := hi - lo

	// e^r = 1 + r + r c/(2-c) with c = r - (a polynomial in r^2)
	t := float64(r * r)
	c := r - float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	if k > -1020 && k < 1023 { // the result is normal: add to the exponent
		return math.Float64frombits(math.Float64bits(y) + uint64(k)<<52)
	}
	return math.Ldexp(y, k)
}

// Log1p returns log(1+x), with an error of at most three units in the last place
// even where x is small (Goldberg, "What every computer scientist should know about
// floating-point arithmetic", ACM Computing Surveys 23(1), 1991, theorem 4).
// Below -1 it is NaN.
func Log1p(x float64) float64 {
	u := 1 + x
	switch {
	case u == 1 || math.IsInf(u, 1) || math.IsNaN(x):
		return x
	case u == 0:
		return math.Inf(-1)
	}
	// The error of u is made good by the slope of the logarithm.
	return float64(Log(u)*x) / (u - 1)
}

// Pow returns x^y for x >= 0, as Exp(y Log(x)): its relative error is about
// (1 + |y log x|) 2^-53, which is enough for drawing. Pow(x, 0) = 1 for every x; of
// negative x it is NaN.
func Pow(x, y float64) float64 {
	if y == 0 || x == 1 {
		return 1
	}
	return Exp(float64(y * Log(x)))
}
