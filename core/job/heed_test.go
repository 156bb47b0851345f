package job

import (
	"slices"
	"testing"

	"sendim/core/app"
	"sendim/core/model"
)

const mega = model.Rate(1_000_000)

func TestWhatNoApplicationCarriesOutIsWarnedOf(t *testing.T) {
	n := &model.Network{
		Classes:  []model.Class{{ID: "small", Max: mega}, {ID: "first", Priority: 1}},
		Profiles: []model.Profile{{ID: "idle", Rate: mega}, {ID: "named", Members: []model.NodeID{1}}, {ID: "ahead", Class: "first", Members: []model.NodeID{1}}},
		Services: []model.Service{{ID: "web"}},
		Tenants:  []model.Tenant{{ID: "red"}},
	}
	shapes := app.Manifest{Name: "shapes", Heeds: []app.Matter{app.MatterProfiles}}
	spreads := app.Manifest{Name: "spreads", Heeds: []app.Matter{app.MatterServices}}
	web := `service "web": no application of this run says that it heeds services, so nobody answers for its address; load-balancer does that`
	for _, c := range []struct {
		name   string
		change func()
		apps   []app.Manifest
		want   []string
	}{
		{"an app for each matter", func() {}, []app.Manifest{shapes, spreads}, nil},
		{"a service that nobody spreads, and users without limits", func() {}, []app.Manifest{{Name: "paths"}}, []string{web}},
		{"rates of profiles, their own and of their class", func() {
			n.Profiles = append(n.Profiles, model.Profile{ID: "gold", Rate: mega, Members: []model.NodeID{1}}, model.Profile{ID: "lead", Class: "small", Members: []model.NodeID{2}})
		}, []app.Manifest{spreads}, []string{`profile "gold" and 1 more: no application of this run says that it heeds profiles, so nobody is held to its rate; throttle does that`}},
		{"quotas and policies", func() {
			n.Tenants = append(n.Tenants, model.Tenant{ID: "blue", Quota: mega})
			n.Policies = []model.Policy{{Profile: "gold", Property: "delay"}}
		}, []app.Manifest{shapes, spreads}, []string{
			`tenant "blue": no application of this run says that it heeds tenants, so nobody is held to its quota or kept in its VLAN`,
			`policy for profile "gold": no application of this run says that it heeds policies, so paths are chosen without it`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			if got := unheeded(n, c.apps); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
