package prompt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/core/model"
)

func TestALineIsTakenApartAtBlanksUnlessQuoted(t *testing.T) {
	for line, want := range map[string][]string{
		"":                         nil,
		"  h1   ping\th2 ":         {"h1", "ping", "h2"},
		`h1 sh -c 'echo "a b"; x'`: {"h1", "sh", "-c", `echo "a b"; x`},
		`h1 echo ""`:               {"h1", "echo", ""},
		`a'b c'd`:                  {"ab cd"},
		"pingall # and no more":    {"pingall"},
		"link s1--s2#2 up":         {"link", "s1--s2#2", "up"},
		`h1 echo '#'`:              {"h1", "echo", "#"},
		"# all of it":              nil,
		"ädern h1":                 {"ädern", "h1"},
	} {
		if got, err := Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %q, %v", line, got, err)
		}
	}
	if _, err := Split(`h1 echo "x`); err == nil {
		t.Error("an open quote is accepted")
	}
}

func TestWordsThatWereQuotedAreTheSameAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.String(), 1, 5).Draw(t, "words")
		got, err := Split(Quote(words))
		if err != nil || !slices.Equal(got, words) {
			t.Fatalf("%q comes back as %q, %v", words, got, err)
		}
	})
}

func TestOnlyWholeWordsOfACommandAreReplaced(t *testing.T) {
	known := func(w string) (string, bool) { return "10.0.0.2", w == "h2" }
	for text, want := range map[string]string{
		"":                     "",
		"ping h2":              "ping 10.0.0.2",
		"ping  -c1   h2":       "ping  -c1   10.0.0.2",
		"wget http://h2/x":     "wget http://h2/x",
		`echo "hello h2" 'h2'`: `echo "hello h2" 'h2'`,
		"nc h2 80 <h2>h22":     "nc 10.0.0.2 80 <10.0.0.2>h22",
		"echo (h2)|cat&":       "echo (10.0.0.2)|cat&",
		"h2":                   "10.0.0.2",
	} {
		if got := replaceWords(text, between, known); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
	if got := replaceWords(`sh -c 'ping h2;ping "h2"'`, betweenQuotes, known); got != `sh -c 'ping 10.0.0.2;ping "10.0.0.2"'` {
		t.Errorf("for another shell: %q", got)
	}
}

func TestWhatIsForTheBackgroundEndsInOneSignThatIsNoPartOfAWord(t *testing.T) {
	for text, want := range map[string]string{
		"sleep 5 &":            "sleep 5",
		"sleep 5&":             "sleep 5",
		"a; b & ":              "a; b",
		"sleep 5":              "",
		"a && b":               "",
		"a &&":                 "",
		`echo \&`:              "",
		`echo "a &"`:           "",
		"exec 2>&":             "",
		"&":                    "",
		"python3 -m x 80 >y &": "python3 -m x 80 >y",
	} {
		got, ok := background(text)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q gives %q, %v", text, got, ok)
		}
	}
}

