package descriptors

import (
	"sendim/core/fault"
	"sendim/core/model"
)

// patternAttrs are the attributes that say when UDP packets are sent and how large they
// are; together they are the text of a model.Pattern.
func patternAttrs() []attribute {
	return []attribute{
		{name: "pattern", kind: choice, choices: []string{"constant", "poisson", "on-off"}, initial: "constant", doc: "udp, packet by packet: when packets are sent; the rate is the mean, and of on-off the mean of the times in which it sends"},
		{name: "on", kind: spanLaw, doc: "with on-off: for how long it sends"},
		{name: "off", kind: spanLaw, doc: "with on-off: for how long it is silent"},
		{name: "gaps", kind: gapLaw, initial: "equal", doc: "udp: law of the gaps between packets, whose mean the rate says"},
		{name: "packets", kind: packetLaw, initial: "all full", doc: "udp: law of the packets' sizes on the wire, at least 58B and at most that of packet"},
	}
}

// patternOf joins them; "" where there is none.
func patternOf(t *tag) string {
	return model.JoinPattern(t.text("pattern"), t.text("gaps"), t.text("on"), t.text("off"), t.text("packets"))
}

// patternText takes a pattern apart for the encoder.
func patternText(text string) []string {
	if text == "" {
		return nil
	}
	p, err := model.ParsePattern(text)
	if err != nil { // no decoder made it; what it was is told by whoever reads it again
		return []string{"pattern", text}
	}
	kind, gaps, on, off, packets := p.Words()
	return []string{"pattern", kind, "on", on, "off", off, "gaps", gaps, "packets", packets}
}

// parseLaw checks a law.
func parseLaw(k kind, s string) *fault.Fault {
	parse := map[kind]func(string) (model.Law, error){gapLaw: model.ParseGapLaw, spanLaw: model.ParseSpanLaw, packetLaw: model.ParsePacketLaw}[k]
	if _, err := parse(s); err != nil {
		f := fault.New(fault.BadNumber, fault.Place{}, "%s", clipped(err))
		return &f
	}
	return nil
}

// lawInfo documents laws.
func lawInfo(k kind) typeInfo {
	switch k {
	case gapLaw:
		return typeInfo{"gaps", "constant, exponential, uniform(1,3), pareto(1.5), or the id of a sizes", `.+`}
	case spanLaw:
		return typeInfo{"times", "a time, exponential(500ms), uniform(100ms,900ms), pareto(1.5,500ms): shape and mean", `.+`}
	}
	return typeInfo{"packets", "a size, exponential(500B), uniform(64B,1514B), pareto(1.5,500B): shape and mean, imix, or the id of a sizes", `.+`}
}
