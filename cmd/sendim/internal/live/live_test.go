package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sendim/cmd/sendim/internal/prompt"
	"sendim/cmd/sendim/internal/tty"
)

// fake answers as a run would.
type fake struct{}

func (fake) Do(ctx context.Context, l prompt.Line) error {
	switch word, rest, _ := strings.Cut(l.Text, " "); word {
	case "echo":
		fmt.Fprintln(l.Out, rest, l.Dir)
	case "both":
		io.WriteString(l.Out, "out\n")
		io.WriteString(l.Err, "err\n")
	case "bytes":
		l.Out.Write([]byte("a\xff\xfe"))
		l.Err.Write([]byte{0xc3}) // half an ä
		l.Err.Write([]byte{0xa4})
	case "cat": // all of its input
		in := l.In()
		defer in.Close()
		n, err := io.Copy(l.Out, in)
		fmt.Fprintf(l.Err, "%d bytes", n)
		return err
	case "head": // one byte of it
		in := l.In()
		defer in.Close()
		_, err := io.CopyN(l.Out, in, 1)
		if l.Left != nil {
			l.Left([]byte("rest"))
		}
		return err
	case "size":
		fmt.Fprintf(l.Out, "%s %d %d\n", l.Terminal.Name, l.Terminal.Size.Rows, l.Terminal.Size.Cols)
		in := l.In()
		defer in.Close()
		s := <-l.Terminal.Sizes
		fmt.Fprintf(l.Out, "%d %d\n", s.Rows, s.Cols)
	case "hang":
		io.WriteString(l.Out, "hanging\n")
		<-ctx.Done()
		return ctx.Err()
	case "code":
		return &prompt.ExitError{Node: "h1", Program: "x", Code: 7}
	case "exit":
		return prompt.ErrLeave
	default:
		return errors.New("no good")
	}
	return nil
}

func (fake) Complete(_ context.Context, text string) ([]string, error) {
	return []string{text + "1", text + "2"}, nil
}

func (fake) Status(context.Context) (prompt.Status, error) { return prompt.Status{Run: "x"}, nil }

