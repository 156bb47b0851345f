package tcp

import "sendim/core/freeze"

// Freezing adds to a plan how the endpoints of transfers are written into a checkpoint.
func Freezing(p *freeze.Plan) {
	freeze.Hold[newReno](p)
	freeze.Hold[*cubic](p)
	freeze.Hold[*dctcp](p)
}
