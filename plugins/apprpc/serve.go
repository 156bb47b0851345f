package apprpc

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sendim/core/app"
	pb "sendim/plugins/apprpc/proto"
)

// Serve is the whole main of an app's binary:
//
//	func main() { apprpc.Serve(myapp.New()) }
//
// It returns when the host has closed the app, and ends the process when the host is
// gone or the app panicked. Write nothing to standard output before it; what an app
// writes to standard output or error later goes to the host's log.
func Serve(a app.App) {
	if os.Getenv(cookieName) != cookieValue {
		fmt.Fprintf(os.Stderr, "%s is an application for SENDIM and does not run by itself: name it in a deployment descriptor, <application plugin=...>\n", a.Manifest().Name)
		os.Exit(1)
	}
	serve(&server{app: a, stderr: os.Stderr}, handshake())
}

func serve(s pb.AppServer, hello plugin.HandshakeConfig) {
	go func() { // standard input ends when the host does
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: hello,
		Plugins:         plugin.PluginSet{pluginKind: &grpcPlugin{server: s}},
		Logger:          hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr}),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(messageMax),
				grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(connWindow))...)
		},
	})
}

// server is the app's side of the protocol.
type server struct {
	pb.UnimplementedAppServer
	app    app.App
	stderr *os.File

	streams sync.Once
	turn    sync.Mutex // an app does one thing at a time, whatever the host asks
	out     app.Commands
	enc     encoder
	dec     decoder
	events  slab[app.Event]
}

// settle gives the app its standard error back, which go-plugin would carry over gRPC
// and so lose the last words of a crash; standard output goes the same way.
func (s *server) settle() {
	s.streams.Do(func() { os.Stdout, os.Stderr = s.stderr, s.stderr })
}

func (s *server) GetManifest(context.Context, *pb.GetManifestRequest) (*pb.Manifest, error) {
	s.settle()
	s.turn.Lock()
	defer s.turn.Unlock()
	m := s.app.Manifest()
	return encodeManifest(&m), nil
}

func (s *server) Save(context.Context, *pb.SaveRequest) (*pb.SaveResponse, error) {
	s.settle()
	s.turn.Lock()
	defer s.turn.Unlock()
	st, ok := s.app.(app.Stateful)
	if !ok {
		return &pb.SaveResponse{}, nil
	}
	state, err := st.Save()
	if err != nil {
		return nil, status.Error(codes.Unknown, text(err.Error()))
	}
	return &pb.SaveResponse{State: app.PackState(state, s.out.Issued())}, nil
}

func (s *server) Restore(_ context.Context, r *pb.RestoreRequest) (*pb.RestoreResponse, error) {
	s.settle()
	s.turn.Lock()
	defer s.turn.Unlock()
	if st, ok := s.app.(app.Stateful); ok && len(r.GetState()) > 0 {
		state, issued := app.UnpackState(r.GetState())
		s.out.SetIssued(issued)
		if len(state) == 0 {
			return &pb.RestoreResponse{}, nil
		}
		if err := st.Restore(state); err != nil {
			return nil, status.Error(codes.Unknown, text(err.Error()))
		}
	}
	return &pb.RestoreResponse{}, nil
}

func (s *server) Handle(stream grpc.BidiStreamingServer[pb.HandleRequest, pb.HandleResponse]) error {
	s.settle()
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.batch(stream, request); err != nil {
			return err
		}
	}
}