func TestAShellRemembersWhatOnlyChangesIt(t *testing.T) {
	for text, want := range map[string]bool{
		"cd /tmp": true, "cd": true, "export A=b": true, "A=b": true, "umask 022": true, "alias ll='ls -l'": true,
		"export": false, "cd /tmp && ls": false, "A=b env": false, "ls": false, "export A=$(date)": false, "1=2": false, "cd /tmp; ls": false, "a-b=c": false,
	} {
		if lasting(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestJobsAreMeantByNumberOrNameAndAllElseStays(t *testing.T) {
	s := &shell{Console: &Console{}, name: "h1"}
	s.shells.jobs = map[model.NodeID][]job{0: {{number: 1, group: 40, text: "sleep 1"}, {number: 2, group: 50, text: "python3 -m x 80"}}}
	for _, c := range []struct{ program, rest, want, err string }{
		{"kill", "%1", "kill -- -40", ""},
		{"kill", "%%", "kill -- -50", ""},
		{"kill", "-9 %python3 '%1'", "kill -9 -50 '-40'", ""},
		{"kill", "%?80", "kill -- -50", ""},
		{"kill", "$(pgrep  x)", "kill $(pgrep  x)", ""},
		{"kill", "%9", "", "h1 has no job %9; there are %1 (sleep 1), %2 (python3 -m x 80)"},
		{"wait", "%1", "while kill -0 -- -40 2>/dev/null; do sleep 0.05; done", ""},
		{"wait", "", "while kill -0 -- -40 2>/dev/null || kill -0 -- -50 2>/dev/null; do sleep 0.05; done", ""},
		{"fg", "%1", "", "no terminal to come back to"},
	} {
		got, err := s.meant(c.program, c.rest)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s %s: %q, %v", c.program, c.rest, got, err)
		}
	}
	s.shells.jobs = nil
	if got, err := s.meant("wait", ""); got != "wait" || err != nil {
		t.Errorf("without jobs: %q, %v", got, err)
	}
	if _, err := s.meant("kill", "%1"); err == nil || err.Error() != "h1 has no jobs" {
		t.Errorf("without jobs: %v", err)
	}
}

// scripted fails on lines that begin with "bad".
type scripted struct{ lines []string }

func (s *scripted) Do(_ context.Context, l Line) error {
	line, out := l.Text, l.Out
	s.lines = append(s.lines, line)
	switch {
	case strings.HasPrefix(line, "bad"):
		return errors.New("no good")
	case line == "exit":
		return ErrLeave
	}
	_, err := io.WriteString(out, line+"\n")
	return err
}

func (*scripted) Complete(context.Context, string) ([]string, error) { return []string{"one"}, nil }

func TestAScriptGoesOnAfterAFaultAndEndsAtExit(t *testing.T) {
	var out, errs bytes.Buffer
	s := &scripted{}
	failed, err := Read(t.Context(), s, strings.NewReader("one\nbad two\nthree\nexit\nfour\n"), &out, &errs)
	if err != nil || failed != 1 || out.String() != "one\nthree\n" || errs.String() != "*** bad two: no good\n" || len(s.lines) != 4 {
		t.Errorf("%d %v %q %q %q", failed, err, out.String(), errs.String(), s.lines)
	}
}

func TestSomeWordsAreCarriedOutWhereTheUserIs(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"lines.txt": "one\nbad\ntwo\n", "again.txt": "source again.txt\n", "leave.txt": "one\nexit\ntwo\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ line, out, err string }{
		{"sh echo $((1+1)); pwd >/dev/null", "2\n", ""},
		{"sh exit 3", "", "ended with code 3"},
		{"source lines.txt", "one\n*** bad: no good\ntwo\n", "1 lines of lines.txt failed"},
		{"source leave.txt", "one\n", "leave"},
		{"source again.txt", "", "failed"},
		{"source nothing.txt", "", "no such file"},
		{"noecho h1 x", "h1 x\n", ""},
		{"time", "time\n", ""},
		{"time h1 x", "h1 x\n*** Elapsed time: ", ""},
		{"time noecho time h1 x", "h1 x\n*** Elapsed time: ", ""},
		{"xterm h1", "", "needs a run that others can reach"},
		{"x h1", "", "X11"},
		{"py 1", "", "Mininet's door"},
		{"px 1", "", "Mininet's door"},
		{"history", "", "only a prompt on a terminal"},
		{"sh", "", "say what to run"},
		{"noecho", "", "say what to do"},
	} {
		var out bytes.Buffer
		h := &Here{Executor: &scripted{}}
		err := carry(t.Context(), h, c.line, &out)
		if !strings.Contains(out.String(), c.out) || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", c.line, out.String(), err)
		}
	}
	h := &Here{Executor: &scripted{}, Again: []string{"sendim"}}
	if err := carry(t.Context(), h, "xterm h1", io.Discard); err == nil || !strings.Contains(err.Error(), "DISPLAY is not set") {
		t.Errorf("xterm without a display: %v", err)
	}
	t.Setenv("DISPLAY", ":0")
	if path := t.TempDir(); os.WriteFile(filepath.Join(path, "xterm"), []byte("#!/bin/sh\nexit 0\n"), 0o700) == nil {
		t.Setenv("PATH", path)
	}
	if err := carry(t.Context(), h, "xterm h1", io.Discard); err == nil || !strings.Contains(err.Error(), `there is no node "h1"`) {
		t.Errorf("xterm on a node that is not there: %v", err)
	}
	if err := carry(t.Context(), h, "xterm one", io.Discard); err == nil || !strings.Contains(err.Error(), "models, not machines") {
		t.Errorf("xterm where nodes have no shell: %v", err)
	}
	for text, want := range map[string][]string{"source l": {"leave.txt", "lines.txt"}, "capture h1 -w ag": {"again.txt"}, "o": {"one"}} {
		if got, err := h.Complete(t.Context(), text); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q is completed by %q, %v", text, got, err)
		}
	}
}

