package cli

import (
	"fmt"

	"sendim/core/model"
	"sendim/core/workload"
)

// shownOutages is how many failures are listed one by one.
const shownOutages = 20

// failures tells what random failures a run with a seed will have.
func (c *cli) failures(n *model.Network, seed uint64) error {
	if len(n.Failures) == 0 {
		return nil
	}
	list, err := workload.Outages(n, seed)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for i := range list {
		count[list[i].Change.Cause]++
	}
	for i := range n.Failures {
		f := &n.Failures[i]
		subjects, err := n.Subjects(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "  failures %s: %s (%d) down %.3g%% of the time in the long run; with seed %d they fail %d times\n", f.ID,
			f.Attribute(), len(subjects), 100*f.MTTR.Seconds()/(f.MTBF+f.MTTR).Seconds(), seed, count[f.ID])
	}
	for i := range list {
		if i == shownOutages {
			fmt.Fprintf(c.out, "    and %d more\n", len(list)-i)
			break
		}
		o := &list[i]
		fmt.Fprintf(c.out, "    %.3fs %s for %.3fs\n", o.From.Seconds(), failed(n, &o.Change), (o.Until - o.From).Seconds())
	}
	return nil
}

// failed says what a failure takes down.
func failed(n *model.Network, c *model.Change) string {
	switch c.Kind {
	case model.LinkDown:
		return "link " + n.LinkName(c.Link)
	case model.PortDown:
		return fmt.Sprintf("port %s:%d", n.NodeName(c.Node), c.Port)
	case model.ControlDown:
		return "control channel of " + n.NodeName(c.Node)
	case model.ControllerDown:
		return "the controller"
	}
	return "node " + n.NodeName(c.Node)
}
