package des

import (
	"runtime"
	"testing"
)

func TestEveryPartOfAStepIsDoneOnceAndSeen(t *testing.T) {
	var team Team
	for round := range 3 {
		const parts = 7
		var done [parts]int
		sum := 0
		for step := range 2000 {
			team.Do(parts, func(part int) { done[part]++ })
			for part, n := range done {
				if n != step+1 {
					t.Fatalf("round %d, step %d: part %d was done %d times", round, step, part, n)
				}
				sum += n
			}
		}
		team.Rest()
	}
}

func TestATeamRestsAndLeavesNobody(t *testing.T) {
	before := runtime.NumGoroutine()
	var team Team
	team.Rest()
	for parts := range 5 {
		n := make([]int, parts)
		team.Do(parts, func(part int) { n[part]++ })
		team.Rest()
		for part := range n {
			if n[part] != 1 {
				t.Errorf("part %d of %d was done %d times", part, parts, n[part])
			}
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func BenchmarkTeamStep(b *testing.B) {
	var team Team
	defer team.Rest()
	for b.Loop() {
		team.Do(2, func(int) {})
	}
}
