package apprpc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"sendim/core/app"
	"sendim/core/fault"
	pb "sendim/plugins/apprpc/proto"
)

// Options says how to run an app's binary. Only Path is needed.
type Options struct {
	Path   string    // of the binary; see Find
	SHA256 string    // in hexadecimal; "": not checked
	Env    []string  // NAME=value, beside the host's own environment
	Stderr io.Writer // takes what the app writes to its standard output and error; nil: nobody

	Silence   time.Duration // how long an app with work may say nothing; 0: 10 s
	Handshake time.Duration // how long it may take to start; 0: 30 s
	Grace     time.Duration // how long it may take to exit when closed; 0: 2 s

	// MemoryLimit is how many bytes of memory the app's process may hold (its resident set),
	// where the system tells (Linux); 0: half of the machine's.
	MemoryLimit uint64

	// What one event may be answered with, lest a runaway app exhaust the host.
	MaxCommands int // 0: 4,194,304
	MaxBytes    int // of commands on the wire; 0: 1 GiB
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	def(&o.Silence, 10*time.Second)
	def(&o.Handshake, 30*time.Second)
	def(&o.Grace, 2*time.Second)
	if o.MemoryLimit == 0 {
		o.MemoryLimit = machineMemory() / 2
	}
	if o.MaxCommands <= 0 {
		o.MaxCommands = 4 << 20
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 30
	}
	return o
}

// Launch starts an app's binary and asks for its manifest. The context bounds the start
// only; the instance lives until Close, which must be called. Errors are one line and
// name the path; a wrong checksum is the fault ChecksumWrong.
//
// The app's certificates, its socket's directory (in the system's directory for
// temporary files) and its process group are its own. An app in Python is talked to
// without certificates (see isPython) and is given the package sendim.
func Launch(ctx context.Context, o Options) (app.Instance, error) {
	o = o.withDefaults()
	if err := check(&o); err != nil {
		return nil, err
	}
	log := &tail{to: o.Stderr}
	var proc *process
	made := make(chan *process, 1)
	script := isPython(o.Path)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake(),
		Plugins:          plugin.PluginSet{pluginKind: &grpcPlugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         !script,
		StartTimeout:     o.Handshake,
		SyncStdout:       log,
		SyncStderr:       log,
		Logger:           hclog.NewNullLogger(),
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, dir string) (runner.Runner, error) {
			cmd := exec.Command(o.Path)
			cmd.Env = os.Environ()
			if script {
				env, err := layPython(dir)
				if err != nil {
					return nil, err
				}
				cmd.Env = append(cmd.Env, env...)
			}
			// Later settings win: the protocol's own come last.
			cmd.Env = append(append(cmd.Env, o.Env...), spec.Env...)
			p := newProcess(cmd, log, o.MemoryLimit)
			p.claim = claim(dir, o.Path)
			if script {
				p.home = dir
			}
			made <- p
			return p, nil
		},
		SkipHostEnv:      true,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: socketHome()},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(connWindow),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageMax), grpc.MaxCallSendMsgSize(messageMax)),
		},
	})

	began := time.Now()
	connected := make(chan error, 1)
	var remote pb.AppClient
	go func() {
		protocol, err := client.Client()
		if err == nil {
			var raw any
			if raw, err = protocol.Dispense(pluginKind); err == nil {
				remote = raw.(pb.AppClient)
			}
		}
		connected <- err
	}()
	err := wait(ctx, connected, made, &proc)
	if err != nil {
		reason := explain(ctx, err, proc, log, time.Since(began) >= o.Handshake, &o)
		client.Kill()
		log.stop()
		return nil, fmt.Errorf("application %s: %w", o.Path, reason)
	}

	i := newInstance(o, client, proc, log, remote)
	if err := i.greet(ctx); err != nil {
		_ = i.Close()
		return nil, err
	}
	return i, nil
}

// wait waits for the connection; when the context ends first, it ends the process, which
// ends the connecting.
func wait(ctx context.Context, connected <-chan error, made <-chan *process, proc **process) error {
	ended := ctx.Done()
	for {
		select {
		case err := <-connected:
			if *proc == nil {
				select {
				case *proc = <-made:
				default:
				}
			}
			if *proc != nil && ctx.Err() != nil {
				(*proc).kill()
				return ctx.Err()
			}
			return err
		case *proc = <-made:
			made = nil
			if ctx.Err() != nil {
				(*proc).kill()
			}
		case <-ended:
			ended = nil
			if *proc != nil {
				(*proc).kill()
			}
		}
	}
}

