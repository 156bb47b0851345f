package apprpc

import (
	"context"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "sendim/plugins/apprpc/proto"
)

// Version is the version of the protocol in proto/app.proto.
const Version = 1

const (
	cookieName  = "SENDIM_APP"
	cookieValue = "1dc6a4c2-sendim-app"

	// A message is closed when it holds this many events or commands, or about this many
	// bytes: enough for the cost of a message not to matter, little enough for both sides to
	// work at once on a long batch.
	batchEvents = 512
	batchBytes  = 4 << 20

	// messageMax is what gRPC accepts at most: a single event or an app's state.
	messageMax = 64 << 20

	window     = 4 << 20 // HTTP/2 flow control: one full message in flight does not stall
	connWindow = 2 * window

	progressDefault = time.Second
)

func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{ProtocolVersion: Version, MagicCookieKey: cookieName, MagicCookieValue: cookieValue}
}

const pluginKind = "app"

// grpcPlugin is what go-plugin asks of both sides.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	server pb.AppServer // of the app's side
}

func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterAppServer(s, p.server)
	return nil
}

func (p *grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pb.NewAppClient(conn), nil
}
