package emulate

import "sendim/core/deployment"

// openflow is the one version that the switches and the controller speak; empty, the
// highest that both have, as between any others: the run's switches offer 1.3 and 1.5.
func openflow(d *deployment.Deployment) string {
	if d == nil {
		return ""
	}
	return d.Control.OpenFlow
}
