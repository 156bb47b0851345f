package random

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
)

// Source is a seed from which streams are named. It is a value and safe for
// concurrent use.
type Source struct {
	seed uint64
}

// New returns the source of a seed.
func New(seed uint64) Source { return Source{seed} }

// Stream returns the stream of a name and indices, such as ("loss", link). Streams
// whose seed, name or indices differ in any way are independent: the state of the
// generator is, as four little-endian words, the SHA-256 hash (FIPS 180-4) of
// the seed, the length of the name, the name and the indices, all numbers as
// eight little-endian bytes.
func (s Source) Stream(name string, indices ...uint64) Stream {
	var buffer [128]byte
	b := binary.LittleEndian.AppendUint64(buffer[:0], s.seed)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(name)))
	b = append(b, name...)
	for _, i := range indices {
		b = binary.LittleEndian.AppendUint64(b, i)
	}
	hash := sha256.Sum256(b)
	var r Stream
	for i := range r.s {
		r.s[i] = binary.LittleEndian.Uint64(hash[8*i:])
	}
	if r.s == [4]uint64{} { // the one state the generator never leaves
		r.s[0] = 1
	}
	return r
}

// Stream is a generator of pseudorandom numbers: xoshiro256++ 1.0 (Blackman and
// Vigna, "Scrambled linear pseudorandom number generators", ACM Transactions on
// Mathematical Software 47(4), 2021). It is a value of 32 bytes: a copy repeats
// what the original will draw. The zero value is of no use; see Source.Stream.
// A Stream belongs to one goroutine.
type Stream struct {
	s [4]uint64
}

// Uint64 returns 64 random bits.
func (r *Stream) Uint64() uint64 {
	s := &r.s
	result := bits.RotateLeft64(s[0]+s[3], 23) + s[0]
	t := s[1] << 17
	s[2] ^= s[0]
	s[3] ^= s[1]
	s[1] ^= s[2]
	s[0] ^= s[3]
	s[2] ^= t
	s[3] = bits.RotateLeft64(s[3], 45)
	return result
}

// Float64 returns a number in [0, 1): a multiple of 2^-53, all equally likely.
func (r *Stream) Float64() float64 {
	return float64(float64(r.Uint64()>>11) * 0x1p-53)
}

// Uint64N returns a number in [0, n), all equally likely. It panics if n is 0.
// Lemire, "Fast random integer generation in an interval", ACM Transactions on
// Modeling and Computer Simulation 29(1), 2019, algorithm 5.
func (r *Stream) Uint64N(n uint64) uint64 {
	if n == 0 {
		panic("random: a number below 0 was asked for")
	}
	hi, lo := bits.Mul64(r.Uint64(), n)
	if lo < n {
		for reject := -n % n; lo < reject; {
			hi, lo = bits.Mul64(r.Uint64(), n)
		}
	}
	return hi
}

// IntN returns a number in [0, n), all equally likely. It panics if n <= 0.
func (r *Stream) IntN(n int) int {
	if n <= 0 {
		panic("random: IntN needs a positive bound")
	}
	return int(r.Uint64N(uint64(n)))
}

// Shuffle brings n things into a random order, all orders equally likely, by
// calling swap: Knuth, "The Art of Computer Programming", volume 2, section
// 3.4.2, algorithm P.
func (r *Stream) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, r.IntN(i+1))
	}
}

// Perm returns the numbers 0 to n-1 in a random order.
func (r *Stream) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	r.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// Exponential returns a number that is exponentially distributed with the given
// mean, by inversion.
func (r *Stream) Exponential(mean float64) float64 {
	return float64(-mean * Log(1-r.Float64()))
}

// Normal returns a number that is normally distributed: the polar method
// (Marsaglia and Bray, "A convenient method for generating normal variables",
// SIAM Review 6(3), 1964), of whose two numbers the second is not used, so that a
// stream has no state but its generator's.
func (r *Stream) Normal(mean, deviation float64) float64 {
	for {
		u := float64(2*r.Float64()) - 1
		v := float64(2*r.Float64()) - 1
		s := float64(u*u) + float64(v*v)
		if s > 0 && s < 1 {
			n := float64(u * math.Sqrt(float64(-2*Log(s))/s))
			return mean + float64(deviation*n)
		}
	}
}

// Pareto returns a number from the bounded Pareto distribution over [low, high]
// of the given shape, by inversion: with U uniform in [0, 1),
//
//	low / (1 - U (1 - (low/high)^shape))^(1/shape)
//
// It panics unless 0 < low <= high < infinity and shape > 0.
func (r *Stream) Pareto(shape, low, high float64) float64 {
	if !(shape > 0 && low > 0 && low <= high && high <= math.MaxFloat64) {
		panic("random: Pareto needs a positive shape and 0 < low <= high")
	}
	tail := 1 - Pow(low/high, shape)
	x := float64(low * Pow(1-float64(r.Float64()*tail), -1/shape))
	return min(max(x, low), high)
}
