package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
)

// TestTheGuideForAuthorsIsTrue does what docs/writing-an-app.md says, in an empty folder,
// and sees what it shows. Fenced blocks are, by what follows the language:
//
//	```console          commands after "$ ", each with its output; a line ... stands for any
//	                    lines, and ... in a line for any text
//	```console mininet  the same with numbers left out, where there is Mininet
//	```console python   the same, where there is Python with grpcio
//	```go show FILE     what FILE holds by then, or a part of it
//	```go write FILE    is written to FILE
//	```diff apply       is applied in the folder the commands are in
//
// UPDATE=1 writes true output into the guide instead, but for blocks with "...".
func TestTheGuideForAuthorsIsTrue(t *testing.T) {
	for _, need := range []string{"go", "git", "bash"} {
		if _, err := exec.LookPath(need); err != nil {
			labtest.Lacks(t, need)
		}
	}
	const guide = "../../docs/writing-an-app.md"
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, dir: t.TempDir(), update: os.Getenv("UPDATE") != "", missing: map[string]string{}}
	if _, err := (emulate.Backend{}).Capabilities(t.Context(), backend.Spec{Deployment: &deployment.Deployment{}}); err != nil {
		r.missing["mininet"] = err.Error()
	}
	if ok, err := has("python"); !ok {
		r.missing["python"] = fmt.Sprintf("python3-grpcio is missing %v", err)
	}
	for what, why := range r.missing {
		if labtest.Must() {
			t.Fatalf("%s: %s", what, why)
		}
		t.Logf("blocks that need %s are not tried: %s", what, why)
	}
	got := r.read(string(text))
	if r.update && got != string(text) {
		if err := os.WriteFile(guide, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reader does what a guide says.
type reader struct {
	t       *testing.T
	dir     string // where the commands are
	update  bool
	missing map[string]string
}

// read goes through a guide and gives it back, with true output in update mode.
func (r *reader) read(text string) string {
	lines := strings.SplitAfter(text, "\n")
	var out strings.Builder
	for i := 0; i < len(lines); i++ {
		out.WriteString(lines[i])
		info, fenced := strings.CutPrefix(strings.TrimSpace(lines[i]), "```")
		if !fenced {
			continue
		}
		from := i + 1
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
		}
		body := strings.Join(lines[from:min(i, len(lines))], "")
		out.WriteString(r.block(from, strings.Fields(info), body))
		if i < len(lines) {
			out.WriteString(lines[i])
		}
	}
	return out.String()
}

func (r *reader) block(line int, info []string, body string) string {
	r.t.Helper()
	switch {
	case len(info) > 0 && info[0] == "console":
		kind := strings.Join(info[1:], " ")
		if r.missing[kind] != "" {
			return body
		}
		return r.console(line, kind, body)
	case len(info) == 3 && info[1] == "show" && info[0] == "python" && r.missing["python"] != "":
	case len(info) == 3 && info[1] == "show":
		have, err := os.ReadFile(filepath.Join(r.dir, info[2]))
		if err != nil || !strings.Contains(string(have), body) {
			r.t.Errorf("line %d: %s does not hold what is shown (%v); it is\n%s", line, info[2], err, have)
		}
	case len(info) == 3 && info[1] == "write":
		if err := os.WriteFile(filepath.Join(r.dir, info[2]), []byte(body), 0o644); err != nil {
			r.t.Fatal(err)
		}
	case len(info) == 2 && info[0] == "diff" && info[1] == "apply":
		cmd := exec.Command("git", "apply", "-p0", "-")
		cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(body)
		if out, err := cmd.CombinedOutput(); err != nil {
			r.t.Fatalf("line %d: the change does not apply: %v\n%s", line, err, out)
		}
	}
	return body
}

// console carries commands out and compares what they write.
func (r *reader) console(line int, kind, body string) string {
	r.t.Helper()
	var out strings.Builder
	for len(body) > 0 {
		command, rest, _ := strings.Cut(strings.TrimPrefix(body, "$ "), "\n")
		want := rest
		if at := strings.Index("\n"+rest, "\n$ "); at >= 0 {
			want = rest[:at]
		}
		body = rest[len(want):]
		got := r.run(command)
		out.WriteString("$ " + command + "\n")
		if kind == "mininet" && (strings.Contains(got, "INVALID") || strings.Contains(got, "cannot be believed")) {
			r.t.Logf("line %d: the machine was too busy to judge %s:\n%s", line, command, got)
			got = want
		}
		if !alike(kind, got, want) {
			if !r.update || strings.Contains(want, "...") {
				r.t.Errorf("line %d: %s writes\n%s\nnot\n%s", line, command, got, want)
			}
		}
		if r.update && !strings.Contains(want, "...") && (got != want && kind == "mininet" || !alike(kind, got, want)) {
			want = got
		}
		out.WriteString(want)
	}
	return out.String()
}

// run carries one command out as a shell would, and stays where it went.
func (r *reader) run(command string) string {
	r.t.Helper()
	if os.Geteuid() == 0 {
		command = strings.TrimPrefix(command, "sudo ")
	}
	place, err := os.CreateTemp(r.t.TempDir(), "place")
	if err != nil {
		r.t.Fatal(err)
	}
	defer place.Close()
	cmd := exec.CommandContext(r.t.Context(), "bash", "-c", command+"\npwd >&3\n")
	cmd.Dir, cmd.ExtraFiles = r.dir, []*os.File{place}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		r.t.Fatalf("%s: %v\n%s", command, err, said.Bytes())
	}
	if dir, err := os.ReadFile(place.Name()); err == nil && len(dir) > 1 {
		r.dir = strings.TrimSpace(string(dir))
	}
	return said.String()
}

// alike says whether output is what the guide shows.
func alike(kind, got, want string) bool {
	if kind == "mininet" { // real time: what is measured differs, and whether it can be believed
		got, want = rough(got), rough(want)
	}
	pattern := regexp.QuoteMeta(want)
	pattern = regexp.MustCompile(`(?m)^\\\.\\\.\\\.\n`).ReplaceAllString(pattern, `(?:.*\n)*?`)
	pattern = strings.ReplaceAll(pattern, `\.\.\.`, `.*`)
	return regexp.MustCompile(`\A` + pattern + `\z`).MatchString(got)
}

func rough(text string) string {
	text = regexp.MustCompile(`(?m)^(belief|INVALID|warning:) .*\n`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`; (the Mininet run can(not)? be believed|whether the Mininet run can be believed is not known).*`).ReplaceAllString(text, "")
	return regexp.MustCompile(`[0-9]+(\.[0-9]+)?`).ReplaceAllString(text, "N")
}

func TestOutputIsHeldAgainstWhatIsShown(t *testing.T) {
	for _, c := range []struct {
		kind, got, want string
		alike           bool
	}{
		{"", "a\nb\n", "a\nb\n", true}, {"", "a\nb\n", "a\n", false}, {"", "a\nb\nc\n", "a\n...\nc\n", true}, {"", "a\nb\nc\n", "a\n...\n", true},
		{"", "took 5 s\n", "took ... s\n", true}, {"", "(x)\n", "(x)\n", true}, {"", "x\n", "y\n...\n", false},
		{"mininet", "rate 5.1 Mbps\nINVALID busy\n", "rate 4 Mbps\n", true}, {"", "rate 5\n", "rate 4\n", false},
	} {
		if got := alike(c.kind, c.got, c.want); got != c.alike {
			t.Errorf("%q and %q alike: %v", c.got, c.want, got)
		}
	}
}
