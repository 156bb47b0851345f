package shell

import "fmt"

// Favoured is a command line that runs argv with a niceness, among all processes of the
// machine. Where the kernel gives every session a share of its own (sched(7), "The autogroup
// feature"), niceness by itself counts within a session only, and a daemon is one by itself:
// there the session's share is set, too. A user who may not do either runs argv all the same.
func Favoured(nice int, argv ...string) []string {
	script := fmt.Sprintf(`{ echo %[1]d > /proc/self/autogroup; } 2>/dev/null; exec nice -n %[1]d "$0" "$@"`, nice)
	return append([]string{"sh", "-c", script}, argv...)
}
