package prompt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sendim/core/fault"
	"sendim/core/model"
)

// shells is what was said to the nodes' shells and still holds. All who look at a run
// share it, as Mininet's users share the shell of a host.
type shells struct {
	mu   sync.Mutex
	said map[model.NodeID][]string // commands that later ones must find carried out
	jobs map[model.NodeID][]job
}

// job is a command in the background.
type job struct {
	number int
	group  int // of processes, as the node counts
	text   string
	log    string // what it writes; "" is nowhere
}

// before is what the node's shell has to carry out before a command. It begins where the
// user is.
func (s *shell) before() string {
	dir := s.line.Dir
	if dir == "" {
		dir = workDir()
	}
	s.shells.mu.Lock()
	defer s.shells.mu.Unlock()
	said := s.shells.said[s.node]
	if dir != "" && !slices.ContainsFunc(said, goesTo) {
		said = append([]string{"cd " + Quote([]string{dir}) + " 2>/dev/null"}, said...)
	}
	if len(said) == 0 {
		return ""
	}
	return strings.Join(said, "\n") + "\n"
}

func goesTo(command string) bool { return strings.HasPrefix(command, "cd ") }

// mostSaid bounds what a shell remembers.
const mostSaid = 500

// lasting says whether a command changes a shell and nothing else: such a one must not be
// forgotten with the process that carried it out.
func lasting(text string) bool {
	if strings.ContainsAny(text, ";|&<>()`\n") {
		return false
	}
	word, rest := first(text)
	switch word {
	case "cd":
		return true
	case "export", "unset", "umask", "alias", "unalias", "ulimit", "shopt":
		return rest != "" // else it asks
	}
	name, _, ok := strings.Cut(word, "=")
	if !ok || name == "" || name[0] <= '9' || strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) >= 0 {
		return false
	}
	words, err := Split(text)
	return err == nil && len(words) == 1
}

// remember carries out a command that changes the shell, and keeps it if it could be.
func (s *shell) remember(ctx context.Context, text string) error {
	before := s.before()
	word, _ := first(text)
	if word == "cd" {
		at, err := s.output(ctx, before+text+" >/dev/null && pwd")
		if err != nil {
			return err
		}
		text = "cd " + Quote([]string{at})
	} else {
		said, err := s.output(ctx, before+text)
		if err != nil {
			return err
		}
		if said != "" {
			fmt.Fprintln(s.line.Out, said)
		}
		if word == "alias" || word == "unalias" {
			text = "shopt -s expand_aliases\n" + text
		}
	}
	m := &s.shells
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == nil {
		m.said = map[model.NodeID][]string{}
	}
	said := m.said[s.node]
	if word == "cd" { // where it is by now is all that counts
		said = slices.DeleteFunc(said, goesTo)
	}
	if len(said) >= mostSaid {
		return fault.New(fault.OutOfRange, fault.Place{}, "the shell of %s remembers %d settings already; start another by %s bash", s.name, mostSaid, s.name)
	}
	m.said[s.node] = append(said, text)
	return nil
}

