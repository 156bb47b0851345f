package flowlist

import (
	"math"
	"math/bits"
	"strconv"

	"sendim/core/fault"
)

// scaled reads a bare number of units as a whole multiple of factor, exactly for plain
// decimals and rounded to the nearest otherwise. The fault it gives has no place.
func scaled(b []byte, factor int64) (int64, *fault.Fault) {
	whole, i := uint64(0), 0
	for ; i < len(b) && b[i]-'0' <= 9 && i < 19; i++ {
		whole = 10*whole + uint64(b[i]-'0')
	}
	part, scale, digits := uint64(0), uint64(1), i
	if i < len(b) && b[i] == '.' {
		i++
		for ; i < len(b) && b[i]-'0' <= 9; i++ {
			digits++
			if scale < 1e18 {
				part, scale = 10*part+uint64(b[i]-'0'), 10*scale
			}
		}
	}
	if i < len(b) || digits == 0 {
		return inexact(b, factor)
	}
	hi, lo := bits.Mul64(whole, uint64(factor))
	phi, plo := bits.Mul64(part, uint64(factor))
	plo, carry := bits.Add64(plo, scale/2, 0)
	more, _ := bits.Div64(phi+carry, plo, scale) // part < scale: it fits
	lo, carry = bits.Add64(lo, more, 0)
	if hi != 0 || carry != 0 || lo > math.MaxInt64 {
		return 0, tooLarge(b)
	}
	return int64(lo), nil
}

// inexact is scaled for whatever a machine may have written: exponents, long numbers,
// and what is no number.
func inexact(b []byte, factor int64) (int64, *fault.Fault) {
	v, f := float(b)
	if f != nil {
		return 0, f
	}
	if v < 0 {
		return 0, problem(fault.OutOfRange, "%q is negative", fault.Clip(string(b)))
	}
	v = math.Round(float64(v * float64(factor)))
	if v >= math.MaxInt64 {
		return 0, tooLarge(b)
	}
	return int64(v), nil
}

// float reads any finite number.
func float(b []byte) (float64, *fault.Fault) {
	for _, c := range b { // no hexadecimal digits, no underscores
		if c-'0' > 9 && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return 0, problem(fault.BadNumber, "%q is not a finite number", fault.Clip(string(b)))
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, problem(fault.BadNumber, "%q is not a finite number", fault.Clip(string(b)))
	}
	return v, nil
}

// whole reads a whole number from 0 to most.
func whole(b []byte, most int64) (int64, *fault.Fault) {
	n := int64(0)
	for _, c := range b {
		c -= '0'
		if c > 9 || len(b) > 18 {
			return wholeSlow(b, most)
		}
		n = 10*n + int64(c)
	}
	if len(b) == 0 || n > most {
		return wholeSlow(b, most)
	}
	return n, nil
}

func wholeSlow(b []byte, most int64) (int64, *fault.Fault) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	switch {
	case err != nil:
		return 0, problem(fault.BadNumber, "%q is not a whole number", fault.Clip(string(b)))
	case n < 0 || n > most:
		return 0, problem(fault.OutOfRange, "%d is outside 0..%d", n, most)
	}
	return n, nil
}

func tooLarge(b []byte) *fault.Fault {
	return problem(fault.OutOfRange, "%q is too large", fault.Clip(string(b)))
}

func problem(code fault.Code, format string, args ...any) *fault.Fault {
	f := fault.New(code, fault.Place{}, format, args...)
	return &f
}

// Fraction multiplies quantities; the zero value leaves them as they are.
type Fraction struct{ Num, Den int64 }

// of multiplies, rounding to the nearest; false if the product is too large.
func (f Fraction) of(v int64) (int64, bool) {
	if f == (Fraction{}) || f.Num == f.Den || v == 0 {
		return v, true
	}
	hi, lo := bits.Mul64(uint64(v), uint64(f.Num))
	lo, carry := bits.Add64(lo, uint64(f.Den)/2, 0)
	hi += carry
	if hi >= uint64(f.Den) {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, uint64(f.Den))
	return int64(q), q <= math.MaxInt64
}
