package shortestpath_test

import (
	"testing"

	"sendim/plugins/apptest"
	shortestpath "sendim/plugins/shortest-path"
)

func TestEveryHostReachesEveryOther(t *testing.T) {
	for _, topo := range []string{"single,3", "linear,4", "tree,2,2", "torus,3,3", "fat-tree,4"} {
		for _, mode := range []string{"proactive", "reactive"} {
			for _, ecmp := range []string{"none", "pair", "group"} {
				t.Run(topo+" "+mode+" "+ecmp, func(t *testing.T) {
					b := apptest.New(t, shortestpath.New(), topo, map[string]string{"mode": mode, "ecmp": ecmp})
					if failed := b.PingAll(); len(failed) > 0 {
						t.Errorf("%d pings failed, the first %+v", len(failed), failed[0])
					}
					if b.Looped > 0 || len(b.Refused) > 0 {
						t.Errorf("%d packets looped; refused: %v", b.Looped, b.Refused)
					}
				})
			}
		}
	}
}
