package traffic

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrAgentGone says that an agent has ended, with what it was doing.
var ErrAgentGone = errors.New("the agent is gone")

// Driver is the outer end of one agent. Its methods may be called from any goroutine.
type Driver struct {
	name string
	in   io.WriteCloser
	done chan struct{}

	mu      sync.Mutex
	last    int64
	pending map[int64]*Pending
	gone    error
}

// NewDriver talks to the agent of a named host, reading its reports and writing orders.
// It owns both: when r ends, so does the driver. Close w by Close.
func NewDriver(name string, r io.Reader, w io.WriteCloser) *Driver {
	d := &Driver{name: name, in: w, done: make(chan struct{}), pending: map[int64]*Pending{}}
	go d.listen(r)
	return d
}

// Close ends the agent's input; the agent ends what it runs and itself.
func (d *Driver) Close() error { return d.in.Close() }

// Done is closed when the agent's reports have ended.
func (d *Driver) Done() <-chan struct{} { return d.done }

// Pending is an order that an agent carries out.
type Pending struct {
	driver *Driver
	id     int64
	ready  chan struct{} // closed when ready or ended
	done   chan struct{}
	report Report
	err    error
}

func (d *Driver) listen(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	var broken error
	for lines.Scan() {
		var report Report
		if broken = json.Unmarshal(lines.Bytes(), &report); broken != nil {
			break
		}
		d.mu.Lock()
		if p := d.pending[report.ID]; p != nil {
			if report.Ready {
				close(p.ready)
			} else {
				delete(d.pending, report.ID)
				p.end(report, nil)
			}
		}
		d.mu.Unlock()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone = ErrAgentGone
	if err := errors.Join(broken, lines.Err()); err != nil {
		d.gone = fmt.Errorf("%w: %w", ErrAgentGone, err)
	}
	for id, p := range d.pending {
		delete(d.pending, id)
		p.end(Report{}, d.gone)
	}
	close(d.done)
}

// end is called once, with the driver's lock held.
func (p *Pending) end(r Report, err error) {
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	p.report = r
	if err != nil {
		p.err = fmt.Errorf("host %s: %w", p.driver.name, err)
	}
	select {
	case <-p.ready:
	default:
		close(p.ready)
	}
	close(p.done)
}

// Order gives an order; its ID is filled in.
func (d *Driver) Order(o Order) (*Pending, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone != nil {
		return nil, fmt.Errorf("host %s: %w", d.name, d.gone)
	}
	d.last++
	o.ID = d.last
	p := &Pending{driver: d, id: o.ID, ready: make(chan struct{}), done: make(chan struct{})}
	if err := d.write(o); err != nil {
		return nil, err
	}
	d.pending[o.ID] = p
	return p, nil
}

func (d *Driver) write(o Order) error {
	line, err := json.Marshal(o)
	if err == nil {
		_, err = d.in.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("ordering %s of host %s: %w", o.Op, d.name, err)
	}
	return nil
}

// Ready returns when a receiver can take packets.
func (p *Pending) Ready(ctx context.Context) error {
	select {
	case <-p.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Wait returns what was measured. When ctx ends first the order is cancelled, and what
// was measured until then is returned with the cause.
func (p *Pending) Wait(ctx context.Context) (Measured, error) {
	select {
	case <-p.done:
		return p.report.Measured, p.err
	case <-ctx.Done():
	}
	p.tell(opCancel, 0)
	<-p.done
	if p.err != nil {
		return p.report.Measured, p.err
	}
	return p.report.Measured, context.Cause(ctx)
}

// finish tells a receiver that the sender has ended, and what it sent.
func (p *Pending) finish(packets int64) { p.tell(opFinish, packets) }

func (p *Pending) tell(op string, packets int64) {
	p.driver.mu.Lock()
	defer p.driver.mu.Unlock()
	// Should it not get through the agent is gone, and p ends for that.
	_ = p.driver.write(Order{Op: op, Of: p.id, Packets: packets})
}

// Exec runs a program in the agent's host; a non-zero exit status is no error.
func (d *Driver) Exec(ctx context.Context, argv ...string) (Measured, error) {
	p, err := d.Order(Order{Op: opExec, Argv: argv})
	if err != nil {
		return Measured{}, err
	}
	return p.Wait(ctx)
}
