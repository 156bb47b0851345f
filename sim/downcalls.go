package sim

import "sendim/core/control"

// downcalls keeps messages of the controller by number, in pieces that are never moved:
// before t=0 a large network has a million of them.
type downcalls struct {
	pieces [][]control.Downcall
	used   int // numbers given out, free ones included
	free   []uint32
}

const downcallPiece = 1 << 10

func (c *downcalls) put(d *control.Downcall) uint32 {
	if n := len(c.free); n > 0 {
		i := c.free[n-1]
		c.free = c.free[:n-1]
		c.pieces[i/downcallPiece][i%downcallPiece] = *d
		return i
	}
	i := uint32(c.used)
	c.used++
	if i%downcallPiece == 0 {
		c.pieces = append(c.pieces, make([]control.Downcall, 0, min(downcallPiece, max(8, 8*int(i)))))
	}
	last := &c.pieces[i/downcallPiece]
	*last = append(*last, *d)
	return i
}

// take gives a message and forgets it; its number stays taken until it is released.
func (c *downcalls) take(i uint32) control.Downcall {
	at := &c.pieces[i/downcallPiece][i%downcallPiece]
	d := *at
	*at = control.Downcall{}
	return d
}

func (c *downcalls) peek(i uint32) *control.Downcall {
	return &c.pieces[i/downcallPiece][i%downcallPiece]
}

func (c *downcalls) release(i uint32) { c.free = append(c.free, i) }
