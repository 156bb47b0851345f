package prompt

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"sendim/core"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/core/trace"
)

// passing are the words that move a run in time.
func passing() []command {
	return []command{
		{"pause", "pause", "time stands still, also for a run at work", func(c *call) error { return c.hold(true) }, nil},
		{"resume", "resume", "the counterpart of pause", func(c *call) error { return c.hold(false) }, nil},
		{"step", "step [N]", "let happen what happens at the next N moments (1)", (*call).step, nil},
		{"advance", "advance SPAN", "let time pass, as 1s; unlike run it leaves no trace", (*call).advance, nil},
		{"until", "until TIME|KIND", "let time pass up to a time, or to the next entry of a kind: packet-in", (*call).until, []argument{aKind, nothing}},
		{"seek", "seek TIME", "go to a time; back to an earlier one by doing once more what led there", (*call).seek, nil},
		{"checkpoint", "checkpoint [FILE]", "write the whole run as it is now to a file", (*call).checkpoint, []argument{aFile, nothing}},
		{"restore", "restore FILE", "go on from a checkpoint of this network", (*call).restore, []argument{aFile, nothing}},
	}
}

// Networks up to so many nodes are kept in memory as they were at the beginning, and up to
// so many after each line, for seek.
const (
	rememberedOnce = 20_000
	rememberedEach = 2_000
)

// Remember keeps the run as it is in memory now, and after every line that changes it, so
// that seek can go back. Worlds that cannot do so, and large networks, go without.
func (c *Console) Remember(w *core.World) {
	if !w.Capabilities.Has(backend.Checkpoints) || w.Model.NodeCount() > rememberedOnce {
		return
	}
	c.remembers = w.Mark() == nil && w.Model.NodeCount() <= rememberedEach
}

// remembered follows a line that was carried out.
func (c *Console) remembered(w *core.World, name string) {
	looks := []string{"help", "nodes", "net", "links", "ports", "intfs", "dump", "dpctl", "flows", "status", "time", "pause", "resume", "checkpoint", "seek", "capture", "wait"}
	if c.remembers && !slices.Contains(looks, name) {
		_ = w.Mark() // a run that cannot be kept just now, as one with captures, can be sought less
	}
}

func (c *call) hold(still bool) error {
	was := c.Held()
	if err := c.Hold(c.ctx, still); err != nil {
		return err
	}
	switch {
	case still && c.Virtual():
		c.printf("stands still at %s s; resume lets it go on\n", report.Seconds(c.Session.Now()))
	case still:
		c.printf("stands still; resume lets it go on\n")
	case was:
		c.printf("goes on\n")
	default:
		c.printf("it did not stand still\n")
	}
	return nil
}

func (c *call) step() error {
	n := 1
	if len(c.args) > 0 {
		var err error
		if n, err = strconv.Atoi(c.args[0]); err != nil || n < 1 || n > 1_000_000_000 || len(c.args) > 2 {
			return fmt.Errorf("say how many moments, as in step 10")
		}
	}
	done, err := c.Step(c.ctx, n)
	if err != nil {
		return err
	}
	if done < n {
		c.printf("nothing is left to happen\n")
	}
	return c.time()
}

func (c *call) advance() error {
	if len(c.args) != 1 {
		return fmt.Errorf("say how long, as in advance 1s")
	}
	span, err := model.ParseTime(c.args[0])
	if err != nil {
		return err
	}
	return c.to(later(c.Session.Now(), span))
}

// to lets time pass to a moment, while others are heard.
func (c *call) to(t model.Time) error {
	c.then = func() error {
		err := c.console.access.Stretches(c.ctx, func(ctx context.Context, w *core.World) (bool, error) {
			err := w.To(ctx, t)
			return err == nil, err
		})
		if err != nil {
			return err
		}
		return c.now()
	}
	return nil
}

// later is a time a span after another one, or the last there is.
func later(t, span model.Time) model.Time {
	if span > model.Forever/4 {
		return model.Forever / 4
	}
	return t + span
}

func (c *call) until() error {
	if len(c.args) != 1 {
		return fmt.Errorf("say up to when, as in until 5s, or until packet-in")
	}
	if kind := trace.Kind(c.args[0]); slices.Contains(trace.Kinds(), kind) {
		found, err := c.Until(c.ctx, kind)
		if err != nil {
			return err
		}
		if !found {
			c.printf("nothing is left to happen, and there was no %s\n", kind)
		}
		return c.time()
	}
	t, err := model.ParseTime(c.args[0])
	if err != nil {
		kinds := make([]string, 0, 64)
		for _, k := range trace.Kinds() {
			kinds = append(kinds, string(k))
		}
		return fault.New(fault.BadChoice, fault.Place{}, "%q is neither a time nor a kind of entry", c.args[0]).Suggest(c.args[0], kinds)
	}
	if now := c.Session.Now(); t < now {
		return fmt.Errorf("it is %s s already; seek %s goes back", report.Seconds(now), c.args[0])
	}
	return c.to(t)
}

func (c *call) seek() error {
	if len(c.args) != 1 {
		return fmt.Errorf("say to when, as in seek 2s")
	}
	t, err := model.ParseTime(c.args[0])
	if err != nil {
		return err
	}
	now := c.Session.Now()
	from, err := c.Seek(c.ctx, t)
	if err != nil {
		return err
	}
	c.console.forget(c.Session.Now())
	if from < now {
		c.printf("went back to %s s and on from there\n", report.Seconds(from))
	}
	return c.time()
}

func (c *call) checkpoint() error {
	name := ""
	switch len(c.args) {
	case 0:
		if c.console.dir == "" {
			return fmt.Errorf("the run has no folder; name a file")
		}
		name = filepath.Join(c.console.dir, "checkpoints", c.Session.Now().String()+".ckpt")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("make a folder for checkpoints: %w", err)
		}
	case 1:
		name = c.line.file(c.args[0])
	default:
		return fmt.Errorf("name one file")
	}
	if err := c.CheckpointFile(name); err != nil {
		return err
	}
	size := int64(0)
	if info, err := os.Stat(name); err == nil {
		size = info.Size()
	}
	c.printf("%s, at %s s, is in %s\n", report.BytesText(size), report.Seconds(c.Session.Now()), name)
	return nil
}

func (c *call) restore() error {
	if len(c.args) != 1 {
		return fmt.Errorf("name a checkpoint's file")
	}
	if !c.Capabilities.Has(backend.Checkpoints) {
		return core.NoCheckpoints(c.Capabilities)
	}
	file, err := os.Open(c.line.file(c.args[0]))
	if err != nil {
		return fmt.Errorf("open the checkpoint: %w", err)
	}
	defer file.Close()
	cp, err := core.ReadCheckpoint(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return err
	}
	if err := c.Become(c.ctx, cp); err != nil {
		return err
	}
	c.console.forget(c.Session.Now())
	return c.time()
}
