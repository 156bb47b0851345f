package fault

// Nearest returns the choice most like word, or "" when none is near enough to be a
// likely slip: its Damerau-Levenshtein distance (optimal string alignment) must be at
// most a third of the word's length, and at least one is always allowed. Ties go to
// the earlier choice.
func Nearest(word string, choices []string) string {
	if word == "" || len(word) > 64 {
		return ""
	}
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, c := range choices {
		if len(c) > 64 || len(c)-len(word) >= bestDistance || len(word)-len(c) >= bestDistance {
			continue
		}
		if d := distance(word, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

func distance(a, b string) int {
	var rows [3][65]int
	before, last, cur := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if lower(a[i-1]) == lower(b[j-1]) {
				cost = 0
			}
			cur[j] = min(last[j]+1, cur[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, last, cur = last, cur, before
	}
	return last[len(b)]
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
