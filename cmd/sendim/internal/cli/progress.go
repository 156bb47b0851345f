package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"sendim/core"
	"sendim/core/report"
)

// progressLine is the line on a terminal that says how far a run is. It is written over
// itself, and nowhere but on a terminal.
type progressLine struct {
	mu    sync.Mutex
	w     io.Writer
	shown bool
	over  bool
	past  []core.Progress // of the last few seconds
}

// progressEvery is how often the line is written anew, progressSpan over how long its
// speeds are taken.
const (
	progressEvery = 250 * time.Millisecond
	progressSpan  = 3 * time.Second
)

// follow keeps the line up to date until ctx ends or clear is called.
func (p *progressLine) follow(ctx context.Context, l *core.Live) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !p.show(l.Progress()) {
				return
			}
		}
	}
}

func (p *progressLine) show(is core.Progress) (goOn bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return false
	}
	p.past = append(p.past, is)
	for len(p.past) > 2 && is.Real-p.past[0].Real > progressSpan {
		p.past = p.past[1:]
	}
	if is.Real >= progressEvery*3/2 { // what is over at once needs no line
		p.shown = true
		fmt.Fprintf(p.w, "\r\x1b[K%s", progressText(p.past[0], is))
	}
	return true
}

// clear takes the line away for good.
func (p *progressLine) clear() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	p.over, p.shown = true, false
}

// progressText is the line: how far time is, how fast events and time go, how long it will
// take, and how many flows have ended. Speeds are those since past.
func progressText(past, is core.Progress) string {
	parts := []string{report.TimeText(max(0, is.Now))}
	if is.Until > 0 {
		share := min(100, 100*float64(is.Now)/float64(is.Until))
		parts[0] = fmt.Sprintf("%s of %s (%.0f %%)", parts[0], report.TimeText(is.Until), max(0, share))
	}
	took := (is.Real - past.Real).Seconds()
	if is.Virtual && took > 0 {
		speed := max(0, (is.Now-past.Now).Seconds()/took)
		parts = append(parts, countText(float64(is.Events-past.Events)/took)+" events/s", speedText(speed)+" real time")
		if left := (is.Until - is.Now).Seconds(); is.Until > 0 && left > 0 && speed > 0 {
			parts = append(parts, "ETA "+spanLeft(left/speed))
		}
	} else if left := (is.Until - is.Now).Seconds(); is.Until > 0 && left > 0 {
		parts = append(parts, "ETA "+spanLeft(left))
	}
	if total := max(is.Planned, is.Started); total > 0 {
		parts = append(parts, fmt.Sprintf("flows %d/%d", is.Ended, total))
	}
	return strings.Join(parts, "  ")
}

func countText(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.3gk", v/1e3)
	}
	return fmt.Sprintf("%.0f", v)
}

func speedText(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0fx", v)
	}
	return fmt.Sprintf("%.3gx", v)
}

// spanLeft is so many seconds, as coarse as a guess deserves.
func spanLeft(s float64) string {
	switch {
	case s > 100*3600:
		return "days"
	case s >= 3600:
		return fmt.Sprintf("%dh%02dm", int(s)/3600, int(s)%3600/60)
	case s >= 60:
		return fmt.Sprintf("%dm%02ds", int(s)/60, int(s)%60)
	}
	return fmt.Sprintf("%.0f s", max(1, s))
}
