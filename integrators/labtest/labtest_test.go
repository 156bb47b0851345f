package labtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sendim/integrators/labtest"
)

func TestATestThatHangsEndsWithWhatEverybodyWasAt(t *testing.T) {
	if os.Getenv("LABTEST_HANGS") != "" {
		labtest.Within(t, 100*time.Millisecond)
		waitForNobody()
	}
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), "LABTEST_HANGS=1")
	text, err := again.CombinedOutput()
	for _, want := range []string{t.Name() + " is not over after 100ms", t.Name() + " hangs; the processes are", "labtest_test.waitForNobody"} {
		if err == nil || !strings.Contains(string(text), want) {
			t.Errorf("%v, without %q:\n%s", err, want, text)
		}
	}
}

func waitForNobody() { select {} }

func TestWhatIsAwaitedIsAskedUntilItIsSo(t *testing.T) {
	asked := 0
	labtest.Await(t, "the fifth time", func() bool { asked++; return asked == 5 })
	if asked != 5 {
		t.Errorf("asked %d times", asked)
	}
}

func TestLabelsOfTwoTestsDiffer(t *testing.T) {
	whole := labtest.Label(t)
	t.Run("x", func(t *testing.T) {
		if part := labtest.Label(t); part == whole || part != strings.ToLower(part) {
			t.Errorf("%q in %q", part, whole)
		}
	})
}
