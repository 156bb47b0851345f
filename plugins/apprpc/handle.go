package apprpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/status"

	"sendim/core/app"
	pb "sendim/plugins/apprpc/proto"
)

// chunk is a message of events that is not yet answered.
type chunk struct {
	batch       uint64
	first, size int
}

// pending is what has come of the answer to one event.
type pending struct {
	event    int // in the caller's numbering; -1: none
	commands []app.Command
	bytes    int
}

// Handle sends the events in as many messages as it takes and emits the answers while
// the app works. Any error but those of encoding an event loses the app.
func (i *instance) Handle(ctx context.Context, events []app.Event, emit func(event int, commands []app.Command)) error {
	if i.lost != nil {
		return i.lost
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var open []chunk
	answer := pending{event: -1}
	next := 0
	patience := time.NewTimer(i.o.Silence)
	defer patience.Stop()
	for next < len(events) || len(open) > 0 {
		for len(open) < ahead && next < len(events) {
			request, n, err := i.request(events[next:])
			if err != nil {
				err = fmt.Errorf("application %s: event %d: %w", i.manifest.Name, next, err)
				if next > 0 { // what was sent can no longer be told from what was not
					return i.lose("was abandoned: "+err.Error(), err)
				}
				return err
			}
			open = append(open, chunk{request.Batch, next, n})
			next += n
			i.send <- request // has room for all that may be open
		}
		// The clock runs only while we wait: a slow caller is not the app's fault.
		patience.Reset(i.o.Silence)
		select {
		case r := <-i.recv:
			done, err := i.take(&r, &open[0], &answer, emit)
			if err != nil {
				return err
			}
			if done {
				open = open[1:]
			}
		case <-patience.C:
			at := ""
			if c := open[0]; answer.event >= 0 {
				at = fmt.Sprintf(" (it last answered event %d of %d)", answer.event, len(events))
			} else if c.size == 1 {
				at = fmt.Sprintf(" at an event of the kind %s", events[c.first].Kind)
			}
			return i.lose(fmt.Sprintf("was silent for %v%s", i.o.Silence, at), nil)
		case <-ctx.Done():
			return i.lose("was abandoned in the middle of a batch", ctx.Err())
		case <-i.life.Done():
			return i.lose("was closed in the middle of a batch", nil)
		}
	}
	return nil
}

// request encodes as many events as one message may hold.
func (i *instance) request(events []app.Event) (*pb.HandleRequest, int, error) {
	n := min(len(events), batchEvents)
	list, bytes := make([]*pb.Event, 0, n), 0
	for k := range n {
		p, err := i.enc.event(&events[k])
		if err != nil {
			return nil, 0, err
		}
		size := eventSize(p)
		if size > messageMax-1024 {
			return nil, 0, fmt.Errorf("%d bytes are more than a message may have, %d", size, messageMax)
		}
		if bytes += size; k > 0 && bytes > batchBytes {
			break
		}
		list = append(list, p)
	}
	i.batch++
	return &pb.HandleRequest{Batch: i.batch, Events: list, ProgressNs: max(i.o.Silence/4, time.Millisecond).Nanoseconds()}, len(list), nil
}

// take works a response in. The commands of an event are emitted together, however many
// messages they came in.
func (i *instance) take(r *reply, c *chunk, answer *pending, emit func(int, []app.Command)) (done bool, err error) {
	var broken *protocolError
	switch {
	case errors.As(r.err, &broken):
		return false, i.lose("broke the protocol: "+broken.what, nil)
	case r.err != nil:
		return false, i.loseEnded(r.err)
	case r.failure != "":
		return false, i.lose(r.failure, nil)
	case r.batch != c.batch:
		return false, i.lose(fmt.Sprintf("broke the protocol: it answers batch %d and not %d", r.batch, c.batch), nil)
	}
	finish := func() {
		if answer.event >= 0 && len(answer.commands) > 0 {
			emit(answer.event, answer.commands)
		}
		*answer = pending{event: -1}
	}
	for _, a := range r.answers {
		event := c.first + a.event
		if a.event >= c.size || event < answer.event {
			return false, i.lose(fmt.Sprintf("broke the protocol: it answers event %d of %d out of turn", a.event, c.size), nil)
		}
		if event != answer.event {
			finish()
			*answer = pending{event: event, commands: a.commands}
		} else {
			answer.commands = append(answer.commands, a.commands...)
		}
		answer.bytes += r.bytes
		if len(answer.commands) > i.o.MaxCommands {
			return false, i.lose(fmt.Sprintf("answered one event with more than %d commands", i.o.MaxCommands), nil)
		}
		if answer.bytes > i.o.MaxBytes {
			return false, i.lose(fmt.Sprintf("answered one event with more than %d bytes of commands", i.o.MaxBytes), nil)
		}
	}
	if r.done {
		finish()
	}
	return r.done, nil
}

// lose ends an app that can no longer be used.
func (i *instance) lose(reason string, cause error) error {
	i.proc.kill()
	i.ended()
	i.cancel()
	i.lost = &Lost{App: i.manifest.Name, Path: i.o.Path, Reason: reason, Stderr: i.log.last(), Err: cause}
	return i.lost
}

// loseEnded reports an app whose connection broke: nearly always because it ended.
func (i *instance) loseEnded(err error) error {
	how, ended := i.ended()
	if much, ate := i.proc.greedy(); ate {
		return i.lose(much, nil)
	}
	if ended {
		return i.lose("crashed: "+how, nil)
	}
	return i.lose("broke the connection: "+oneLine(status.Convert(err).Message()), nil)
}
