package emulate

import (
	"testing"
	"time"
)

func TestTheTimeAThreadIsAtWorkIsRead(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"471560 493385 3\n": 471560 + 493385,
		"0 0 0\n":           0,
		"7":                 7,
		"":                  0, // the thread has ended, or the kernel does not count
	} {
		if got := atWork(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
