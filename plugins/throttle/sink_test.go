package throttle_test

import (
	"strings"

	"sendim/core/trace"
)

// metrics keeps what an app reports.
type metrics struct {
	names map[string]float64 // the last value of each
	logs  []string
}

// Emit takes metrics and log lines.
func (m *metrics) Emit(e *trace.Entry) {
	switch e.Kind {
	case trace.AppMetric:
		m.names[e.Name] = *e.Value
	case trace.AppLog:
		m.logs = append(m.logs, e.Text)
	}
}

func (m *metrics) says(what string) bool {
	for _, l := range m.logs {
		if strings.Contains(l, what) {
			return true
		}
	}
	return false
}