// check looks at the file before anything is started.
func check(o *Options) error {
	info, err := os.Stat(o.Path)
	switch {
	case err != nil:
		return fmt.Errorf("application %s: %w", o.Path, cause(err))
	case info.IsDir():
		return fmt.Errorf("application %s is a directory, not a program", o.Path)
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("application %s is not executable (chmod +x would make it so)", o.Path)
	}
	if !strings.ContainsRune(o.Path, filepath.Separator) {
		o.Path = "." + string(filepath.Separator) + o.Path // exec must not look elsewhere
	}
	if o.SHA256 == "" {
		return nil
	}
	wrong := func(format string, args ...any) error {
		return fault.New(fault.ChecksumWrong, fault.Place{File: o.Path}, format, args...)
	}
	want, err := hex.DecodeString(strings.TrimSpace(o.SHA256))
	if err != nil || len(want) != sha256.Size {
		return wrong("%q is not a SHA-256 checksum in hexadecimal", o.SHA256)
	}
	hash := sha256.New()
	same, err := (&plugin.SecureConfig{Checksum: want, Hash: hash}).Check(o.Path)
	if err != nil {
		return fmt.Errorf("application %s: %w", o.Path, cause(err))
	}
	if !same {
		return wrong("the binary's SHA-256 checksum is %x, not %x", hash.Sum(nil), want)
	}
	return nil
}

// socketHome is where the socket's directory is made: the system's directory for
// temporary files, unless its path is so long that the socket's, of which the kernel
// takes 107 bytes, would not fit.
func socketHome() string {
	const added = len("/plugin-dir4294967295/plugin4294967295")
	if dir := os.TempDir(); len(dir)+added < 104 {
		return dir
	}
	return "/tmp"
}

// cause strips the path, which the error's beginning names already.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// temporary is the directory in which os.MkdirTemp has failed; "" if it was something else.
func temporary(err *os.PathError) string {
	switch {
	case err.Op == "stat": // it is not there
		return err.Path
	case strings.HasPrefix(err.Op, "mkdir"):
		return filepath.Dir(err.Path)
	}
	return ""
}

// explain says in one line why a start failed, from what was seen and not from
// go-plugin's texts, which are written for its own users and take several lines.
func explain(ctx context.Context, err error, p *process, log *tail, late bool, o *Options) error {
	if ctx.Err() != nil {
		return fmt.Errorf("given up before it had started: %w", ctx.Err())
	}
	var refused *os.PathError
	if errors.As(err, &refused) {
		if place := temporary(refused); place != "" {
			return fmt.Errorf("cannot be started: no folder can be made in %s, where its socket would be: %w; TMPDIR names another place", place, refused.Err)
		}
		if reason, known := unstartable(o.Path, err); known {
			return fmt.Errorf("cannot be started: %s: %w", reason, refused.Err)
		}
		if errors.Is(err, syscall.ENOEXEC) {
			return fmt.Errorf("is no program for this machine: %w", refused.Err)
		}
		return fmt.Errorf("cannot be started: %w", refused.Err)
	}
	if p == nil {
		return fmt.Errorf("cannot be started: %s", oneLine(err.Error()))
	}
	line, spoke := p.hello.line()
	line = strings.TrimSpace(line)
	fields := strings.Split(line, "|")
	switch {
	case !spoke && late:
		return fmt.Errorf("did not say hello within %v: is it an application for SENDIM?%s", o.Handshake, said(log))
	case !spoke:
		<-p.done // go-plugin has ended it if it had not ended
		p.drain()
		if much, ate := p.greedy(); ate {
			return fmt.Errorf("%s before it said hello", much)
		}
		if p.shot() {
			return fmt.Errorf("closed its standard output without saying hello%s", said(log))
		}
		return fmt.Errorf("ended without saying hello (%s): is it an application for SENDIM?%s", ending(p), said(log))
	case len(fields) < 4 || fields[0] != strconv.Itoa(plugin.CoreProtocolVersion):
		if len(line) > 80 {
			line = line[:80] + "..."
		}
		return fmt.Errorf("wrote %q to its standard output before the handshake; nothing may come before it", text(line))
	case fields[1] != strconv.Itoa(Version):
		return fmt.Errorf("speaks version %s of the protocol, and this sendim version %d: build it anew", fields[1], Version)
	case len(fields) < 5 || fields[4] != string(plugin.ProtocolGRPC):
		return errors.New("does not speak gRPC")
	}
	return fmt.Errorf("cannot be talked to: %s%s", oneLine(err.Error()), said(log))
}

func said(log *tail) string {
	if w := lastWord(log.last()); w != "" {
		return fmt.Sprintf("; it wrote %q", w)
	}
	return ""
}

// ending says how a process ended; call it after done.
func ending(p *process) string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}
