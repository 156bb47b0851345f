package netns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Subcommand is the hidden subcommand of the program that calls SandboxMain.
const Subcommand = "sandbox-init"

// SwitchDir is the directory below RunDir that stands at /run/openvswitch
// inside, where the programs of Open vSwitch look for their sockets.
const SwitchDir = "openvswitch"

// Options say whose sandbox it is.
type Options struct {
	// Label names the run that owns the sandbox. It stands in the command line
	// of the helper and in the environment (see Leftovers) of every process
	// started inside.
	Label string
	// RunDir is the run's directory; made when it is not there. The helper
	// logs to sandbox.log in it.
	RunDir string
	// Self is the command that ends up in SandboxMain, without the label,
	// which is added. Nil means this program with Subcommand.
	Self []string
}

// Sandbox is a place of its own: network, mount, PID and IPC namespaces. Its
// methods may be called from any goroutine.
type Sandbox struct {
	label  string
	runDir string
	helper *os.Process
	pid    int
	wire   *wire
	gone   chan struct{} // closed when the helper was reaped

	mu        sync.Mutex
	killed    bool
	err       error // why the helper ended; set before gone is closed
	last      uint64
	replies   map[uint64]chan reply
	processes map[uint64]*Process
	listeners map[*Listener]struct{}
}

type reply struct {
	message
	files []*os.File
}

// Open starts a sandbox and returns when it is ready. ctx bounds the opening
// only. Errors: *NotPermittedError when this user cannot make namespaces here.
func Open(ctx context.Context, o Options) (*Sandbox, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("opening sandbox %q: %w", o.Label, err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Sandbox, error) {
	if o.Label == "" {
		return nil, errors.New("no label")
	}
	if o.RunDir == "" {
		return nil, errors.New("no run directory")
	}
	dir, err := filepath.Abs(o.RunDir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, SwitchDir), 0o755); err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	// Truncated and not appended to: what an error quotes is this sandbox's.
	log, err := os.Create(filepath.Join(dir, "sandbox.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &Sandbox{
		label: o.Label, runDir: dir, gone: make(chan struct{}),
		replies:   map[uint64]chan reply{},
		processes: map[uint64]*Process{},
		listeners: map[*Listener]struct{}{},
	}
	if err := s.launch(o.Self, log); err != nil {
		return nil, err
	}
	go s.receive()
	if _, err := s.ask(ctx, message{Op: opSetup, Label: o.Label, RunDir: dir}); err != nil {
		_ = s.Close()
		if text := tailOf(filepath.Join(dir, "sandbox.log")); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return nil, err
	}
	return s, nil
}

// Label is the run's label.
func (s *Sandbox) Label() string { return s.label }

// RunDir is the run's directory, absolute and without symbolic links; it has
// the same path inside and outside.
func (s *Sandbox) RunDir() string { return s.runDir }

// PID is the helper's process id as seen from outside; inside it is 1.
func (s *Sandbox) PID() int { return s.pid }

// Enter is what one types, as root, before a command to run it inside.
func (s *Sandbox) Enter() []string {
	return []string{"nsenter", "-t", strconv.Itoa(s.pid), "-a", "--"}
}

// Done is closed when the sandbox has ended; Err then says why.
func (s *Sandbox) Done() <-chan struct{} { return s.gone }

// Err is nil while the sandbox lives and after Close or Stop; otherwise it
// wraps ErrGone and says how the helper ended.
func (s *Sandbox) Err() error {
	select {
	case <-s.gone:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.err
	default:
		return nil
	}
}

// Close ends everything inside at once and returns when all processes are
// gone; the kernel then takes interfaces and mounts away. Listeners are closed,
// connections accepted by them are their owner's: an open one keeps the network
// namespace. Close may be called again.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	s.killed = true
	open := make([]*Listener, 0, len(s.listeners))
	for l := range s.listeners {
		open = append(open, l)
	}
	s.mu.Unlock()
	for _, l := range open {
		_ = l.Close()
	}
	select {
	case <-s.gone:
	default:
		shares := s.packetSockets()
		defer closeTogether(shares)
		if err := s.helper.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("killing sandbox %q: %w", s.label, err)
		}
		<-s.gone
	}
	_ = s.wire.conn.Close()
	return nil
}

// Stop asks every process inside to end (SIGTERM), kills what is left after
// grace, and closes the sandbox.
func (s *Sandbox) Stop(ctx context.Context, grace time.Duration) error {
	s.mu.Lock()
	s.killed = true
	s.mu.Unlock()
	if _, err := s.ask(ctx, message{Op: opStop, GraceMS: grace.Milliseconds()}); err == nil {
		timer := time.NewTimer(grace + time.Second)
		defer timer.Stop()
		select {
		case <-s.gone:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return s.Close()
}

// Probe is Probe, carried out inside: it needs no privileges but the
// sandbox's own.
func (s *Sandbox) Probe(ctx context.Context) (Features, error) {
	r, err := s.ask(ctx, message{Op: opProbe})
	if err != nil {
		return Features{}, fmt.Errorf("probing the kernel: %w", err)
	}
	if r.Features == nil {
		return Features{}, errors.New("probing the kernel: an empty answer")
	}
	return *r.Features, nil
}

// ask sends a request and waits for its reply.
func (s *Sandbox) ask(ctx context.Context, m message, files ...*os.File) (reply, error) {
	answer := make(chan reply, 1)
	s.mu.Lock()
	if m.ID == 0 {
		s.last++
		m.ID = s.last
	}
	s.replies[m.ID] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.replies, m.ID)
		s.mu.Unlock()
		select {
		case r := <-answer: // came after the caller had left
			closeAll(r.files)
		default:
		}
	}()
	if err := s.wire.send(m, files...); err != nil {
		if errors.Is(err, syscall.E2BIG) {
			return reply{}, err
		}
		return reply{}, fmt.Errorf("%w: %w", ErrGone, err)
	}
	select {
	case r := <-answer:
		if err := r.err(); err != nil {
			closeAll(r.files)
			return reply{}, err
		}
		return r, nil
	case <-s.gone:
		return reply{}, ErrGone
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
}

// receive hands replies and reports to whom they are for until the socket ends.
func (s *Sandbox) receive() {
	for {
		m, files, err := s.wire.receive()
		if err != nil {
			// The helper's end of the socket closes when it dies. Anything
			// else means that the two no longer understand each other.
			if !errors.Is(err, io.EOF) {
				_ = s.helper.Kill()
			}
			<-s.gone
			s.abandon()
			return
		}
		s.mu.Lock()
		if m.Op == opExit {
			if p := s.processes[m.Process]; p != nil {
				delete(s.processes, m.Process)
				p.end(syscall.WaitStatus(m.Status), nil)
			}
		} else if answer := s.replies[m.ID]; answer != nil {
			answer <- reply{message: m, files: files}
			delete(s.replies, m.ID)
			files = nil
		}
		s.mu.Unlock()
		closeAll(files)
	}
}

// abandon tells the waiters of all processes that the sandbox is gone.
func (s *Sandbox) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.processes {
		delete(s.processes, id)
		p.end(0, ErrGone)
	}
}

func tailOf(path string) string {
	text, _ := os.ReadFile(path)
	if len(text) > 2048 {
		text = text[len(text)-2048:]
	}
	return string(text)
}
