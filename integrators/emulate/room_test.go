package emulate

import (
	"strings"
	"testing"

	"sendim/core/cost"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

// tiny is two hosts at a switch, the second at a port of one's choice.
func tiny(t *testing.T, port model.PortNo) (*model.Network, *naming.Names) {
	t.Helper()
	b := model.NewBuilder("test")
	b.Declare([]byte("s1"), model.Switch)
	id := b.SpecID(model.LinkSpec{})
	for i, h := range []string{"h1", "h2"} {
		b.Declare([]byte(h), model.Host)
		b.Link(model.LinkDraft{A: b.Ref([]byte(h)), B: b.Ref([]byte("s1")), APort: model.AutoPort, BPort: []model.PortNo{1, port}[i], Spec: id, Back: id})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	names, err := naming.New(n)
	if err != nil {
		t.Fatal(err)
	}
	return n, names
}

func TestANetworkThatDoesNotFitIsRefusedByTheAccountThatAllGoBy(t *testing.T) {
	n, names := tiny(t, 2)
	s := &Session{native: true}
	if err := s.fits(n, names, nil); err != nil {
		t.Error(err)
	}
	s.spec.Costs = &cost.Book{Worlds: map[string]*cost.Figures{cost.Native: cost.Typical(cost.Native)}}
	s.spec.Costs.Worlds[cost.Native].Host.Processes = 1e9
	if err := s.fits(n, names, nil); err != nil {
		t.Error("figures that were not measured are believed: ", err)
	}
	s.spec.Costs.Worlds[cost.Native].Measured = s.spec.Costs.Worlds[cost.Native].Measured.AddDate(2000, 0, 0)
	err := s.fits(n, names, nil)
	if !fault.Is(err, fault.MissingCapability) || !strings.Contains(err.Error(), "no room for 3 nodes and 2 links in native: it needs about 2000000064 processes") {
		t.Error(err)
	}
}

func TestAPortThatOpenVSwitchCannotNumberIsRefused(t *testing.T) {
	n, names := tiny(t, lastPort)
	if err := (&Session{native: true}).fits(n, names, nil); err != nil {
		t.Error(err)
	}
	n, names = tiny(t, lastPort+1)
	if err := (&Session{native: true}).fits(n, names, nil); !fault.Is(err, fault.MissingCapability) || !strings.Contains(err.Error(), "s1 has a port 65280") {
		t.Error(err)
	}
}

func TestASwitchNamedAsOpenVSwitchsOwnInterfaceIsRefused(t *testing.T) {
	b := model.NewBuilder("test")
	b.Declare([]byte("ovs-netdev"), model.Switch)
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	names, err := naming.New(n)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Session{}).fits(n, names, nil); !fault.Is(err, fault.BadName) {
		t.Error(err)
	}
}
