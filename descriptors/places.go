package descriptors

import (
	"math/bits"
	"sort"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// places is what the decoder keeps to find lines again. Nodes and links have no
// positions of their own: they are counted, and a second look at the files, taken only
// when a fault asks for it, finds the one with that number.
type places struct {
	nodes, links int64   // <node> and <link> elements seen
	skippedNodes []int64 // elements that became nothing, ascending
	skippedLinks []int64
	second       bitset // mentions that are the second of a link
	made         []stretch
	spots        map[string][]spot // of all other things, by element
	index        *locator          // made when the decoder itself asks
}

// stretch is what one <generate> or <hosts> made.
type stretch struct {
	firstNode, endNode int32 // in order of declaration
	firstLink, endLink model.LinkID
	mention            uint32 // how many mentions came before
	place              fault.Place
}

func (p *places) skipLink() {
	p.skippedLinks = append(p.skippedLinks, p.links)
	p.links++
}

// note remembers where the next object of its kind stands.
func (d *decoder) note(t *tag) {
	d.places.spots[t.el.name] = append(d.places.spots[t.el.name], spot{d.fileNo, t.pos.Line, t.pos.Column})
}

// locator is the model.Locator of a decoded system.
type locator struct {
	files   []openedFile
	sources []Source
	p       places
	index   *positions
}

// positions lists where every <node> and <link> stands, by number.
type positions struct{ nodes, links []spot }

func newLocator(d *decoder) *locator {
	return &locator{files: d.opened, sources: d.sources, p: d.places}
}

func (l *locator) spotPlace(s spot, element string) fault.Place {
	return fault.Place{File: l.sources[s.file].File, Line: int(s.line), Column: int(s.col), Element: element}
}

// NodePlace finds the element a node was declared by.
func (l *locator) NodePlace(id model.NodeID) fault.Place {
	n := int64(id)
	for _, g := range l.p.made {
		if int32(id) < g.firstNode {
			break
		}
		if int32(id) < g.endNode {
			return g.place
		}
		n -= int64(g.endNode - g.firstNode)
	}
	n = unskip(n, l.p.skippedNodes)
	l.scan()
	if n >= int64(len(l.index.nodes)) {
		return fault.Place{Element: "node"}
	}
	return l.spotPlace(l.index.nodes[n], "node")
}

// LinkPlace finds the element a link was first mentioned by.
func (l *locator) LinkPlace(id model.LinkID) fault.Place {
	n := int64(id)
	for _, g := range l.p.made {
		start := int64(g.mention) - int64(l.p.second.countBefore(g.mention)) // mentioned links before it
		if n < start {
			break
		}
		if k := int64(g.endLink - g.firstLink); n < start+k {
			return g.place
		} else {
			n -= k
		}
	}
	return l.mention(l.p.second.nth(n))
}

func (l *locator) mention(m int64) fault.Place {
	l.scan()
	m = unskip(m, l.p.skippedLinks)
	if m >= int64(len(l.index.links)) {
		return fault.Place{Element: "link"}
	}
	return l.spotPlace(l.index.links[m], "link")
}

// ObjectPlace finds the i-th flow, class, ... .
func (l *locator) ObjectPlace(element string, i int) fault.Place {
	if s := l.p.spots[element]; i >= 0 && i < len(s) {
		return l.spotPlace(s[i], element)
	}
	return fault.Place{Element: element}
}

func (d *decoder) mentionPlace(m uint32) fault.Place {
	if d.places.index == nil {
		d.places.index = newLocator(d)
	}
	return d.places.index.mention(int64(m))
}

// unskip turns the number of a kept element into its number among all elements.
func unskip(n int64, skipped []int64) int64 {
	// The k-th skipped element s has s-k kept ones before it.
	return n + int64(sort.Search(len(skipped), func(k int) bool { return skipped[k]-int64(k) > n }))
}

// nth gives the index of the n-th clear bit.
func (b bitset) nth(n int64) int64 {
	for w := range b {
		if zeros := int64(64 - bits.OnesCount64(b[w])); n >= zeros {
			n -= zeros
			continue
		}
		for i := range 64 {
			if b[w]>>i&1 == 0 {
				if n == 0 {
					return int64(w)*64 + int64(i)
				}
				n--
			}
		}
	}
	return int64(len(b))*64 + n
}

// scan reads all files again, in the order in which the decoder read them.
func (l *locator) scan() {
	if l.index != nil {
		return
	}
	l.index = &positions{}
	at := 0
	for at < len(l.files) {
		if l.files[at].data {
			at++
			continue
		}
		l.scanFile(&at)
	}
}

func (l *locator) scanFile(at *int) {
	no := *at
	*at++
	f, err := l.files[no].fsys.Open(l.files[no].file)
	if err != nil {
		return
	}
	defer f.Close()
	sc := xmlscan.New(f, xmlscan.Limits{MaxAttrValue: maxValue})
	var parents [4]string
	for {
		k, err := sc.Next()
		if err != nil || k == xmlscan.EOF {
			return
		}
		if k != xmlscan.StartElement {
			continue
		}
		depth := sc.Depth()
		switch name := sc.Name(); {
		case depth == 2 && string(name) == "node":
			l.index.nodes = append(l.index.nodes, l.here(no, sc))
			parents[2] = "node"
		case depth == 2 && string(name) == "link", depth == 3 && string(name) == "link" && parents[2] == "node":
			l.index.links = append(l.index.links, l.here(no, sc))
			if depth == 2 {
				parents[2] = "link"
			}
		case depth == 2 && string(name) == "include":
			parents[2] = "include"
			for *at < len(l.files) && l.files[*at].data {
				*at++
			}
			if *at < len(l.files) && !l.files[*at].top && l.files[*at].by == no && l.files[*at].at == sc.Pos() {
				l.scanFile(at)
			}
		case depth == 2:
			parents[2] = ""
		}
	}
}

func (l *locator) here(no int, sc *xmlscan.Scanner) spot {
	p := sc.Pos()
	return spot{int32(no), p.Line, p.Column}
}
