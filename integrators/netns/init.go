package netns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// controlFile is the descriptor of the control socket in the helper.
const controlFile = 3

// orphanGrace is how long the processes inside have after a SIGTERM to the
// helper itself.
const orphanGrace = time.Second

// SandboxMain is the whole life of the helper: process 1 of a sandbox. The
// hidden subcommand Subcommand calls it and exits with what it returns. args
// are the words after the subcommand; they are for whoever lists processes.
func SandboxMain(args []string) int {
	if os.Getpid() != 1 {
		fmt.Fprintf(os.Stderr, "%s is how the program starts itself inside a sandbox; it is of no use by hand\n", Subcommand)
		return 2
	}
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "%s %v: %v\n", Subcommand, args, err)
		return 1
	}
	return 0
}

// initProcess is process 1: it starts, reaps and signals.
type initProcess struct {
	wire  *wire
	label string

	// mu is held around starting and around reaping, so that a process is
	// known by the time its end is noticed, and a number that is signalled
	// still belongs to the process that was meant.
	mu     sync.Mutex
	byPID  map[int]*child
	byID   map[uint64]*child
	orphan chan struct{} // capacity 1: something was reaped
	frost  frost

	hosts    map[string]*host // of the goroutine that handles requests, as is
	offloads offloads         // what this kernel knows of them
}

type child struct {
	id     uint64
	pid    int
	ending bool
}

func serve() error {
	syscall.CloseOnExec(controlFile)
	w, err := newWire(os.NewFile(controlFile, "control"))
	if err != nil {
		return fmt.Errorf("taking the control socket: %w", err)
	}
	in := &initProcess{wire: w, byPID: map[int]*child{}, byID: map[uint64]*child{}, orphan: make(chan struct{}, 1), hosts: map[string]*host{}}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	go in.heed(signals)
	work := make(chan func(), 64)
	go func() {
		for carryOut := range work {
			carryOut()
		}
	}()
	for {
		m, files, err := w.receive()
		if err != nil {
			// The parent is gone, or talks nonsense: either way nobody is left
			// to serve, and leaving takes everything inside along.
			return err
		}
		if m.Op == opEnlarge || m.Op == opStill {
			closeAll(files)
			go in.adjust(m) // and not behind hundreds of links that are being made
			continue
		}
		work <- func() { in.handle(m, files) } // in order
	}
}

// heed reaps, and forwards what is meant for the processes inside.
func (in *initProcess) heed(signals <-chan os.Signal) {
	for sig := range signals {
		switch s := sig.(syscall.Signal); s {
		case syscall.SIGCHLD:
			in.reap()
		case syscall.SIGTERM, syscall.SIGINT:
			go in.stop(orphanGrace)
		default:
			in.mu.Lock()
			for pid := range in.byPID {
				_ = syscall.Kill(-pid, s)
			}
			in.mu.Unlock()
		}
	}
}

// reap collects every process that has ended, one's own and adopted ones.
func (in *initProcess) reap() {
	for {
		var status syscall.WaitStatus
		in.mu.Lock()
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			in.mu.Unlock()
			continue
		}
		c := in.byPID[pid]
		if c != nil {
			delete(in.byPID, pid)
			delete(in.byID, c.id)
			if c.ending {
				// The group's number stays taken while members live; when there
				// are none it is free, but not given out again this soon.
				_ = syscall.Kill(-pid, syscall.SIGKILL)
			}
		}
		in.mu.Unlock()
		if err != nil || pid <= 0 {
			break
		}
		if c != nil {
			_ = in.wire.send(message{Op: opExit, Process: c.id, Status: uint32(status)})
		}
	}
	select {
	case in.orphan <- struct{}{}:
	default:
	}
}