// batch answers one batch event by event. Answers travel as soon as a message is full or
// the host wants to hear something.
func (s *server) batch(stream grpc.BidiStreamingServer[pb.HandleRequest, pb.HandleResponse], request *pb.HandleRequest) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	progress := time.Duration(request.GetProgressNs())
	if progress <= 0 {
		progress = progressDefault
	}
	o := outbox{stream: stream, response: &pb.HandleResponse{Batch: request.GetBatch()}}
	spoke := time.Now()
	for i, p := range request.GetEvents() {
		e := s.events.get()
		known := s.dec.event(p, e)
		if err := s.dec.take(); err != nil {
			return s.fail(&o, i, fmt.Sprintf("event %d cannot be read: %v", i, err))
		}
		if !known {
			continue
		}
		if problem := s.react(e); problem != "" {
			return s.fail(&o, i, fmt.Sprintf("panicked at event %d (%s): %s", i, e.Kind, problem))
		}
		for j := range s.out.List {
			c, err := s.enc.command(&s.out.List[j])
			if err != nil {
				return s.fail(&o, i, fmt.Sprintf("answered event %d (%s) wrongly: %v", i, e.Kind, err))
			}
			sent, err := o.add(uint32(i), c, commandSize(&s.out.List[j]))
			if err != nil {
				return err
			}
			if sent {
				spoke = time.Now()
			}
		}
		if now := time.Now(); now.Sub(spoke) >= progress {
			if err := o.flush(); err != nil {
				return err
			}
			spoke = now
		}
	}
	o.response.Done = true
	return o.flush()
}

// react lets the app answer one event. A panic comes back as one line; its stack goes
// to standard error.
func (s *server) react(e *app.Event) (problem string) {
	defer func() {
		if r := recover(); r != nil {
			place, stack := panicked()
			problem = oneLine(fmt.Sprint(r)) + place
			fmt.Fprintf(s.stderr, "panic: %v\n%s", r, stack)
		}
	}()
	clear(s.out.List)
	s.out.List = s.out.List[:0]
	if cap(s.out.List) > 1<<16 {
		s.out.List = nil
	}
	s.app.React(e, &s.out)
	return ""
}

// panicked looks from a recovering function at where the panic was: in the app's own
// code, in one word, and as a stack without what is below the app and above it.
func panicked() (place, stack string) {
	pcs := make([]uintptr, 256)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var lines strings.Builder
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "apprpc.(*server).react") {
			break
		}
		if !strings.HasPrefix(f.Function, "runtime.") {
			if place == "" {
				place = fmt.Sprintf(" (%s:%d)", filepath.Base(f.File), f.Line)
			}
			fmt.Fprintf(&lines, "\t%s:%d %s\n", f.File, f.Line, f.Function)
		}
		if !more {
			break
		}
	}
	return place, lines.String()
}

// fail tells the host why the app gives up and ends the process, at the latest a second
// later: after a panic nothing about the app can be trusted.
func (s *server) fail(o *outbox, event int, reason string) error {
	o.response.Failure = &pb.Failure{Event: uint32(event), Reason: text(reason)}
	_ = o.flush() // the exit says it as well
	go func() {
		select {
		case <-o.stream.Context().Done():
		case <-time.After(time.Second):
		}
		os.Exit(2)
	}()
	<-o.stream.Context().Done()
	return status.Error(codes.Aborted, text(reason))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// outbox gathers answers until a message is full.
type outbox struct {
	stream   grpc.BidiStreamingServer[pb.HandleRequest, pb.HandleResponse]
	response *pb.HandleResponse
	commands int
	bytes    int
}

func (o *outbox) add(event uint32, c *pb.Command, size int) (sent bool, err error) {
	if o.commands > 0 && (o.commands >= batchEvents || o.bytes+size > batchBytes) {
		if err := o.flush(); err != nil {
			return false, err
		}
		sent = true
	}
	r := o.response
	if n := len(r.Answers); n == 0 || r.Answers[n-1].Event != event {
		r.Answers = append(r.Answers, &pb.Answer{Event: event})
	}
	last := r.Answers[len(r.Answers)-1]
	last.Commands = append(last.Commands, c)
	o.commands++
	o.bytes += size
	return sent, nil
}

func (o *outbox) flush() error {
	err := o.stream.Send(o.response)
	o.response = &pb.HandleResponse{Batch: o.response.Batch}
	o.commands, o.bytes = 0, 0
	return err
}
