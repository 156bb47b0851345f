package apprpc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	pb "sendim/plugins/apprpc/proto"
)

// echo answers every packet-in by sending it back, and every timer as its name says. Its
// state is the number of events it has seen.
type echo struct{ seen uint64 }

func (e *echo) Manifest() app.Manifest {
	return app.Manifest{Name: "echo", Version: "1.2", Doc: "sends back", Tables: 2, Chains: true, Stateful: true,
		Parameters: []app.Parameter{{Name: "mode", Type: app.Choice, Default: "a", Choices: []string{"a", "b"}, Doc: "which"}, {Name: "n", Type: app.Int, Default: "1", Least: "1", Most: "9", Doc: "how many"}},
		Needs:      []app.Need{app.NeedMeters}, Services: []app.Service{app.ServiceARP}, Heeds: []app.Matter{app.MatterTenants}}
}

func (e *echo) React(v *app.Event, out *app.Commands) {
	e.seen++
	switch v.Kind {
	case app.KindPacketIn:
		p := v.PacketIn
		out.Send(p.Port.Switch, flow.PacketOut{InPort: uint32(p.Port.Port), Actions: []flow.Action{flow.Out(flow.PortInPort)}, Frame: p.Frame})
	case app.KindTimer:
		e.timer(v.Timer.Name, out)
	}
}

func (e *echo) timer(name string, out *app.Commands) {
	verb, arg, _ := strings.Cut(name, ":")
	span, _ := time.ParseDuration(arg)
	var n int
	_, _ = fmt.Sscan(arg, &n)
	switch verb {
	case "sleep":
		time.Sleep(span)
		out.Report("slept", span.Seconds())
	case "panic":
		var m map[string]int
		m[arg]++
	case "exit":
		fmt.Fprintln(os.Stderr, "I have had enough")
		os.Exit(n)
	case "overflow":
		var dig func(int) int
		dig = func(i int) int { return dig(i+1) + 1 }
		dig(0)
	case "rules":
		for i := range n {
			out.Install(model.NodeID(i), flow.Rule{Priority: 7, Match: flow.Match{}.With(flow.IPv4Dst, uint64(i)).With(flow.EthType, 0x800), Apply: []flow.Action{flow.Out(1)}})
		}
	case "eat":
		var kept [][]byte
		for range n {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			kept = append(kept, b)
		}
		out.Report("ate", float64(len(kept)))
	case "print":
		fmt.Println("to standard output:", arg)
		fmt.Fprintln(os.Stderr, "to standard error:", arg)
		out.Log("info", arg)
	case "garbage":
		for range 200_000 {
			os.Stdout.WriteString("1|1|tcp|garbage|grpc|")
		}
		os.Stdout.WriteString("\n")
		out.Log("info", "written")
	case "child":
		c := exec.Command("sleep", "1000")
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Start(); err != nil {
			panic(err)
		}
		out.Report("child", float64(c.Process.Pid))
	case "wrong":
		out.List = append(out.List, app.Command{Kind: app.KindRule, ID: 1})
	default:
		out.Log("info", name)
	}
}

func (e *echo) Save() ([]byte, error) {
	if e.seen == 13 {
		return nil, errors.New("thirteen cannot\nbe saved")
	}
	return fmt.Append(nil, e.seen), nil
}

func (e *echo) Restore(b []byte) error {
	_, err := fmt.Sscan(string(b), &e.seen)
	return err
}

// plain has no state.
type plain struct{ echo *echo }

func (p plain) Manifest() app.Manifest                { return app.Manifest{Name: "plain", Tables: 1} }
func (p plain) React(e *app.Event, out *app.Commands) { p.echo.React(e, out) }

func testApp(kind string) {
	switch kind {
	case "echo":
		Serve(&echo{})
	case "plain":
		Serve(plain{&echo{}})
	case "loud": // writes before the handshake
		fmt.Println("hello, I am an app")
		Serve(&echo{})
	case "other-version":
		hello := handshake()
		hello.ProtocolVersion = 7
		os.Setenv("PLUGIN_PROTOCOL_VERSIONS", "7")
		serve(&server{app: &echo{}, stderr: os.Stderr}, hello)
	case "rude":
		serve(rude{}, handshake())
	case "no-plugin":
		fmt.Fprintln(os.Stderr, "usage: something else")
		os.Exit(3)
	case "mute":
		time.Sleep(time.Hour)
	case "closed":
		os.Stdout.Close()
		time.Sleep(time.Hour)
	case "deaf": // says hello and then nothing
		fmt.Printf("1|1|unix|%s/none|grpc|\n", os.Getenv(plugin.EnvUnixSocketDir))
		time.Sleep(time.Hour)
	case "nameless":
		Serve(nameless{})
	case "early-panic":
		panic("no configuration")
	case "host":
		testHost()
	default:
		fmt.Fprintln(os.Stderr, "no such test app:", kind)
		os.Exit(1)
	}
}

type nameless struct{}

func (nameless) Manifest() app.Manifest          { return app.Manifest{} }
func (nameless) React(*app.Event, *app.Commands) {}

// testHost launches an app, says which, and waits to be killed.
func testHost() {
	i, err := launchTest("echo", nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if os.Getenv("APPRPC_TEST_HANG") != "" {
		go func() { _ = i.Handle(ctxBackground(), []app.Event{timer("sleep:1h")}, func(int, []app.Command) {}) }()
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println(i.(*instance).proc.ID())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

// rude is an app in another language, as it were: it writes its messages itself, and
// breaks the protocol in the way that a timer's name says.
type rude struct{ pb.UnimplementedAppServer }

func (rude) GetManifest(context.Context, *pb.GetManifestRequest) (*pb.Manifest, error) {
	return &pb.Manifest{Name: "rude", Tables: 1}, nil
}

func (rude) Handle(stream grpc.BidiStreamingServer[pb.HandleRequest, pb.HandleResponse]) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		say := func(event uint32, done bool, commands ...*pb.Command) {
			r := &pb.HandleResponse{Batch: request.Batch, Done: done}
			if len(commands) > 0 {
				r.Answers = []*pb.Answer{{Event: event, Commands: commands}}
			}
			_ = stream.Send(r)
		}
		log := &pb.Command{Id: 1, Part: &pb.Command_Log{Log: &pb.Log{Text: "a line"}}}
		switch request.Events[0].GetTimer().GetName() {
		case "split":
			say(0, false, log)
			say(0, false)
			say(0, false, log, log)
			say(1, false, log)
			say(1, true, log)
		case "batch":
			request.Batch++
			say(0, true, log)
		case "backwards":
			say(1, false, log)
			say(0, true, log)
		case "beyond":
			say(2, true, log)
		case "unknown":
			say(0, true, &pb.Command{Id: 7})
		case "endless":
			for stream.Context().Err() == nil {
				say(0, false, log, log, log)
			}
		case "end":
			return nil
		case "refuse":
			return status.Error(codes.PermissionDenied, "not\nme")
		case "failure":
			_ = stream.Send(&pb.HandleResponse{Batch: request.Batch, Failure: &pb.Failure{}})
		}
	}
}
