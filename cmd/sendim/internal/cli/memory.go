package cli

import (
	"os"
	"runtime/debug"
)

// largeNetwork is from how many nodes on memory counts for more than the collector's work.
const largeNetwork = 200_000

// sparing lets the garbage of a large network stand less long: its own state is gigabytes
// that hardly change, so that as much garbage again would be kept for little. Whoever sets
// GOGC knows better.
func sparing(nodes int) {
	if nodes >= largeNetwork && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
