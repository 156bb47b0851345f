package emulate

import (
	"testing"
	"time"
)

func TestTimeOnACoreIsRead(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"471560 493385 3\n": 471560,
		"0 0 0\n":           0,
		"":                  0, // the thread has ended, or the kernel does not count
	} {
		if got := onCore(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
