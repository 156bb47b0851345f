package apprpc

import (
	"fmt"
	"time"
)

// memoryGlance is how often a look is taken at how much memory an app holds: in this
// span a fast program takes a few hundredths of a gigabyte.
const memoryGlance = 20 * time.Millisecond

// watchMemory ends a process that holds more memory than it may.
func (p *process) watchMemory(pid int) {
	tick := time.NewTicker(memoryGlance)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			if held := resident(pid); held > p.limit {
				p.mu.Lock()
				p.ate = held
				p.mu.Unlock()
				p.kill()
				return
			}
		}
	}
}

// greedy says that a process was ended because it held too much memory.
func (p *process) greedy() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ate == 0 {
		return "", false
	}
	return fmt.Sprintf("held %s of memory and may hold %s", mebibytes(p.ate), mebibytes(p.limit)), true
}

func mebibytes(n uint64) string { return fmt.Sprintf("%d MiB", (n+1<<19)>>20) }