func TestAWindowOfItsOwnHasAShellOnItsNode(t *testing.T) {
	again := []string{"/bin/sendim", "--runs", "/tmp/runs", "exec", "x"}
	for word, want := range map[string]string{
		"xterm": "-title|Node: h1|-e|/bin/sendim|--runs|/tmp/runs|exec|x|h1|bash",
		"gterm": "--title|Node: h1|--|/bin/sendim|--runs|/tmp/runs|exec|x|h1|bash",
	} {
		if got := strings.Join(window(word, "h1", again), "|"); got != want {
			t.Errorf("%s is told %s", word, got)
		}
	}
}

func TestHistoryIsKeptForItsUserAloneAndBounded(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	path := historyFile()
	h := openHistory(path)
	for _, line := range []string{"one", " one ", "", "two\nlines", "three"} {
		h.add(line)
	}
	other := openHistory(path) // a second prompt, at the same time
	h.add("four")
	other.add("five")
	if got, want := openHistory(path).lines, []string{"one", "two lines", "three", "four", "five"}; !slices.Equal(got, want) {
		t.Errorf("kept are %q", got)
	}
	for _, p := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v, %v", p, info.Mode(), err)
		}
	}
	for i := range 3 * mostHistory {
		h.add(strings.Repeat("x", 1+i%7))
	}
	h = openHistory(path)
	text, err := os.ReadFile(path)
	if err != nil || len(h.lines) != mostHistory || bytes.Count(text, []byte("\n")) != mostHistory {
		t.Errorf("%d lines are kept in memory, %d in the file, %v", len(h.lines), bytes.Count(text, []byte("\n")), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("after it was cut: %v, %v", info.Mode(), err)
	}
	if h := openHistory(filepath.Join("/proc", "nothing", "history")); len(h.lines) > 0 {
		t.Error("a folder that cannot be has lines")
	} else if h.add("x"); len(h.lines) != 1 {
		t.Error("without a file there is no history in memory")
	}
}

// FuzzLine takes any line apart in all the ways there are: nothing panics, and what comes
// out means the same when it is put in again.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"h1 ping -c3 h2", `h1 sh -c 'echo "a b" &'`, "link set s1--s2#2 rate=1Mbps # x", "\x00\xff'", `"'"'"`, "a & & &", "time time time", "NODE=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Split(line)
		if err == nil {
			again, err := Split(Quote(words))
			if err != nil || !slices.Equal(again, words) {
				t.Errorf("%q: %q comes back as %q, %v", line, words, again, err)
			}
		}
		if got := replaceWords(line, betweenQuotes, func(string) (string, bool) { return "", false }); got != line {
			t.Errorf("%q becomes %q", line, got)
		}
		if text, ok := background(line); ok && (text == "" || !strings.Contains(line, text)) {
			t.Errorf("%q leaves %q in the background", line, text)
		}
		lasting(line)
		word, rest := first(line)
		if !strings.Contains(line, word) || !strings.Contains(line, rest) {
			t.Errorf("%q begins with %q and goes on with %q", line, word, rest)
		}
	})
}
