package draft

import (
	"testing"

	"sendim/core/model"
)

func TestLabelsOfLinksAreShort(t *testing.T) {
	for _, c := range []struct {
		there, back model.LinkSpec
		want        string
	}{
		{model.LinkSpec{}, model.LinkSpec{}, ""},
		{model.LinkSpec{Rate: 1e7, Delay: 5 * model.Millisecond}, model.LinkSpec{Rate: 1e7, Delay: 5 * model.Millisecond}, "10Mbps 5ms"},
		{model.LinkSpec{Rate: 1e7, Loss: 0.01}, model.LinkSpec{Delay: 1234567 * model.Nanosecond}, "10Mbps/- -/1.235ms 1% lost/-"},
		{model.LinkSpec{Delay: 1500}, model.LinkSpec{Delay: 15}, "1.5ns/15ps"},
	} {
		if got := Label(model.Link{Spec: c.there, Back: c.back}); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
