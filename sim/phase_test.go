package sim_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"sendim/core/model"
	"sendim/descriptors"
	"sendim/sim"
)

// competitors are two transfers over a bottleneck that is as fast as the access link of
// the second, so that its packets come exactly as others leave.
func competitors(t *testing.T, jitter, tcp, discipline string, late int) (first, second float64) {
	return race(t, jitter, tcp, discipline, "10Mbps", `duration="20s" transport="tcp"`, fmt.Sprintf(`start="%dms" duration="%dms" transport="tcp"`, late, 20000-late))
}

func race(t *testing.T, jitter, tcp, discipline, access, one, other string) (first, second float64) {
	if discipline != "" {
		discipline = ` discipline="red"`
	}
	text := fmt.Sprintf(`<system>
  <tcp id="default" congestion="%[1]s"/>
  <discipline id="red" kind="red" min="5p"/>
  <node id="s1" type="switch"><link to="s2" rate="10Mbps" delay="1ms" queue="20p"%[3]s/></node><node id="s2" type="switch"/>
  <node id="h1" type="host"><link to="s1" rate="100Mbps" delay="10us" jitter="%[2]s"/></node>
  <node id="h2" type="host"><link to="s1" rate="%[4]s" delay="10us" jitter="%[2]s"/></node>
  <node id="h3" type="host"><link to="s2" rate="100Mbps"/></node>
  <node id="h4" type="host"><link to="s2" rate="100Mbps"/></node>
  <flow id="first" from="h1" to="h3" %[5]s/>
  <flow id="second" from="h2" to="h4" %[6]s/>
</system>`, tcp, jitter, discipline, access, one, other)
	read, _, err := descriptors.Decode(fstest.MapFS{"a.xml": {Data: []byte(text)}}, descriptors.Options{}, "a.xml")
	if err != nil {
		t.Fatal(err)
	}
	d := newDiary()
	b := startOn(t, sim.Backend{}, read.Model, &router{}, d)
	b.run(model.Forever)
	b.close()
	return d.results()["first"].Rate, d.results()["second"].Rate
}

func TestRandomnessThatIsAskedForBreaksLockstep(t *testing.T) {
	for _, c := range []struct {
		name        string
		run         func() (float64, float64)
		least, most float64 // of the ratio
	}{
		{"datagrams at one rate: who comes first takes all", func() (float64, float64) { return lockstep(t, "0s", "") }, 3, 10},
		{"jitter of a packet's time on the access links", func() (float64, float64) { return lockstep(t, "1200us", "") }, 1, 1.6},
		{"both jitter and early drops", func() (float64, float64) { return lockstep(t, "1200us", "red") }, 1, 1.4},
		{"transfers whose packets come as others leave", func() (float64, float64) { return competitors(t, "0s", "newreno", "", 100) }, 2, 10},
		{"early drops", func() (float64, float64) { return competitors(t, "0s", "newreno", "red", 100) }, 1, 1.4},
	} {
		a, b := c.run()
		if ratio := max(a, b) / min(a, b); ratio < c.least || ratio > c.most {
			t.Errorf("%s: %.3g and %.3g bit/s", c.name, a, b)
		}
	}
}

// lockstep are two senders of one rate.
func lockstep(t *testing.T, jitter, discipline string) (first, second float64) {
	return race(t, jitter, "cubic", discipline, "100Mbps", `duration="20s" rate="8Mbps" transport="udp"`, `start="100ms" duration="19900ms" rate="8Mbps" transport="udp"`)
}
