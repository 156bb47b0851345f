package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"sendim/cmd/sendim/internal/prompt"
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

func answer(ctx context.Context, conn net.Conn, exec Run, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close()
	go func() {
		<-ctx.Done()
		conn.Close()
	}()
	requests := make(chan Request)
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
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	w := &writer{enc: json.NewEncoder(conn)}
	for r := range requests {
		reply := Reply{Done: true}
		switch r.Op {
		case Words:
			words, err := exec.Words(ctx)
			reply.Words = words
			reply.fail(err)
		case Line:
			reply.fail(exec.Execute(ctx, r.Line, w))
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

func (w *writer) Write(p []byte) (int, error) {
	if err := w.send(Reply{Out: string(p)}); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *writer) send(r Reply) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.enc.Encode(r)
}
