package cli

import (
	"context"
	"errors"
	"testing"

	"sendim/core/app"
)

type deaf struct{ app.Instance }

func (deaf) Handle(context.Context, []app.Event, func(int, []app.Command)) error { return nil }

func TestAnAppThatIsTestedAnswersNoMoreAfterAnInterruption(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	i := interruptible{deaf{}, ctx}
	if err := i.Handle(context.Background(), nil, nil); err != nil {
		t.Fatal(err)
	}
	interrupt()
	if err := i.Handle(context.Background(), nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("it answers on: %v", err)
	}
}
