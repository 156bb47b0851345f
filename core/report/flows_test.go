package report

import (
	"strings"
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
)

func TestFlowsAreListedAsTheyStartedTheLastOnesFirstToBeKept(t *testing.T) {
	c := NewCollector(network(t))
	start := func(id string, at model.Time) {
		c.Emit(&trace.Entry{At: at, Kind: trace.FlowStart, Flow: id, Node: "h1"})
	}
	start("b", 1)
	start("a", 2)
	start("web-1", 3)
	c.Emit(&trace.Entry{At: 4, Kind: trace.FlowEnd, Result: &trace.FlowResult{ID: "a", From: "h1", To: "h2", Start: 2, Finish: 4}})
	all := func(string) bool { return true }
	list, of := c.Begun(all, 2)
	if of != 3 || len(list) != 2 || list[0].ID != "a" || list[0].Flow == nil || !list[0].Flow.Finished() || list[1].ID != "web-1" || list[1].Flow != nil || list[1].Start != 3 || list[1].From != "h1" {
		t.Errorf("%d: %+v", of, list)
	}
	list, of = c.Begun(func(id string) bool { return strings.HasPrefix(id, "b") }, 2)
	if of != 1 || len(list) != 1 || list[0].ID != "b" {
		t.Errorf("%d: %+v", of, list)
	}
}
