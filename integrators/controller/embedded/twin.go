package embedded

import (
	"context"
	"time"

	"sendim/integrators/controller/embedded/wire"
)

// grace is how long the holder of a datapath id has to show that it is there when another
// connection claims the same.
const grace = time.Second

// alive asks a connection for an echo and says whether anything comes within the grace.
// Of two switches with one datapath id the first stays: would the second take its place,
// the first would do the same as soon as it has dialled again, and neither were served.
// A switch that comes back before its loss was noticed finds one that is silent.
func (k *conn) alive(ctx context.Context) bool {
	asked := int64(time.Since(k.owner.began))
	k.tell(item{raw: wire.EchoRequest(k.speaks.Version(), own)})
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(grace)
	defer late.Stop()
	for k.heard.Load() <= asked {
		select {
		case <-tick.C:
		case <-k.ended:
			return false
		case <-late.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}
