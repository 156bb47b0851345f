package traffic

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// maxLine bounds one line of either direction, in bytes.
const maxLine = 4 << 20

// AgentMain serves orders from r until it ends or ctx does, and reports to w. It returns
// when everything it started has ended. The hidden subcommand for agents calls it with
// its standard input and output.
func AgentMain(ctx context.Context, r io.Reader, w io.Writer) error {
	return serve(ctx, r, w, nil)
}

func serve(ctx context.Context, r io.Reader, w io.Writer, still *Standstill) error {
	ctx, cancel := context.WithCancelCause(ctx)
	a := &agent{ctx: ctx, still: still, out: json.NewEncoder(w), running: map[int64]*job{}, udp: map[netip.AddrPort]*udpPort{}, tcp: map[netip.AddrPort]*tcpPort{}}
	err := a.listen(r)
	cancel(errors.New("the agent was told to end"))
	a.wg.Wait()
	return err
}

// AgentCommand is the hidden subcommand of the program that calls AgentMain.
const AgentCommand = "agent"

// AgentProcess is AgentMain over standard input and output, for the subcommand; it
// returns the exit status. args are the subcommand's: the file of a Standstill, or nothing.
func AgentProcess(ctx context.Context, args ...string) int {
	// Timers of this process are exact: the default lets the kernel be 50 us late.
	preciseTimers()
	var still *Standstill
	var err error
	if len(args) > 0 {
		still, err = openStandstill(args[0], false)
	}
	if err == nil {
		err = serve(ctx, os.Stdin, os.Stdout, still)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		return 1
	}
	return 0
}

type agent struct {
	ctx   context.Context
	wg    sync.WaitGroup
	still *Standstill

	outMu sync.Mutex
	out   *json.Encoder

	mu      sync.Mutex
	running map[int64]*job
	udp     map[netip.AddrPort]*udpPort
	tcp     map[netip.AddrPort]*tcpPort
}

// job is one order being carried out.
type job struct {
	Order
	agent    *agent
	cancel   context.CancelFunc
	finished chan int64 // capacity 1: packets sent, from opFinish
}

func (a *agent) say(r Report) {
	a.outMu.Lock()
	defer a.outMu.Unlock()
	// Whoever does not read any more has closed the input too.
	_ = a.out.Encode(r)
}

func (a *agent) listen(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		var o Order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("reading an order: %w", err)
		}
		switch o.Op {
		case opFinish, opCancel:
			a.mu.Lock()
			j := a.running[o.Of]
			a.mu.Unlock()
			if j == nil {
				continue
			}
			if o.Op == opCancel {
				j.cancel()
				continue
			}
			select {
			case j.finished <- o.Packets:
			default:
			}
		default:
			a.start(o)
		}
	}
	return lines.Err()
}

func (a *agent) start(o Order) {
	ctx, cancel := context.WithCancel(a.ctx)
	j := &job{Order: o, agent: a, cancel: cancel, finished: make(chan int64, 1)}
	work := map[string]func(context.Context, *job) (Measured, error){
		opUDPSend: udpSend, opUDPReceive: udpReceive, opTCPSend: tcpSend, opTCPReceive: tcpReceive, opPing: ping, opExec: run,
	}[o.Op]
	if work == nil {
		cancel()
		a.say(Report{ID: o.ID, Error: fmt.Sprintf("no order is called %q", o.Op)})
		return
	}
	a.mu.Lock()
	a.running[o.ID] = j
	a.mu.Unlock()
	a.wg.Go(func() {
		defer cancel()
		m, err := work(ctx, j)
		a.mu.Lock()
		delete(a.running, o.ID)
		a.mu.Unlock()
		report := Report{ID: o.ID, Measured: m}
		if err != nil {
			report.Error = err.Error()
		}
		a.say(report)
	})
}

// ready says that a receiver can take packets now.
func (j *job) ready() { j.agent.say(Report{ID: j.ID, Ready: true}) }

// keptOutput bounds what is kept of a program's output, in bytes.
const keptOutput = 64 << 10

// run runs a program and keeps the beginning of its output.
func run(ctx context.Context, j *job) (Measured, error) {
	if len(j.Argv) == 0 {
		return Measured{}, errors.New("no program named")
	}
	cmd := exec.CommandContext(ctx, j.Argv[0], j.Argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out := &bounded{}
	cmd.Stdout, cmd.Stderr = out, out
	m := Measured{First: j.agent.now()}
	err := cmd.Run()
	m.Last, m.Output = j.agent.now(), string(out.kept)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		m.Exit, err = exit.ExitCode(), nil
	}
	return m, err
}

type bounded struct{ kept []byte }

func (b *bounded) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), keptOutput-len(b.kept))]...)
	return len(p), nil
}
