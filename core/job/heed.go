package job

import (
	"fmt"
	"slices"

	"sendim/core/app"
	"sendim/core/model"
)

// unheeded warns of what the network says about its users and no application says that it
// carries out: a rate that nobody is held to is no fault, but should not be believed in.
func unheeded(n *model.Network, manifests []app.Manifest) (warnings []string) {
	warn := func(m app.Matter, what string, ids []string, so string) {
		if len(ids) == 0 || slices.ContainsFunc(manifests, func(a app.Manifest) bool { return slices.Contains(a.Heeds, m) }) {
			return
		}
		more := ""
		if k := len(ids) - 1; k > 0 {
			more = fmt.Sprintf(" and %d more", k)
		}
		warnings = append(warnings, fmt.Sprintf("%s %q%s: no application of this run says that it heeds %s, %s", what, ids[0], more, m, so))
	}
	var ids []string
	limited := map[string]bool{}
	for _, c := range n.Classes {
		limited[c.ID] = c.Max > 0
	}
	for _, p := range n.Profiles {
		if len(p.Members) > 0 && (p.Rate > 0 || limited[p.Class]) {
			ids = append(ids, p.ID)
		}
	}
	warn(app.MatterProfiles, "profile", ids, "so nobody is held to its rate; throttle does that")
	ids = nil
	for _, s := range n.Services {
		ids = append(ids, s.ID)
	}
	warn(app.MatterServices, "service", ids, "so nobody answers for its address; load-balancer does that")
	ids = nil
	for _, t := range n.Tenants {
		if t.Quota > 0 || t.VLAN > 0 {
			ids = append(ids, t.ID)
		}
	}
	warn(app.MatterTenants, "tenant", ids, "so nobody is held to its quota or kept in its VLAN")
	ids = nil
	for _, p := range n.Policies {
		ids = append(ids, p.Profile)
	}
	warn(app.MatterPolicies, "policy for profile", ids, "so paths are chosen without it")
	return warnings
}
