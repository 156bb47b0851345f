package tcp

import "math"

// cubic is RFC 9438. Windows are counted in segments and time in seconds, in float64; every product that is added to is
// converted explicitly, which forbids the compiler to fuse the two (Go specification, Floating-point operators), so that
// each machine computes the same bits.
type cubic struct {
	epoch int64 // ps: start of the present congestion avoidance stage; valid if started
	wMax  float64
	k     float64
	wEst  float64 // what Reno would have
	prior float64 // window before the last reduction
	frac  float64 // growth not yet worth a byte, bytes
	hystart
	friendly bool // Config.RenoFriendly
	started  bool
}

const (
	cubicC    = 0.4                                   // section 5
	cubicBeta = 0.7                                   // section 4.6
	cubicReno = 3 * (1 - cubicBeta) / (1 + cubicBeta) // alpha of section 4.3
)

func (c *cubic) acked(w *window, a ackInfo) {
	if w.cwnd < w.ssthresh {
		if a.grow {
			if c.leave(w, a) {
				w.ssthresh = w.cwnd
				return
			}
			slowStart(w, a.bytes)
		}
		return
	}
	if !a.grow {
		return
	}
	mss := float64(w.mss)
	cwnd := float64(w.cwnd) / mss
	segments := float64(a.bytes) / mss
	if !c.started {
		c.start(a.now, cwnd)
	}
	t := float64(a.now-c.epoch) / float64(Second)
	// Section 4.3: the window Reno would have reached; once it is back where it was, it grows like Reno's.
	alpha := cubicReno
	if c.wEst >= c.prior {
		alpha = 1
	}
	c.wEst += float64(alpha*segments) / cwnd
	var step float64 // segments
	if c.friendly && c.at(t) < c.wEst {
		step = max(c.wEst-cwnd, 0)
	} else { // sections 4.4 and 4.5
		target := c.at(t + float64(a.rtt)/float64(Second))
		target = min(max(target, cwnd), float64(1.5*cwnd))
		step = float64((target-cwnd)/cwnd) * segments
	}
	c.frac += float64(step * mss)
	whole := math.Floor(c.frac)
	c.frac -= whole
	w.cwnd += uint64(whole)
}

// start opens a congestion avoidance stage with a window of cwnd segments.
func (c *cubic) start(now int64, cwnd float64) {
	c.started, c.epoch, c.wEst, c.frac = true, now, cwnd, 0
	if c.wMax <= cwnd { // after slow start without loss: section 4.10
		c.wMax, c.k = cwnd, 0
		return
	}
	c.k = cubeRoot((c.wMax - cwnd) / cubicC)
}

// at is W_cubic, equation 1, in segments.
func (c *cubic) at(t float64) float64 {
	d := t - c.k
	d3 := float64(float64(d*d) * d)
	return c.wMax + float64(cubicC*d3)
}

func (c *cubic) reduced(w *window, now int64, flight uint64, why cause) uint64 {
	cwnd := float64(w.cwnd) / float64(w.mss)
	c.prior = cwnd
	if cwnd < c.wMax { // fast convergence, section 4.7
		c.wMax = float64(cwnd * ((1 + cubicBeta) / 2))
	} else {
		c.wMax = cwnd
	}
	c.started = false
	if why == byTimeout { // section 4.8: the next stage starts flat at whatever slow start reaches
		c.wMax, c.prior = 0, 0
		c.hystart.reset()
	}
	return max(uint64(float64(cubicBeta*float64(min(flight, w.cwnd)))), 2*w.mss)
}

// idled shifts the stage, so that time without data does not count as growth (section 4.2).
func (c *cubic) idled(d int64) { c.epoch += d }

// cubeRoot of x >= 0 by Newton's method with operations IEEE 754 rounds exactly, starting from the cube root's exponent.
func cubeRoot(x float64) float64 {
	if !(x > 0) {
		return 0
	}
	// Dividing the bit pattern by three divides the exponent; the constant restores its bias. Within 6 %.
	y := math.Float64frombits(math.Float64bits(x)/3 + 0x2a9f7893782da1ce)
	for range 4 {
		y -= float64(y-float64(x/float64(y*y))) / 3
	}
	return y
}
