package lawtest

import (
	"regexp"
	"slices"
)

// smallest leaves out lines and attributes of a world for as long as it stays broken, and
// tries at most so many worlds.
func smallest(w world, broken func(world) bool, tries int) world {
	attempt := func(x world) bool {
		tries--
		return tries >= 0 && broken(x)
	}
	for changed := true; changed && tries > 0; {
		changed = false
		for _, part := range []func(*world) *[]string{
			func(w *world) *[]string { return &w.deployment },
			func(w *world) *[]string { return &w.system },
		} {
			for size := len(*part(&w)) / 2; size > 0; size /= 2 {
				for at := 1; at+size < len(*part(&w)) && tries > 0; {
					x := w
					*part(&x) = slices.Delete(slices.Clone(*part(&w)), at, at+size)
					if attempt(x) {
						w, changed = x, true
					} else {
						at += size
					}
				}
			}
			// A line may need the one before it to go as well, as <scenario> does.
			for at := 1; at+1 < len(*part(&w)) && tries > 0; at++ {
				for _, form := range simpler {
					for _, found := range form.find.FindAllStringIndex((*part(&w))[at], -1) {
						x := w
						lines := slices.Clone(*part(&w))
						if found[1] > len(lines[at]) {
							break
						}
						lines[at] = lines[at][:found[0]] + form.with + lines[at][found[1]:]
						*part(&x) = lines
						if attempt(x) {
							w, changed = x, true
							break
						}
					}
				}
			}
		}
	}
	return w
}

var simpler = []struct {
	find *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`<(back|queue)[^>]*/>`), ""},
	{regexp.MustCompile(` (rate|delay|queue|jitter|loss|class|granularity|packet|chunk|chunks|srcport|dstport|start|min|max|priority|duration|size|interval|discipline|pattern|on|off|gaps|packets|tcp|from|distribution|repair)="[^"]*"`), ""},
	{regexp.MustCompile(`granularity="(chunk|flow)"`), `granularity="packet"`},
	{regexp.MustCompile(`transport="(tcp|udp)"`), `transport="icmp"`},
}