// leave starts a command in the background, in a group of processes of its own.
func (s *shell) leave(ctx context.Context, text string) error {
	m := &s.shells
	m.mu.Lock()
	number := 1
	for _, j := range m.jobs[s.node] {
		number = max(number, j.number+1)
	}
	if m.jobs == nil {
		m.jobs = map[model.NodeID][]job{}
	}
	m.jobs[s.node] = append(m.jobs[s.node], job{number: number, text: text}) // the number is taken
	m.mu.Unlock()
	j := job{number: number, text: text}
	to := "/dev/null"
	if s.dir != "" {
		dir, err := filepath.Abs(filepath.Join(s.dir, "jobs"))
		if err == nil {
			err = os.MkdirAll(dir, 0o755)
		}
		if err != nil {
			return fmt.Errorf("make a folder for what jobs write: %w", err)
		}
		j.log = filepath.Join(dir, fmt.Sprintf("%s-%d.log", fileName(s.name), number))
		to = j.log
	}
	// Its streams are files: nothing of ours must live as long as it does.
	said, err := s.output(ctx, s.before()+"set -m\n{ "+text+"\n} </dev/null >"+Quote([]string{to})+" 2>&1 &\necho $!")
	if err == nil {
		j.group, err = strconv.Atoi(said)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := slices.IndexFunc(m.jobs[s.node], func(x job) bool { return x.number == number })
	if err != nil {
		m.jobs[s.node] = slices.Delete(m.jobs[s.node], at, at+1)
		return err
	}
	m.jobs[s.node][at] = j
	fmt.Fprintf(s.line.Out, "[%d] %d", j.number, j.group)
	if j.log != "" {
		fmt.Fprintf(s.line.Out, " writes to %s", filepath.Join(s.dir, "jobs", filepath.Base(j.log)))
	}
	fmt.Fprintln(s.line.Out)
	return nil
}

// living drops the jobs that have ended and gives the others.
func (s *shell) living(ctx context.Context) ([]job, error) {
	m := &s.shells
	m.mu.Lock()
	jobs := slices.Clone(m.jobs[s.node])
	m.mu.Unlock()
	if len(jobs) == 0 {
		return nil, nil
	}
	var ask strings.Builder
	for _, j := range jobs {
		fmt.Fprintf(&ask, "kill -0 -- -%d 2>/dev/null && echo %d\n", j.group, j.number)
	}
	said, err := s.output(ctx, ask.String()+"true")
	if err != nil {
		return nil, err
	}
	alive := strings.Fields(said)
	ended := func(j job) bool { return j.group != 0 && !slices.Contains(alive, strconv.Itoa(j.number)) }
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs[s.node] = slices.DeleteFunc(m.jobs[s.node], func(j job) bool {
		return ended(j) && slices.ContainsFunc(jobs, func(x job) bool { return x.number == j.number })
	})
	return slices.DeleteFunc(jobs, ended), nil
}

func (s *shell) listJobs(ctx context.Context) error {
	jobs, err := s.living(ctx)
	for _, j := range jobs {
		fmt.Fprintf(s.line.Out, "[%d] %d %s\n", j.number, j.group, j.text)
	}
	return err
}

// meant replaces %1, %name and %% in the arguments of a command about jobs by the
// processes that are meant. All else stays as it is.
func (s *shell) meant(program, rest string) (string, error) {
	if program == "fg" || program == "bg" {
		return "", fmt.Errorf("what was left in the background has no terminal to come back to; its output is in the run's folder, and %s wait waits for it", s.name)
	}
	var groups []string
	var wrong error
	signal := false // one is named
	text := replaceWords(rest, betweenQuotes, func(w string) (string, bool) {
		which, ok := strings.CutPrefix(w, "%")
		if !ok {
			signal = signal || strings.HasPrefix(w, "-")
			return "", false
		}
		j, err := s.job(which)
		if err != nil {
			wrong = err
			return "", false
		}
		groups = append(groups, strconv.Itoa(j.group))
		return "-" + strconv.Itoa(j.group), true
	})
	if wrong != nil {
		return "", wrong
	}
	if program == "kill" {
		if len(groups) > 0 && !signal {
			text = "-- " + text // else a group looks like a signal
		}
		return program + " " + text, nil
	}
	if rest == "" {
		s.shells.mu.Lock()
		for _, j := range s.shells.jobs[s.node] {
			if j.group != 0 { // it is not just being started
				groups = append(groups, strconv.Itoa(j.group))
			}
		}
		s.shells.mu.Unlock()
	}
	if len(groups) == 0 {
		return strings.TrimSpace(program + " " + rest), nil
	}
	// A shell waits for its own children only.
	return "while kill -0 -- -" + strings.Join(groups, " 2>/dev/null || kill -0 -- -") + " 2>/dev/null; do sleep 0.05; done", nil
}

// job finds a job by what follows its %.
func (s *shell) job(which string) (job, error) {
	m := &s.shells
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.jobs[s.node]
	for i := len(list) - 1; i >= 0; i-- {
		j := list[i]
		part, anywhere := strings.CutPrefix(which, "?")
		switch {
		case j.group == 0: // it is just being started
		case which == "" || which == "%" || which == "+", which == strconv.Itoa(j.number),
			anywhere && strings.Contains(j.text, part), !anywhere && strings.HasPrefix(j.text, which):
			return j, nil
		}
	}
	var have []string
	for _, j := range list {
		have = append(have, fmt.Sprintf("%%%d (%s)", j.number, j.text))
	}
	if len(have) == 0 {
		return job{}, fmt.Errorf("%s has no jobs", s.name)
	}
	return job{}, fmt.Errorf("%s has no job %%%s; there are %s", s.name, which, strings.Join(have, ", "))
}

// fileName is a node's name as part of that of a file.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == 0 {
			return '_'
		}
		return r
	}, name)
}