// serving starts a server; the folder's path is too long for a socket's address.
func serving(t testing.TB) (dir string, stopped chan struct{}) {
	dir = filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stopped = make(chan struct{})
	s, err := Serve(t.Context(), dir, fake{}, func() { close(stopped) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return dir, stopped
}

func dialed(t testing.TB, dir string) *Client {
	c, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestALineSaysElsewhereWhatItWouldSayHere(t *testing.T) {
	dir, _ := serving(t)
	c := dialed(t, dir)
	for _, x := range []struct{ line, out, errs string }{
		{"echo a  b", "a  b /somewhere\n", ""},
		{"both", "out\n", "err\n"},
		{"bytes", "a\xff\xfe", "ä"},
	} {
		var out, errs bytes.Buffer
		if err := c.Do(t.Context(), prompt.Line{Text: x.line, Dir: "/somewhere", Out: &out, Err: &errs}); err != nil || out.String() != x.out || errs.String() != x.errs {
			t.Errorf("%s: %q %q %v", x.line, out.String(), errs.String(), err)
		}
	}
	var remote *RemoteError
	if err := c.Execute(t.Context(), "code", io.Discard); !errors.As(err, &remote) || remote.Code != 7 {
		t.Errorf("a program's code: %v", err)
	}
	if err := c.Execute(t.Context(), "nonsense", io.Discard); !errors.As(err, &remote) || remote.Text != "no good" || remote.Code != 0 {
		t.Errorf("a fault: %v", err)
	}
	if err := c.Execute(t.Context(), "exit", io.Discard); !errors.Is(err, prompt.ErrLeave) {
		t.Errorf("exit: %v", err)
	}
	if words, err := c.Complete(t.Context(), "h"); err != nil || strings.Join(words, " ") != "h1 h2" {
		t.Errorf("completion: %q %v", words, err)
	}
	if s, err := c.Status(t.Context()); err != nil || s.Run != "x" {
		t.Errorf("status: %v %v", s, err)
	}
}

func TestAProgramIsFedAndWhatItDoesNotTakeComesBack(t *testing.T) {
	dir, _ := serving(t)
	c := dialed(t, dir)
	large := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	var out, errs bytes.Buffer
	err := c.Do(t.Context(), prompt.Line{Text: "cat", Out: &out, Err: &errs, In: func() io.ReadCloser { return io.NopCloser(bytes.NewReader(large)) }})
	if err != nil || !bytes.Equal(out.Bytes(), large) || errs.String() != "1600000 bytes" {
		t.Errorf("%d bytes come back, %q, %v", out.Len(), errs.String(), err)
	}
	var left []byte
	out.Reset()
	r, w := io.Pipe()
	go w.Write([]byte("ab"))
	err = c.Do(t.Context(), prompt.Line{Text: "head", Out: &out, Err: &errs, In: func() io.ReadCloser { return r }, Left: func(b []byte) { left = append(left, b...) }})
	if err != nil || out.String() != "a" || !strings.HasPrefix(string(left), "rest") {
		t.Errorf("it takes %q, %q is left, %v", out.String(), left, err)
	}
	if err := c.Execute(t.Context(), "echo on", io.Discard); err != nil {
		t.Errorf("after that: %v", err)
	}
}

func TestATerminalMayChangeItsSize(t *testing.T) {
	dir, _ := serving(t)
	c := dialed(t, dir)
	sizes := make(chan tty.Size, 1)
	sizes <- tty.Size{Rows: 3, Cols: 4}
	r, w := io.Pipe()
	defer w.Close()
	var out bytes.Buffer
	err := c.Do(t.Context(), prompt.Line{Text: "size", Out: &out, Err: &out, In: func() io.ReadCloser { return r },
		Terminal: &prompt.Terminal{Name: "vt100", Size: tty.Size{Rows: 1, Cols: 2}, Sizes: sizes}})
	if err != nil || out.String() != "vt100 1 2\n3 4\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}

// first closes a channel with the first write.
type first struct {
	once sync.Once
	come chan struct{}
}

func (f *first) Write(p []byte) (int, error) {
	f.once.Do(func() { close(f.come) })
	return len(p), nil
}

func TestALineThatIsInterruptedEndsAndTheNextIsCarriedOut(t *testing.T) {
	dir, _ := serving(t)
	c := dialed(t, dir)
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		begun := &first{come: make(chan struct{})}
		go func() { <-begun.come; cancel() }()
		if err := c.Execute(ctx, "hang", begun); !errors.Is(err, context.Canceled) {
			t.Fatalf("a line that was interrupted: %v", err)
		}
		if err := c.Execute(t.Context(), "echo x", io.Discard); err != nil {
			t.Fatalf("the one after it: %v", err)
		}
		deadline, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, _ = c.Complete(deadline, "slow")
		cancel()
	}
}

func TestSeveralAskAtOnceAndOneMayStopTheRun(t *testing.T) {
	dir, stopped := serving(t)
	var all sync.WaitGroup
	for i := range 8 {
		c := dialed(t, dir)
		all.Go(func() {
			for range 50 {
				var out bytes.Buffer
				if err := c.Execute(t.Context(), fmt.Sprint("echo ", i), &out); err != nil || out.String() != fmt.Sprint(i, " \n") {
					t.Errorf("%q %v", out.String(), err)
				}
			}
		})
	}
	all.Wait()
	if err := dialed(t, dir).Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-stopped
}

func TestNothingIsLeftWhenBothSidesHaveGone(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	s, err := Serve(t.Context(), dir, fake{}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	begun := &first{come: make(chan struct{})}
	go func() { ended <- c.Execute(t.Context(), "hang", begun) }()
	<-begun.come
	s.Close()
	<-ended
	if err := c.Execute(t.Context(), "echo", io.Discard); !errors.Is(err, prompt.ErrGone) {
		t.Errorf("of a run that has gone: %v", err)
	}
	c.Close()
	if Alive(dir) {
		t.Error("it lives")
	}
	if _, err := Dial(dir); !errors.Is(err, ErrDead) {
		t.Errorf("dialled again: %v", err)
	}
}

// FuzzRequests sends a run anything: it answers or hangs up, and goes on answering others.
func FuzzRequests(f *testing.F) {
	for _, s := range []string{`{"op":"line","line":"echo x"}`, `{"op":"input","data":"YQ=="}` + "\n" + `{"op":"end"}`, `{"op":"line","line":"cat","reads":true}` + "\n" + `{"op":"input","data":"YQ=="}` + "\n" + `{"op":"end"}` + "\n" + `{"op":"end"}`,
		`{"op":"line","line":"size","reads":true,"size":{"rows":1,"cols":1}}` + "\n" + `{"op":"resize","size":{"rows":-1,"cols":70000}}`, `{"op":"interrupt"}`, `{"op":"complete"}`, `{"op":3}`, "\x00", `{"op":"line","line":"hang"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("stop")) {
			return // that it may
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		here, there := net.Pipe()
		ended := make(chan struct{})
		go func() { answer(ctx, there, guarded{}, func() {}); close(ended) }()
		go io.Copy(io.Discard, here)
		_ = here.SetWriteDeadline(time.Now().Add(2 * time.Second))
		_, _ = here.Write(append(data, '\n'))
		here.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("it does not end")
		}
	})
}

// guarded is fake for requests that lack what its lines need.
type guarded struct{ fake }

func (g guarded) Do(ctx context.Context, l prompt.Line) error {
	if l.In == nil || l.Terminal == nil && strings.HasPrefix(l.Text, "size") {
		return errors.New("no input")
	}
	if strings.HasPrefix(l.Text, "size") { // it waits for one
		in := l.In()
		defer in.Close()
		select {
		case <-l.Terminal.Sizes:
		case <-ctx.Done():
		}
		return nil
	}
	if strings.HasPrefix(l.Text, "cat") || strings.HasPrefix(l.Text, "head") {
		in := l.In()
		stop := context.AfterFunc(ctx, func() { in.Close() })
		defer stop()
		_, err := io.Copy(io.Discard, in)
		return err
	}
	return g.fake.Do(ctx, l)
}
