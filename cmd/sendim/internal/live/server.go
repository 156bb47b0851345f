package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"unicode/utf8"

	"sendim/cmd/sendim/internal/prompt"
	"sendim/cmd/sendim/internal/tty"
)

// Server answers on a run's control socket.
type Server struct {
	listener net.Listener
	release  func()
	path     string
	cancel   context.CancelFunc
	all      sync.WaitGroup
}

// Run is what a server answers for.
type Run interface {
	prompt.Executor
	Status(ctx context.Context) (prompt.Status, error)
}

// Serve listens in a run's directory and carries requests out until Close. stop
// is called when a client asks the run to end.
func Serve(ctx context.Context, dir string, exec Run, stop func()) (*Server, error) {
	path, release, err := short(dir)
	if err != nil {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		release()
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		release()
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{listener: l, release: release, path: filepath.Join(dir, Socket), cancel: cancel}
	s.all.Add(1)
	go func() {
		defer s.all.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.all.Add(1)
			go func() {
				defer s.all.Done()
				answer(ctx, conn, exec, stop)
			}()
		}
	}()
	return s, nil
}

// Close ends all connections and takes the socket away.
func (s *Server) Close() {
	s.cancel()
	s.listener.Close()
	s.all.Wait()
	os.Remove(s.path)
	s.release()
}

// mostWaiting is how many requests of a client may wait for the one under way.
const mostWaiting = 64

func answer(ctx context.Context, conn net.Conn, exec Run, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close()
	go func() {
		<-ctx.Done()
		conn.Close()
	}()
	requests := make(chan Request, mostWaiting)
	w := &writer{enc: json.NewEncoder(conn)}
	under := &underWay{writer: w}
	go func() { // a client that goes away interrupts its request
		defer cancel()
		defer close(requests)
		lines := bufio.NewScanner(conn)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var r Request
			if json.Unmarshal(lines.Bytes(), &r) != nil {
				return
			}
			if under.takes(r) {
				continue
			}
			select {
			case requests <- r:
			default: // it does not wait for answers: whoever stops reading would not see it leave
				return
			}
		}
	}()
	for r := range requests {
		reply := Reply{Done: true}
		switch r.Op {
		case Complete:
			words, err := exec.Complete(ctx, r.Line)
			reply.Words = words
			reply.fail(err)
		case Line:
			reply.fail(under.carry(ctx, exec, r))
		case State:
			state, err := exec.Status(ctx)
			reply.State = &state
			reply.fail(err)
		case Stop:
			stop()
		default:
			reply.Error = fmt.Sprintf("the run knows no operation %q", r.Op)
		}
		w.send(reply)
	}
}

func (r *Reply) fail(err error) {
	var exit *prompt.ExitError
	switch {
	case err == nil:
	case errors.Is(err, prompt.ErrLeave):
		r.Leave = true
	default:
		r.Error = err.Error()
		if errors.As(err, &exit) {
			r.Code = exit.Code
		}
	}
}

// writer sends text as it comes.
type writer struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (w *writer) send(r Reply) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.enc.Encode(r)
}

// stream is one of the two that a line writes to.
type stream struct {
	*writer
	second bool
}

func (s stream) Write(p []byte) (int, error) {
	r := Reply{Second: s.second}
	switch {
	case !utf8.Valid(p): // also a letter that is cut in two
		r.Raw = p
	case s.second:
		r.Err, r.Second = string(p), false
	default:
		r.Out = string(p)
	}
	if err := s.send(r); err != nil {
		return 0, err
	}
	return len(p), nil
}

// underWay is the line that is being carried out.
type underWay struct {
	*writer
	mu     sync.Mutex
	cancel context.CancelFunc // nil: there is none
	feed   chan []byte        // to the program that reads; nil: there is none
	sizes  chan tty.Size
}

// carry carries a line out with the input that comes meanwhile.
func (u *underWay) carry(ctx context.Context, exec prompt.Executor, r Request) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := prompt.Line{Text: r.Line, Dir: r.Dir, Out: stream{u.writer, false}, Err: stream{u.writer, true}}
	u.mu.Lock()
	u.cancel, u.sizes = cancel, make(chan tty.Size, 1)
	if r.Size != nil {
		l.Terminal = &prompt.Terminal{Name: r.Terminal, Size: *r.Size, Sizes: u.sizes}
	}
	u.mu.Unlock()
	if r.Reads {
		l.In = u.begin
		l.Left = func(data []byte) { _ = u.send(Reply{Left: data}) }
	}
	err := exec.Do(ctx, l)
	u.mu.Lock()
	u.cancel = nil
	u.end()
	u.mu.Unlock()
	return err
}

// begin tells the client that a program reads.
func (u *underWay) begin() io.ReadCloser {
	r, w := io.Pipe()
	feed := make(chan []byte, 2)
	u.mu.Lock()
	u.end()
	u.feed = feed
	u.mu.Unlock()
	go func() {
		for data := range feed {
			if _, err := w.Write(data); err != nil {
				continue // nobody reads any more
			}
			_ = u.send(Reply{Taken: true})
		}
		_ = w.Close()
	}()
	_ = u.send(Reply{Begin: true})
	return r
}

// end is the end of input; mu is held.
func (u *underWay) end() {
	if u.feed != nil {
		close(u.feed)
		u.feed = nil
	}
}

// takes handles what is about a line under way.
func (u *underWay) takes(r Request) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch r.Op {
	case Interrupt:
		if u.cancel != nil {
			u.cancel()
		}
	case Input:
		if u.feed != nil {
			select {
			case u.feed <- r.Data:
			default: // more than the protocol allows: it is lost
			}
		}
	case End:
		u.end()
	case Resize:
		if u.cancel != nil && r.Size != nil {
			select {
			case <-u.sizes: // an older one that nobody took
			default:
			}
			u.sizes <- *r.Size
		}
	default:
		return false
	}
	return true
}
