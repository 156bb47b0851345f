package embedded

import (
	"fmt"
	"sync/atomic"
)

// budget is what the answers of all switches that are on their way may take together.
// One may take it all while the others need little; whoever has taken no more than an
// equal share is never cut off for another's sake.
type budget struct {
	most, share int64
	taken       atomic.Int64
}

func newBudget(most int64, switches int) *budget {
	return &budget{most: most, share: most / int64(max(1, switches))}
}

// take makes an answer grow; the error ends it.
func (to *answer) take(n int64) error {
	to.bytes += n
	if all := to.budget.taken.Add(n); all > to.budget.most && to.bytes > to.budget.share {
		return fmt.Errorf("its statistics take more than %d bytes while those of all switches take more than %d", to.budget.share, to.budget.most)
	}
	return nil
}

// give gives back what an answer has taken, when it is there or given up.
func (to *answer) give() {
	to.budget.taken.Add(-to.bytes)
	to.bytes = 0
}
