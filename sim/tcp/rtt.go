package tcp

// estimator is the retransmission timer of RFC 6298. Every acknowledgement of new data brings a sample by its echoed
// timestamp, which tells an original from its repetition (Karn's rule, section 3, in the form RFC 7323 allows).
type estimator struct {
	srtt, rttvar int64 // ps; srtt is 0 before the first sample
	base         int64 // RTO without backoff, ps
	least        int64 // shortest sample, ps
	sum          int64 // of all samples, ns, so that years of them fit
	samples      int64
	backoff      uint8 // doublings in force
}

// granularity is the G of RFC 6298: the coarsest clock that still follows the paths simulated here.
const granularity = Millisecond

func (e *estimator) sample(r int64, c *Config) {
	r = max(r, 1)
	if e.samples == 0 {
		e.srtt, e.rttvar, e.least = r, r/2, r
	} else {
		dev := e.srtt - r
		if dev < 0 {
			dev = -dev
		}
		e.rttvar += (dev - e.rttvar) / 4 // before srtt, section 2.3
		e.srtt += (r - e.srtt) / 8
		e.least = min(e.least, r)
	}
	e.sum += r / 1000
	e.samples++
	e.base = min(max(e.srtt+max(granularity, 4*e.rttvar), c.MinRTO), c.MaxRTO)
	e.backoff = 0
}

// rto is the time-out in force: the base doubled once per expiry, at most c.MaxRTO (section 5.5).
func (e *estimator) rto(c *Config) int64 {
	t := e.base
	for i := uint8(0); i < e.backoff && t < c.MaxRTO; i++ {
		t *= 2
	}
	return min(t, c.MaxRTO)
}

func (e *estimator) expired() {
	if e.backoff < 62 {
		e.backoff++
	}
}
