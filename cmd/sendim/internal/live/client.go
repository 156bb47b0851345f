package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"sendim/cmd/sendim/internal/prompt"
)

// ErrDead says that nobody answers on a run's socket.
var ErrDead = errors.New("the run does not live any more")

// Client is a connection to a living run. It is not safe for concurrent use.
type Client struct {
	conn net.Conn
	enc  *json.Encoder
	dec  *json.Decoder
}

// Dial reaches the run in a directory; ErrDead when it is over.
func Dial(dir string) (*Client, error) {
	conn, err := dial(dir)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", ErrDead, filepath.Base(dir))
	}
	return &Client{conn, json.NewEncoder(conn), json.NewDecoder(conn)}, nil
}

// Alive says whether a run answers: one whose process was killed leaves a socket behind
// that nobody listens on.
func Alive(dir string) bool {
	conn, err := dial(dir)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Close ends the connection.
func (c *Client) Close() { c.conn.Close() }

// Execute carries out a line in the run and writes what comes back as it comes.
func (c *Client) Execute(ctx context.Context, line string, out io.Writer) error {
	r, err := c.ask(ctx, Request{Op: Line, Line: line}, out)
	switch {
	case err != nil:
		return err
	case r.Leave:
		return prompt.ErrLeave
	case r.Error != "":
		return &RemoteError{r.Error, r.Code}
	}
	return nil
}

// Words lists what a line may begin with.
func (c *Client) Words(ctx context.Context) ([]string, error) {
	r, err := c.ask(ctx, Request{Op: Words}, io.Discard)
	return r.Words, err
}

// Status says where the run stands.
func (c *Client) Status(ctx context.Context) (prompt.Status, error) {
	r, err := c.ask(ctx, Request{Op: State}, io.Discard)
	switch {
	case err != nil:
		return prompt.Status{}, err
	case r.Error != "" || r.State == nil:
		return prompt.Status{}, &RemoteError{Text: r.Error}
	}
	return *r.State, nil
}

// Stop asks the run to end.
func (c *Client) Stop(ctx context.Context) error {
	_, err := c.ask(ctx, Request{Op: Stop}, io.Discard)
	return err
}

func (c *Client) ask(ctx context.Context, r Request, out io.Writer) (Reply, error) {
	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	defer stop()
	if err := c.enc.Encode(r); err != nil {
		return Reply{}, c.explain(ctx, err)
	}
	for {
		var reply Reply
		if err := c.dec.Decode(&reply); err != nil {
			return Reply{}, c.explain(ctx, err)
		}
		if reply.Out != "" {
			if _, err := io.WriteString(out, reply.Out); err != nil {
				return Reply{}, err
			}
		}
		if reply.Done {
			return reply, nil
		}
	}
}

func (c *Client) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
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
