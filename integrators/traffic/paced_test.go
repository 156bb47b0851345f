package traffic_test

import (
	"testing"

	"sendim/core/model"
	"sendim/core/random"
	"sendim/core/workload"
	"sendim/integrators/traffic"
)

// What is sent is what the schedule says, and so what the simulator sends.
func TestAPatternIsSentPacketByPacket(t *testing.T) {
	a, b := host(t, "127.0.0.1"), host(t, "127.0.0.2")
	n := &model.Network{}
	for i, f := range []model.Flow{
		{ID: "poisson", Rate: 2e6, Duration: 500 * model.Millisecond, Pattern: "poisson packets=imix"},
		{ID: "bursts", Rate: 20e6, Size: 100_000, Pattern: "on-off gaps=uniform(1,3) on=exponential(10ms) off=exponential(10ms) packets=exponential(500B)"},
		{ID: "nothing", Rate: 1, Duration: model.Millisecond, Pattern: "poisson"},
	} {
		f.Transport, f.Packet, f.SrcPort, f.DstPort = model.UDP, 1514, uint16(20100+i), uint16(20200+i)
		s, err := workload.ScheduleOf(n, &f)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Pacer(random.New(7))
		if err != nil {
			t.Fatal(err)
		}
		packets, bytes, last := int64(0), int64(0), model.Time(0)
		for {
			at, size, ok := p.Next()
			if !ok {
				break
			}
			packets, bytes, last = packets+1, bytes+int64(max(size, 16)), at
		}
		tr, err := traffic.Prepare(t.Context(), traffic.Spec{Flow: f, Tag: uint32(f.SrcPort), From: a, To: []traffic.End{b}, Target: b.Address, OneWay: true, Schedule: s, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		r := tr.Run(t.Context(), 0, sinceStart())
		if r.Error != "" || r.Sent != packets || r.Received != packets || r.Bytes != bytes || r.Offered != bytes {
			t.Errorf("%s: want %d packets, %d bytes: %+v", f.ID, packets, bytes, r)
		}
		if packets > 0 && r.Finish < last {
			t.Errorf("%s: ended at %s, before its last packet was due at %s", f.ID, r.Finish, last)
		}
	}
}
