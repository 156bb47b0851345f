package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"sendim/cmd/sendim/internal/prompt"
)

// ErrDead says that nobody answers on a run's socket.
var ErrDead = prompt.ErrGone

// Client is a connection to a living run. It is not safe for concurrent use.
type Client struct {
	conn net.Conn
	mu   sync.Mutex // held to send
	enc  *json.Encoder
	dec  *json.Decoder
}

// ErrOthers says that a run belongs to somebody else.
var ErrOthers = errors.New("the run belongs to another user: only that one, and root, can reach it (sudo)")

// Dial reaches the run in a directory; ErrDead when it is over, ErrOthers when it is not
// this user's.
func Dial(dir string) (*Client, error) {
	conn, err := dial(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w (%s)", ErrOthers, filepath.Base(dir))
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", ErrDead, filepath.Base(dir))
	}
	return &Client{conn: conn, enc: json.NewEncoder(conn), dec: json.NewDecoder(conn)}, nil
}

// Alive says whether a run answers: one whose process was killed leaves a socket behind
// that nobody listens on. One that belongs to somebody else is taken to live.
func Alive(dir string) bool {
	conn, err := dial(dir)
	if errors.Is(err, fs.ErrPermission) {
		return true
	}
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Close ends the connection.
func (c *Client) Close() { c.conn.Close() }

// Do carries out a line in the run and writes what comes back as it comes. When ctx ends
// the line is interrupted, and the run lives on.
func (c *Client) Do(ctx context.Context, l prompt.Line) error {
	ask := Request{Op: Line, Line: l.Text, Dir: l.Dir, Reads: l.In != nil}
	if l.Terminal != nil {
		ask.Terminal, ask.Size = l.Terminal.Name, &l.Terminal.Size
	}
	r, err := c.ask(ctx, ask, &l)
	switch {
	case err != nil:
		return err
	case r.Leave:
		return prompt.ErrLeave
	case r.Error != "" && ctx.Err() != nil:
		return ctx.Err()
	case r.Error != "":
		return &RemoteError{r.Error, r.Code}
	}
	return nil
}

// Execute carries out a line that needs no input.
func (c *Client) Execute(ctx context.Context, text string, out io.Writer) error {
	return c.Do(ctx, prompt.Line{Text: text, Out: out, Err: out})
}

// Complete lists what the last word of a text may be.
func (c *Client) Complete(ctx context.Context, text string) ([]string, error) {
	r, err := c.ask(ctx, Request{Op: Complete, Line: text}, nil)
	return r.Words, err
}

// Status says where the run stands.
func (c *Client) Status(ctx context.Context) (prompt.Status, error) {
	r, err := c.ask(ctx, Request{Op: State}, nil)
	switch {
	case err != nil:
		return prompt.Status{}, err
	case r.Error != "" || r.State == nil:
		return prompt.Status{}, &RemoteError{Text: r.Error}
	}
	return *r.State, nil
}

// Stop asks the run to end, which may be before it can answer.
func (c *Client) Stop(ctx context.Context) error {
	_, err := c.ask(ctx, Request{Op: Stop}, nil)
	if errors.Is(err, ErrDead) {
		return nil
	}
	return err
}

func (c *Client) send(r Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enc.Encode(r)
}

// patience is how long a run may take to leave a request that was interrupted.
const patience = 10 * time.Second

// ask sends a request and reads its replies; what a line shows and reads is l's.
func (c *Client) ask(ctx context.Context, r Request, l *prompt.Line) (Reply, error) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = c.send(Request{Op: Interrupt})
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	})
	defer func() {
		if !stop() { // the next request has all the time again
			<-interrupted
			_ = c.conn.SetReadDeadline(time.Time{})
		}
	}()
	if err := c.send(r); err != nil {
		return Reply{}, c.explain(ctx, err)
	}
	f := &feeder{client: c}
	defer f.end()
	for {
		var reply Reply
		if err := c.dec.Decode(&reply); err != nil {
			return Reply{}, c.explain(ctx, err)
		}
		switch {
		case l == nil:
		case reply.Begin:
			f.begin(l)
		case reply.Taken:
			f.taken()
		}
		if l != nil {
			if err := show(l, &reply); err != nil {
				return Reply{}, err
			}
			if l.Left != nil && len(reply.Left) > 0 {
				l.Left(reply.Left)
			}
		}
		if reply.Done {
			if left := f.end(); l != nil && l.Left != nil && len(left) > 0 {
				l.Left(left)
			}
			return reply, nil
		}
	}
}

// show writes what a reply brings.
func show(l *prompt.Line, r *Reply) error {
	for _, p := range []struct {
		to   io.Writer
		data []byte
	}{{l.Out, []byte(r.Out)}, {l.Err, []byte(r.Err)}, {map[bool]io.Writer{false: l.Out, true: l.Err}[r.Second], r.Raw}} {
		if len(p.data) > 0 && p.to != nil {
			if _, err := p.to.Write(p.data); err != nil {
				return err
			}
		}
	}
	return nil
}

// feeder sends a program what it reads.
type feeder struct {
	client *Client
	in     io.ReadCloser
	next   chan struct{} // one for each part that may be sent
	gone   chan struct{} // closed at the end
	fed    sync.WaitGroup
	mu     sync.Mutex
	way    []byte // what was sent and not taken
}

func (f *feeder) begin(l *prompt.Line) {
	f.end()
	f.in, f.next, f.gone = l.In(), make(chan struct{}, 1), make(chan struct{})
	f.next <- struct{}{}
	f.fed.Go(func() {
		buf := make([]byte, mostData)
		for {
			select { // first: what is not read is left to others
			case <-f.next:
			case <-f.gone:
				return
			}
			n, err := f.in.Read(buf)
			if n > 0 {
				f.mu.Lock()
				f.way = bytes.Clone(buf[:n])
				f.mu.Unlock()
				if f.client.send(Request{Op: Input, Data: buf[:n]}) != nil {
					return
				}
			}
			if err != nil {
				_ = f.client.send(Request{Op: End})
				return
			}
		}
	})
	if l.Terminal == nil || l.Terminal.Sizes == nil {
		return
	}
	gone, sizes := f.gone, l.Terminal.Sizes
	f.fed.Go(func() {
		for {
			select {
			case s := <-sizes:
				_ = f.client.send(Request{Op: Resize, Size: &s})
			case <-gone:
				return
			}
		}
	})
}

func (f *feeder) taken() {
	f.mu.Lock()
	f.way = nil
	f.mu.Unlock()
	select {
	case f.next <- struct{}{}:
	default:
	}
}

// end gives the input back, and what was read of it and not taken. A Read that hangs, of
// what cannot be given up, is left to its goroutine.
func (f *feeder) end() []byte {
	if f.in == nil {
		return nil
	}
	close(f.gone)
	_ = f.in.Close()
	ended := make(chan struct{})
	go func() { f.fed.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(100 * time.Millisecond):
	}
	f.in = nil
	f.mu.Lock()
	defer f.mu.Unlock()
	left := f.way
	f.way = nil
	return left
}

func (c *Client) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return ErrDead
	}
	return fmt.Errorf("talk to the run: %w", err)
}

// RemoteError is what went wrong with a line at the other end.
type RemoteError struct {
	Text string
	Code int // of a program on a host, or 0
}

func (e *RemoteError) Error() string { return e.Text }

// Ended is the code with which a program ended, or 0; below 0 it was by a signal.
func (e *RemoteError) Ended() int { return e.Code }
