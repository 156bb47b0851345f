package sim_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/descriptors"
	"sendim/sim"
)

// dumbbellSample is a line of what ns-3 3.37 says about flows over one bottleneck.
type dumbbellSample struct {
	CC                        string
	N                         int
	Bottleneck, Delay, Access string
	AccessDelay               string `json:"access_delay"`
	Far                       string
	Queue, Mark               int
	Stagger                   float64
	From                      int     `json:"from_s"`
	Until                     int     `json:"until_s"`
	Total                     float64 `json:"total_bps"`
	Drops                     int64
	MeanQueue                 float64 `json:"mean_queue_packets"`
	Size                      int64
	FCT                       []float64 `json:"fct_s"`
}

// descriptor is the dumbbell in the language.
func (s *dumbbellSample) descriptor() string {
	var b strings.Builder
	discipline := ""
	fmt.Fprintln(&b, `<system>`)
	if s.Mark > 0 {
		discipline = ` discipline="marks"`
		fmt.Fprintf(&b, `<discipline id="marks" kind="threshold" mark="%dp"/>`+"\n", s.Mark)
	}
	switch s.CC {
	case "TcpCubic":
		fmt.Fprintln(&b, `<tcp id="t" congestion="cubic" ack-every="1" friendly="false"/>`)
	case "TcpDctcp":
		fmt.Fprintln(&b, `<tcp id="t" congestion="dctcp" ack-every="1"/>`)
	default:
		fmt.Fprintln(&b, `<tcp id="t" congestion="newreno" ack-every="1"/>`)
	}
	fmt.Fprintf(&b, `<node id="r1" type="switch"><link to="r2" rate="%s" delay="%s" queue="%dp"%s/></node><node id="r2" type="switch"/>`+"\n", s.Bottleneck, s.Delay, s.Queue, discipline)
	for i := range s.N {
		delay := s.AccessDelay
		if s.Far != "" && i == s.N-1 {
			delay = s.Far
		}
		fmt.Fprintf(&b, `<node id="s%d" type="host"><link to="r1" rate="%s" delay="%s" queue="10000p"/></node>`, i, s.Access, delay)
		fmt.Fprintf(&b, `<node id="d%d" type="host"><link to="r2" rate="%s" delay="%s" queue="10000p"/></node>`+"\n", i, s.Access, s.AccessDelay)
	}
	for i := range s.N {
		start := s.Stagger*float64(i) + 1 // in the first second addresses are resolved
		amount := fmt.Sprintf(`size="%dB"`, s.Size)
		if s.Size == 0 {
			start -= 1
			amount = fmt.Sprintf(`duration="%fs"`, float64(s.Until)-start)
		}
		fmt.Fprintf(&b, `<flow id="f%d" from="s%d" to="d%d" start="%fs" %s transport="tcp" tcp="t"/>`+"\n", i, i, i, start, amount)
		if s.Size > 0 {
			fmt.Fprintf(&b, `<flow id="ping%d" from="s%d" to="d%d" transport="icmp" count="1"/>`+"\n", i, i, i)
		}
	}
	if s.Size == 0 {
		fmt.Fprintf(&b, `<trace interval="%ds"/>`+"\n", s.From)
	}
	fmt.Fprintln(&b, `</system>`)
	return b.String()
}

// TestDumbbellsInTheLanguageAgreeWithNs3 brings ns-3's dumbbells to the whole simulator:
// through descriptor, tables and hosts. ns-3's frames are 12 bytes shorter than Ethernet's.
func TestDumbbellsInTheLanguageAgreeWithNs3(t *testing.T) {
	f, err := os.Open("tcp/testdata/ns3-dumbbells.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	number := 0
	for lines := bufio.NewScanner(f); lines.Scan(); number++ {
		var s dumbbellSample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		// The first ten are those that everybody compares with. The rest, drawn at random,
		// the endpoints are compared with by themselves; here those without chance in them.
		if number >= 10 && (s.CC != "TcpDctcp" && s.Size == 0 || s.Drops > 0) && os.Getenv("SENDIM_REFERENCE") == "" {
			continue
		}
		if testing.Short() && s.Size == 0 {
			continue
		}
		t.Run(fmt.Sprintf("%d %s %d flows %s", number, s.CC, s.N, s.Bottleneck), func(t *testing.T) {
			t.Parallel()
			s.compare(t, number)
		})
	}
}

func (s *dumbbellSample) compare(t *testing.T, number int) {
	text := s.descriptor()
	read, _, err := descriptors.Decode(fstest.MapFS{"a.xml": {Data: []byte(text)}}, descriptors.Options{}, "a.xml")
	if err != nil {
		t.Fatal(err, text)
	}
	d := newDiary()
	b := startOn(t, sim.Backend{}, read.Model, &router{}, d)
	b.run(model.Forever)
	b.close()
	within := func(what string, got, want, tolerance float64) {
		if math.Abs(got-want) > tolerance*want {
			t.Errorf("%s %g, want %g within %g %%", what, got, want, 100*tolerance)
		}
	}
	if s.Size > 0 {
		for i, want := range s.FCT {
			r := d.results()[fmt.Sprint("f", i)]
			if s.Drops == 0 {
				within("completion", (r.Finish - r.Start).Seconds(), want, 0.05)
			}
		}
		return
	}
	var bits, queue, drops float64
	from := model.Time(s.From) * model.Second
	for _, e := range d.kind(trace.LinkSample) {
		if e.Link != "r1--r2" || e.Sample.From != "r1" || e.At <= from {
			continue
		}
		bits += float64(e.Sample.Bytes) * 8 * 1448 / 1514
		queue += e.Sample.Queue * float64(s.From) / float64(s.Until-s.From)
	}
	for _, e := range d.kind(trace.LinkTotal) {
		if e.Link == "r1--r2" && e.Sample.From == "r1" {
			drops = float64(e.Sample.Drops)
		}
	}
	t.Logf("total %.4f of ns-3's, queue %.3f, drops %g (%d)", bits/float64(s.Until-s.From)/s.Total, queue/s.MeanQueue, drops, s.Drops)
	within("total goodput", bits/float64(s.Until-s.From), s.Total, 0.05)
	if number >= 10 && s.CC == "TcpCubic" {
		return // shares, drops and queues of several are chaotic
	}
	within("mean queue", queue, s.MeanQueue, 0.2)
	if drops > 1.5*float64(s.Drops) || float64(s.Drops) > 1.5*drops {
		t.Errorf("%g drops, want %d within a factor 1.5", drops, s.Drops)
	}
}
