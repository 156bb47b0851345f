package report

import "sendim/core/freeze"

// Freezing adds to a plan how a Collector is written into a checkpoint.
func Freezing(p *freeze.Plan) {
	freeze.Skip[Collector](p, "mu", "nobody holds it while time stands still")
}
