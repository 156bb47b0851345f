package track

import (
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/model"
	learningswitch "sendim/plugins/learning-switch"
	loadbalancer "sendim/plugins/load-balancer"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/plugins/throttle"
)

// Every app that is shipped serves a network that nobody described, alone and in front of
// another.
func TestEveryAppServesANetworkThatNobodyDescribed(t *testing.T) {
	for name, apps := range map[string][]func() app.App{
		"learning-switch":                {learningswitch.New},
		"shortest-path":                  {shortestpath.New},
		"load-balancer":                  {loadbalancer.New},
		"throttle":                       {throttle.New},
		"throttle, shortest-path":        {throttle.New, shortestpath.New},
		"throttle, learning-switch":      {throttle.New, learningswitch.New},
		"load-balancer, shortest-path":   {loadbalancer.New, shortestpath.New},
		"load-balancer, learning-switch": {loadbalancer.New, learningswitch.New},
	} {
		t.Run(name, func(t *testing.T) {
			w, hosts := ring(t, 4, Options{}, apps...)
			w.run(2 * model.Second)
			if failed := w.all(hosts...); len(failed) > 0 {
				t.Errorf("do not reach each other: %v\n%s\n%s", failed, w.shape(), strings.Join(w.notes, "\n"))
			}
		})
	}
}
