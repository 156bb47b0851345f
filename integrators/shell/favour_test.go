package shell_test

import (
	"os"
	"strings"
	"testing"

	"sendim/integrators/shell"
)

func TestAFavouredProgramRunsAndIsFavouredWhereThatIsPermitted(t *testing.T) {
	argv := shell.Favoured(7, "sh", "-c", `nice; cat /proc/self/autogroup 2>/dev/null; echo "$1"`, "sh", "two words")
	if _, err := os.Stat("/proc/self/autogroup"); err == nil {
		argv = append([]string{"setsid", "--wait"}, argv...) // not this test's own session
	}
	res, err := shell.Local().Run(t.Context(), shell.Cmd{Argv: argv})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(res.Stdout)), "\n")
	if lines[0] != "7" || lines[len(lines)-1] != "two words" || len(lines) == 3 && !strings.HasSuffix(lines[1], "nice 7") {
		t.Errorf("%q", lines)
	}
}
