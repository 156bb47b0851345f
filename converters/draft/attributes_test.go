package draft

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/model"
)

func TestAttributesOfALinkComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := func() model.LinkSpec {
			return model.LinkSpec{Rate: model.Rate(rapid.Int64Range(0, 1<<61).Draw(t, "rate")), Delay: model.Time(rapid.Int64Range(0, 1<<61).Draw(t, "delay")),
				Jitter: model.Time(rapid.Int64Range(0, 1<<50).Draw(t, "jitter")), Loss: rapid.Float64Range(0, 1).Draw(t, "loss"),
				Queue: rapid.SampledFrom([]model.QueueLimit{{}, {Packets: 7}, {Bytes: 1500}, {Bytes: 1024}}).Draw(t, "queue"),
				MTU:   rapid.SampledFrom([]int32{0, 68, 1500, 65535}).Draw(t, "mtu"), Class: rapid.SampledFrom([]string{"", "gold"}).Draw(t, "class"),
				Weight: rapid.Int64Range(0, 1<<61).Draw(t, "weight"), Spare: rapid.Bool().Draw(t, "spare")}
		}
		want, base := spec(), spec()
		got := base
		for _, p := range Attributes(want, base) {
			if err := SetAttribute(&got, p.Name, p.Value); err != nil {
				t.Fatal(err)
			}
		}
		if got != want {
			t.Fatalf("%+v became %+v", want, got)
		}
	})
}

func TestWhatIsNoAttributeOfALinkIsRefused(t *testing.T) {
	for name, text := range map[string]string{"speed": "1", "rate": "10", "loss": "2", "mtu": "3", "queue": "-1p", "weight": "-1", "redundant": "perhaps"} {
		if SetAttribute(&model.LinkSpec{}, name, text) == nil {
			t.Errorf("%s=%q is taken", name, text)
		}
	}
}

func TestPropertiesHoldValuesWithTheirTypes(t *testing.T) {
	for raw, want := range map[string]string{
		`"host"`:              "host",
		`"1"`:                 `"1"`,
		`1`:                   `1`,
		`1.50`:                `1.50`,
		`""`:                  ``,
		`true`:                `true`,
		`"true"`:              `"true"`,
		`{ "a": [1, "x y"] }`: `{"a":[1,"x y"]}`,
		`"<&>"`:               "<&>",
		`["\" ", "\\"]`:       `["\" ","\\"]`,
	} {
		text := ValueText(json.RawMessage(raw))
		if text != want {
			t.Errorf("%s became %s", raw, text)
		}
		if back := ValueText(RawValue(text)); back != text {
			t.Errorf("%s came back as %s", text, back)
		}
	}
}
