package sim_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
)

// begun is when the packets that count begin to come.
const begun = 20 * model.Millisecond

// queues is a network of equal, separate queues: each has a sender and a receiver at a
// switch, and waiting happens nowhere but before the receiver's link.
func queues(t testing.TB, replications int, rate model.Rate, room int32, f model.Flow) *model.Network {
	t.Helper()
	b := model.NewBuilder("queues")
	fast, slow := b.SpecID(model.LinkSpec{}), b.SpecID(model.LinkSpec{Rate: rate, Queue: model.QueueLimit{Packets: room}})
	var flows []model.Flow
	for i := range replications {
		s, _ := b.Declare(name("s", i), model.Switch)
		from, _ := b.Declare(name("hf", i), model.Host)
		to, _ := b.Declare(name("ht", i), model.Host)
		b.Link(model.LinkDraft{A: from, B: s, APort: model.AutoPort, BPort: model.AutoPort, Spec: fast, Back: fast})
		b.Link(model.LinkDraft{A: s, B: to, APort: model.AutoPort, BPort: model.AutoPort, Spec: slow, Back: fast})
		f.ID, f.From, f.To = fmt.Sprint("f", i), from, to
		f.Transport, f.Granularity, f.SrcPort, f.DstPort = model.UDP, model.GranularityPacket, 2000, 2000
		// One packet goes first, so that addresses are known and the others need not wait for them.
		first := f
		first.ID, first.Start, first.Duration, first.Size, first.Pattern = fmt.Sprint("first", i), 0, 0, 100, ""
		f.Start = begun
		flows = append(flows, f, first)
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	n.Flows = flows
	if err := n.Validate(nil).Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// estimate is a mean of independent observations and its confidence interval.
type estimate struct{ mean, half float64 }

// estimated takes 30 observations and gives the interval that holds the mean with 99 %
// (Student's t with 29 degrees of freedom).
func estimated(t testing.TB, x []float64) estimate {
	t.Helper()
	if len(x) != 30 {
		t.Fatalf("%d observations", len(x))
	}
	sum, squares := 0.0, 0.0
	for _, v := range x {
		sum += v
	}
	mean := sum / 30
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	return estimate{mean, 2.756 * math.Sqrt(squares/29/30)}
}

func (e estimate) holds(t testing.TB, what string, want float64) {
	t.Helper()
	if math.Abs(e.mean-want) > e.half {
		t.Errorf("%s: %.6g +- %.2g, theory says %.6g", what, e.mean, e.half, want)
	}
	t.Logf("%s: %.6g +- %.2g, theory %.6g", what, e.mean, e.half, want)
}

// narrow says that an interval is narrow enough to tell one theory from another.
func (e estimate) narrow(t testing.TB, what string, share float64) {
	t.Helper()
	if e.half > share*e.mean {
		t.Errorf("%s: the interval is +- %.1f %%, wide enough for anything", what, 100*e.half/e.mean)
	}
}

// observed runs 30 queues and gives, of each, the mean time in the system in seconds, the
// mean number waiting and the share lost.
func observed(t testing.TB, n *model.Network, lots uint64) (sojourn, waiting, lost []float64) {
	t.Helper()
	d := newDiary()
	b := start(t, n, &router{}, d, seed(lots))
	b.run(model.Forever)
	b.close()
	results := d.results()
	for i := range n.Flows {
		r := results[n.Flows[i].ID]
		if n.Flows[i].Start == 0 {
			continue
		}
		if r.Finish == trace.Unfinished || r.Error != "" {
			t.Fatalf("%+v", r)
		}
		sojourn = append(sojourn, r.LatencyMean.Seconds())
		lost = append(lost, float64(r.Lost)/float64(r.Sent))
	}
	for _, e := range d.kind(trace.LinkTotal) {
		if strings.HasPrefix(e.Sample.From, "s") && strings.HasPrefix(e.Sample.To, "ht") {
			waiting = append(waiting, e.Sample.Queue*float64(e.Sample.Span)/float64(n.Flows[0].Duration))
		}
	}
	return sojourn, waiting, lost
}

// system is a queue with Poisson arrivals and one server.
type system struct {
	packets string  // the law of packet sizes, "" for equal ones
	largest float64 // bytes
	mean    float64 // of the packets' bytes on the wire
	square  float64 // mean of their squares
}

// Exponential sizes are cut at 58 and 65535 bytes, which changes their moments by less
// than a ten-thousandth; the theory takes no notice of it.
var mm1 = system{"packets=exponential(6000B)", 65535, 6000, 2 * 6000 * 6000}

const (
	queueRate  = 48e6 // of the link: 6000 bytes take 1 ms
	udpHeaders = 42
)

// flow offers a load to the queue for a time; lambda is how many packets come in a second.
func (s system) flow(load float64, span model.Time) (f model.Flow, lambda float64) {
	rate := math.Round(load * queueRate * (s.mean - udpHeaders) / s.mean)
	f = model.Flow{Rate: model.Rate(rate), Duration: span, Packet: model.Size(s.largest), Pattern: strings.TrimSpace("poisson " + s.packets)}
	return f, rate / 8 / (s.mean - udpHeaders)
}

// holdsAt compares the simulator with the formula of Pollaczek and Khinchine (Kleinrock,
// "Queueing Systems", volume 1, section 5.6) at one load: the mean time in the system, the
// mean number waiting, and Little's law between the two.
func (s system) holdsAt(t *testing.T, load float64, span model.Time, lots uint64) {
	f, lambda := s.flow(load, span)
	sojourn, waiting, lost := observed(t, queues(t, 30, queueRate, 1<<30, f), lots)
	service, second := 8*s.mean/queueRate, 64*s.square/queueRate/queueRate
	wait := lambda * second / 2 / (1 - lambda*service)
	w, q := estimated(t, sojourn), estimated(t, waiting)
	w.holds(t, "seconds in the system", service+wait)
	q.holds(t, "packets waiting", lambda*wait)
	w.narrow(t, "seconds in the system", 0.06)
	for i := range lost {
		if lost[i] != 0 {
			t.Fatalf("a queue without bounds lost %v", lost[i])
		}
	}
}

// The span grows with the load as the time does that a queue takes to forget its beginning.
func spanAt(load float64) model.Time {
	return model.Time(min(120, 4/(1-load)/(1-load))) * model.Second
}

func TestMM1QueuesAreAsTheorySays(t *testing.T) {
	for i, load := range []float64{0.3, 0.5, 0.7, 0.8, 0.9} {
		t.Run(fmt.Sprint(load), func(t *testing.T) {
			mm1.holdsAt(t, load, spanAt(load), uint64(100+i))
			if t.Failed() {
				return
			}
			// What the formula gives for exponential times: E[T] = E[S]/(1-load).
			if got, want := 1e-3+load*2e-6/2/(1-load)/1e-3, 1e-3/(1-load); math.Abs(got-want) > 1e-12 {
				t.Errorf("%g and %g", got, want)
			}
		})
	}
}

func TestMD1QueuesAreAsTheorySays(t *testing.T) {
	md1 := system{"", 6000, 6000, 6000 * 6000}
	for i, load := range []float64{0.3, 0.5, 0.7, 0.8, 0.9} {
		t.Run(fmt.Sprint(load), func(t *testing.T) { md1.holdsAt(t, load, spanAt(load), uint64(200+i)) })
	}
}

// The mix of packet sizes on the Internet is as good a law of service times as any.
func TestMG1QueuesOfAMixAreAsTheorySays(t *testing.T) {
	imix := system{"packets=imix", 1514, (7*60 + 4*590 + 1514) / 12., (7*60*60 + 4*590*590 + 1514*1514) / 12.}
	for i, load := range []float64{0.5, 0.8} {
		t.Run(fmt.Sprint(load), func(t *testing.T) { imix.holdsAt(t, load, spanAt(load)/10, uint64(300+i)) })
	}
}

// A queue with room for 9 beside the one in service holds 10: M/M/1/10 (Kleinrock, section
// 3.6) loses the share (1-a) a^10 / (1 - a^11) of what comes, at any load a.
func TestMM1KQueuesLoseAsTheorySays(t *testing.T) {
	const room = 9
	for i, load := range []float64{0.5, 0.8, 0.9, 1.2, 2} {
		t.Run(fmt.Sprint(load), func(t *testing.T) {
			f, lambda := mm1.flow(load, 20*model.Second)
			sojourn, waiting, lost := observed(t, queues(t, 30, queueRate, room, f), uint64(400+i))
			a, k := lambda*1e-3, float64(room+1)
			block := (1 - a) * math.Pow(a, k) / (1 - math.Pow(a, k+1))
			number := a/(1-a) - (k+1)*math.Pow(a, k+1)/(1-math.Pow(a, k+1))
			empty := (1 - a) / (1 - math.Pow(a, k+1))
			l, w, q := estimated(t, lost), estimated(t, sojourn), estimated(t, waiting)
			l.holds(t, "the share lost", block)
			w.holds(t, "seconds in the system", number/lambda/(1-block))
			q.holds(t, "packets waiting", number-(1-empty))
			w.narrow(t, "seconds in the system", 0.03)
		})
	}
}

// Equal packets at equal gaps never wait, whatever the load below 1: D/D/1.
func TestEqualPacketsAtEqualGapsNeverWait(t *testing.T) {
	f := model.Flow{Rate: 47_000_000, Duration: model.Second, Packet: 6000, Pattern: "constant"}
	sojourn, waiting, _ := observed(t, queues(t, 30, queueRate, 1<<30, f), 1)
	for i := range sojourn {
		if sojourn[i] != 1e-3 || waiting[i] != 0 {
			t.Fatalf("queue %d: %g s, %g packets waiting", i, sojourn[i], waiting[i])
		}
	}
}