// handle answers one request. files came with it.
func (in *initProcess) handle(m message, files []*os.File) {
	defer closeAll(files)
	r := message{Op: opReply, ID: m.ID}
	var attached []*os.File
	switch m.Op {
	case opSetup:
		in.label = m.Label
		if err := setup(m.RunDir); err != nil {
			r.fail(err)
		}
	case opExec:
		pid, err := in.exec(m, files)
		r.PID = pid
		if err != nil {
			r.fail(err)
		}
	case opListen:
		f, err := listen(m.Network, m.Address)
		if err != nil {
			r.fail(err)
			break
		}
		defer f.Close()
		attached = append(attached, f)
	case opSignal:
		if err := in.signal(m.Process, syscall.Signal(m.Signal)); err != nil {
			r.fail(err)
		}
	case opProbe:
		f, err := Probe()
		if err != nil {
			r.fail(err)
			break
		}
		r.Features = &f
	case opFreeze:
		if err := in.freeze(); err != nil {
			r.fail(err)
		}
	case opThaw:
		in.mu.Lock()
		err := in.thaw()
		in.mu.Unlock()
		if err != nil {
			r.fail(err)
		}
	case opStop:
		go in.stop(time.Duration(m.GraceMS) * time.Millisecond)
	default:
		if !in.inhabit(m, &r) {
			r.fail(fmt.Errorf("unknown request %q", m.Op))
		}
	}
	_ = in.wire.send(r, attached...)
}

func (in *initProcess) exec(m message, files []*os.File) (int, error) {
	if len(files) != 3 || len(m.Argv) == 0 {
		return 0, syscall.EINVAL
	}
	attr := &syscall.ProcAttr{
		Dir: m.Dir,
		Env: append(slices.DeleteFunc(m.Env, func(v string) bool {
			return strings.HasPrefix(v, labelVariable+"=") || strings.HasPrefix(v, ownerVariable+"=")
		}), labelVariable+"="+in.label, ownerVariable+"="+os.Getenv(ownerVariable)),
		Sys: &syscall.SysProcAttr{Setsid: true},
	}
	if attr.Dir == "" {
		attr.Dir = "/"
	}
	for _, f := range files {
		attr.Files = append(attr.Files, f.Fd())
	}
	// The keys of a terminal (^C, ^Z) and job control are for the session that has it.
	if _, err := unix.IoctlGetTermios(int(attr.Files[0]), unix.TCGETS); err == nil {
		attr.Sys.Setctty, attr.Sys.Ctty = true, 0
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	pid, err := in.start(m.Host, m.Argv, attr)
	if err != nil {
		return 0, err
	}
	c := &child{id: m.ID, pid: pid}
	in.byPID[pid], in.byID[m.ID] = c, c
	if in.frost.on { // it joins the others
		_ = in.hush()
	}
	return pid, nil
}

func (in *initProcess) signal(id uint64, sig syscall.Signal) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	c := in.byID[id]
	if c == nil {
		return syscall.ESRCH
	}
	if sig == syscall.SIGTERM || sig == syscall.SIGKILL {
		c.ending = true
	}
	return syscall.Kill(-c.pid, sig)
}

// stop asks everything inside to end, waits for it up to grace, and leaves.
func (in *initProcess) stop(grace time.Duration) {
	_ = syscall.Kill(-1, syscall.SIGTERM)
	in.mu.Lock()
	_ = in.thaw() // nobody ends who is frozen
	in.mu.Unlock()
	deadline := time.NewTimer(grace)
	for {
		// Orphans come to process 1, so no child means nobody at all.
		in.mu.Lock()
		err := syscall.Kill(-1, 0)
		in.mu.Unlock()
		if errors.Is(err, syscall.ESRCH) {
			os.Exit(0)
		}
		select {
		case <-in.orphan:
		case <-deadline.C:
			os.Exit(0)
		}
	}
}

// listen opens a listening socket and returns it as a file.
func listen(network, address string) (*os.File, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	switch l := l.(type) {
	case *net.TCPListener:
		defer l.Close()
		return l.File()
	case *net.UnixListener:
		// The socket's name stays: it is the parent that listens.
		l.SetUnlinkOnClose(false)
		defer l.Close()
		return l.File()
	}
	_ = l.Close()
	return nil, fmt.Errorf("cannot hand over a %s listener", network)
}
