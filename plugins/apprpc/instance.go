package apprpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"sendim/core/app"
	pb "sendim/plugins/apprpc/proto"
)

// ahead is how many messages of events may be unanswered: while the app works through
// one, the next lies ready and the answers to the last are decoded.
const ahead = 3

// instance is an app in a process of its own.
type instance struct {
	o        Options
	client   *plugin.Client
	proc     *process
	log      *tail
	remote   pb.AppClient
	manifest app.Manifest

	stream grpc.BidiStreamingClient[pb.HandleRequest, pb.HandleResponse]
	life   context.Context // of the stream; ends with Close or when the app is lost
	cancel context.CancelFunc
	send   chan *pb.HandleRequest
	recv   chan reply
	work   sync.WaitGroup // the stream's two goroutines

	enc   encoder
	batch uint64
	lost  error

	closing sync.Once
	closed  chan struct{}
}

// reply is a response, decoded.
type reply struct {
	batch   uint64
	answers []decodedAnswer
	bytes   int // of a message about a single event
	done    bool
	failure string
	err     error // the stream has ended, or the message could not be read
}

type decodedAnswer struct {
	event    int
	commands []app.Command
}

func newInstance(o Options, client *plugin.Client, proc *process, log *tail, remote pb.AppClient) *instance {
	return &instance{o: o, client: client, proc: proc, log: log, remote: remote, closed: make(chan struct{}),
		send: make(chan *pb.HandleRequest, ahead), recv: make(chan reply, 4)}
}

// greet asks for the manifest and opens the stream.
func (i *instance) greet(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, i.o.Handshake)
	defer cancel()
	m, err := i.remote.GetManifest(short, &pb.GetManifestRequest{})
	if err != nil {
		return fmt.Errorf("application %s does not give its manifest: %w", i.o.Path, i.broken(ctx, err))
	}
	i.manifest = decodeManifest(m)
	if i.manifest.Name == "" {
		return fmt.Errorf("application %s has a manifest without a name", i.o.Path)
	}
	i.life, i.cancel = context.WithCancel(context.Background())
	if i.stream, err = i.remote.Handle(i.life); err != nil {
		return fmt.Errorf("application %s takes no events: %w", i.o.Path, i.broken(ctx, err))
	}
	i.work.Add(2)
	go i.sender()
	go i.receiver()
	return nil
}

// broken says in plain words why a call failed.
func (i *instance) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if status.Code(err) == codes.DeadlineExceeded {
		return fmt.Errorf("it was silent for %v%s", i.o.Handshake, said(i.log))
	}
	how, ended := i.ended()
	if much, ate := i.proc.greedy(); ate {
		return fmt.Errorf("it %s", much)
	}
	if ended {
		return fmt.Errorf("it ended (%s)%s", how, said(i.log))
	}
	return errors.New(oneLine(status.Convert(err).Message()))
}

// ended waits a moment for an app whose connection broke to end, and says how.
func (i *instance) ended() (string, bool) {
	select {
	case <-i.proc.done:
	case <-time.After(time.Second):
		return "", false
	}
	i.proc.drain()
	return ending(i.proc), true
}

func (i *instance) sender() {
	defer i.work.Done()
	for {
		select {
		case request := <-i.send:
			if i.stream.Send(request) != nil {
				return // the receiver learns why
			}
		case <-i.life.Done():
			return
		}
	}
}

func (i *instance) receiver() {
	defer i.work.Done()
	var dec decoder
	for {
		response, err := i.stream.Recv()
		r := reply{err: err}
		if err == nil {
			r = decodeResponse(&dec, response)
		}
		select {
		case i.recv <- r:
		case <-i.life.Done():
			return
		}
		if r.err != nil {
			return
		}
	}
}

func decodeResponse(dec *decoder, p *pb.HandleResponse) reply {
	r := reply{batch: p.GetBatch(), done: p.GetDone()}
	if f := p.GetFailure(); f != nil {
		r.failure = oneLine(f.GetReason())
		if r.failure == "" {
			r.failure = "gave up without a reason"
		}
	}
	if len(p.GetAnswers()) == 1 { // may continue an earlier message
		r.bytes = proto.Size(p)
	}
	r.answers = make([]decodedAnswer, len(p.GetAnswers()))
	for n, a := range p.GetAnswers() {
		commands := make([]app.Command, len(a.GetCommands()))
		for j, c := range a.GetCommands() {
			dec.command(c, &commands[j])
		}
		r.answers[n] = decodedAnswer{int(a.GetEvent()), commands}
	}
	if err := dec.take(); err != nil {
		r.err = &protocolError{err.Error()}
	}
	return r
}

type protocolError struct{ what string }

func (e *protocolError) Error() string { return e.what }

// Manifest is what the app said at its start.
func (i *instance) Manifest() app.Manifest { return i.manifest }

// Save asks for the app's state; nil for an app without one.
func (i *instance) Save(ctx context.Context) ([]byte, error) {
	if i.lost != nil {
		return nil, i.lost
	}
	ctx, cancel := context.WithTimeout(ctx, i.o.Silence)
	defer cancel()
	r, err := i.remote.Save(ctx, &pb.SaveRequest{})
	if err != nil {
		return nil, i.failed(ctx, "save", err)
	}
	return r.GetState(), nil
}

// Restore gives the app a state that Save returned.
func (i *instance) Restore(ctx context.Context, state []byte) error {
	if i.lost != nil {
		return i.lost
	}
	ctx, cancel := context.WithTimeout(ctx, i.o.Silence)
	defer cancel()
	if _, err := i.remote.Restore(ctx, &pb.RestoreRequest{State: state}); err != nil {
		return i.failed(ctx, "restore", err)
	}
	return nil
}

// failed tells an app's own refusal, after which it lives on, from its loss. An app that
// does not know Save and Restore has no state.
func (i *instance) failed(ctx context.Context, call string, err error) error {
	switch status.Code(err) {
	case codes.Unimplemented:
		return nil
	case codes.Unknown, codes.InvalidArgument, codes.FailedPrecondition, codes.ResourceExhausted:
		return fmt.Errorf("application %s cannot %s its state: %s", i.manifest.Name, call, oneLine(status.Convert(err).Message()))
	case codes.DeadlineExceeded:
		return i.lose(fmt.Sprintf("was silent for %v when asked to %s its state", i.o.Silence, call), nil)
	case codes.Canceled:
		return i.lose("was abandoned when asked to "+call+" its state", ctx.Err())
	}
	return i.loseEnded(err)
}

// Close ends the app: it is asked to, and killed when it does not within Options.Grace.
// It may be called at any time and more than once; what waits for the app gets *Lost.
func (i *instance) Close() error {
	i.closing.Do(func() {
		if i.cancel != nil {
			i.cancel()
		}
		last := time.AfterFunc(i.o.Grace, i.proc.kill)
		i.client.Kill()
		last.Stop()
		i.work.Wait()
		<-i.proc.done
		i.proc.drain()
		i.log.stop()
		close(i.closed)
	})
	<-i.closed
	return nil
}
