package shell

import "sync"

// capture keeps a bounded part of a stream: its beginning, or its end.
type capture struct {
	mu      sync.Mutex
	limit   int
	tail    bool
	kept    []byte
	dropped int64
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	if c.tail {
		c.kept = append(c.kept, p...)
		// Trimming only at twice the limit keeps the copying linear.
		if len(c.kept) > 2*c.limit {
			c.trim()
		}
		return n, nil
	}
	if room := c.limit - len(c.kept); len(p) > room {
		c.dropped += int64(len(p) - room)
		p = p[:room]
	}
	c.kept = append(c.kept, p...)
	return n, nil
}

func (c *capture) trim() {
	if over := len(c.kept) - c.limit; over > 0 {
		c.dropped += int64(over)
		c.kept = append(c.kept[:0], c.kept[over:]...)
	}
}

// bytes returns a copy of what is kept and how many bytes are not.
func (c *capture) bytes() ([]byte, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tail {
		c.trim()
	}
	return append([]byte(nil), c.kept...), c.dropped
}
