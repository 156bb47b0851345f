package apprpc

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// process is an app's process, as go-plugin wants its runners. It differs from
// go-plugin's own in what happens around it: standard input is a pipe that ends with the
// host, standard output is the protocol for one line only, the app has a process group of
// its own, and the group ends with the app.
type process struct {
	cmd     *exec.Cmd
	log     *tail
	limit   uint64   // bytes of memory; 0: none
	claim   *os.File // says whose the socket's directory is, and that it is in use; nil: nobody says it
	home    string   // where alone the app may listen; "": anywhere
	stdin   *os.File
	stdout  *os.File // read end
	stderr  *os.File // read end
	hello   *firstLine
	words   *tee          // standard error
	drained chan struct{} // what follows the first line has been read to its end

	mu      sync.Mutex
	killed  bool // asked for, before or while it runs
	started bool
	gone    bool   // reaped: its number may be another's by now
	ate     uint64 // bytes of memory that were too many; 0: it kept to its limit

	done chan struct{} // closed when it has ended, or could not be started
	err  error         // of starting, or of Wait; read after done
}

var errKilledEarly = errors.New("ended before it had started")

func newProcess(cmd *exec.Cmd, log *tail, limit uint64) *process {
	return &process{cmd: cmd, log: log, limit: limit, done: make(chan struct{}), drained: make(chan struct{})}
}

// Start starts the process. The thread that starts it is kept until it has ended, because
// the kernel's notice of the parent's death is tied to the thread and not to the process.
func (p *process) Start(context.Context) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		defer p.claim.Close() //nolint:errcheck // of a nil file, too
		err := p.start()
		if err != nil {
			p.err = err
			started <- err
			return
		}
		started <- nil
		awaitExit(p.cmd.Process.Pid)
		p.mu.Lock()
		killGroup(p.cmd.Process.Pid) // while its number is still its own
		p.err = p.cmd.Wait()
		p.gone = true
		p.mu.Unlock()
		// A descendant that left the group may hold the pipes open; it is not waited for.
		late := time.Now().Add(200 * time.Millisecond)
		_ = p.stdout.SetReadDeadline(late)
		_ = p.stderr.SetReadDeadline(late)
		_ = p.stdin.Close()
	}()
	return <-started
}

func (p *process) start() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() {
		if err != nil {
			close(p.drained)
		}
	}()
	if p.killed {
		return errKilledEarly
	}
	var ends []*os.File // the app's
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	in, ours := pipe()
	stdout, out := pipe()
	stderr, errs := pipe()
	ends = append(ends, in, out, errs)
	p.stdin, p.stdout, p.stderr = ours, stdout, stderr
	if err == nil {
		p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, errs
		p.cmd.SysProcAttr = ownGroup()
		err = p.cmd.Start()
	}
	for _, f := range ends {
		_ = f.Close() // nil files say so and no more
	}
	if err != nil {
		for _, f := range []*os.File{ours, stdout, stderr} {
			_ = f.Close()
		}
		return err
	}
	p.started = true
	p.hello = &firstLine{from: p.stdout, then: func(rest io.Reader) {
		defer close(p.drained)
		_, _ = io.Copy(p.log, rest)
		_ = p.stdout.Close()
	}}
	p.words = &tee{from: p.stderr, to: p.log, done: make(chan struct{})}
	if p.limit > 0 {
		limitMemory(p.cmd.Process.Pid, p.limit)
		go p.watchMemory(p.cmd.Process.Pid)
	}
	return nil
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.started && !p.gone {
		killGroup(p.cmd.Process.Pid)
		_ = p.cmd.Process.Kill()
	}
}

// shot tells whether the ended process ended by our hand.
func (p *process) shot() bool {
	state := p.cmd.ProcessState
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed && state != nil && state.ExitCode() == -1
}

// Kill ends the process and its group at once.
func (p *process) Kill(context.Context) error { p.kill(); return nil }

// Wait waits for the process to end.
func (p *process) Wait(context.Context) error { <-p.done; <-p.drained; return p.err }

// drain waits until all that the ended process wrote has reached the log.
func (p *process) drain() {
	<-p.drained
	if p.words != nil {
		<-p.words.done
	}
}

func (p *process) Stdout() io.ReadCloser { return p.hello }
func (p *process) Stderr() io.ReadCloser { return p.words }
func (p *process) Name() string          { return p.cmd.Path }

func (p *process) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		return "not started"
	}
	return strconv.Itoa(p.cmd.Process.Pid)
}

// Diagnose has nothing to add: Launch explains what went wrong.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost and HostToPlugin translate addresses; both sides live in one world.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	if p.home != "" {
		if err := local(network, address, p.home); err != nil {
			return "", "", err
		}
	}
	return network, address, nil
}

// HostToPlugin is the way back.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

const helloMax = 16 << 10

// firstLine lets one line of at most helloMax bytes through, remembers it, ends there and
// hands the rest to then, in a goroutine of its own.
type firstLine struct {
	from io.Reader
	then func(rest io.Reader)

	mu   sync.Mutex
	read bool
	text []byte
	left []byte
}

func (f *firstLine) Read(p []byte) (int, error) {
	f.mu.Lock()
	read := f.read
	f.mu.Unlock()
	if !read {
		b := bufio.NewReaderSize(f.from, helloMax)
		line, _ := b.ReadSlice('\n')
		line = append([]byte(nil), line...)
		f.mu.Lock()
		f.read, f.text, f.left = true, line, line
		f.mu.Unlock()
		go f.then(b)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.left)
	f.left = f.left[n:]
	return n, nil
}

func (f *firstLine) Close() error { return nil }

// line is what came as the first line, and whether anything did.
func (f *firstLine) line() (string, bool) {
	if f == nil {
		return "", false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.text), len(f.text) > 0
}

// tee copies what is read to the log; done is closed at the end of the stream, when all
// of it is there.
type tee struct {
	from *os.File
	to   io.Writer
	done chan struct{}
	once sync.Once
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	_, _ = t.to.Write(p[:n])
	if err != nil {
		t.once.Do(func() { close(t.done); _ = t.from.Close() })
		return n, io.EOF // a deadline ends it as well
	}
	return n, nil
}

func (t *tee) Close() error { return nil }
