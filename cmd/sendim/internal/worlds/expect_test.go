package worlds

// reaches says whether an echo from one host to another must be answered, by nothing
// but the drawn graph: a path of links that are up, and switches between them. Prefixes
// do not matter: a network has no gateway, and hosts ask for every address on the wire.
// sure is false where a host has several links.
func (w *world) reaches(from, to string) (answer, sure bool) {
	if w.unsure[from] || w.unsure[to] {
		return false, false
	}
	isHost := map[string]bool{}
	for _, h := range w.hosts {
		isHost[h.name] = true
	}
	next := map[string][]string{}
	for _, l := range w.links {
		if !l.down {
			next[l.a], next[l.b] = append(next[l.a], l.b), append(next[l.b], l.a)
		}
	}
	seen := map[string]bool{from: true}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		if n != from && isHost[n] {
			continue
		}
		for _, m := range next[n] {
			if !seen[m] {
				seen[m] = true
				queue = append(queue, m)
			}
		}
	}
	return seen[to], true
}
