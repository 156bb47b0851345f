package loadbalancer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"sendim/core/app"
)

// saved is the state: everything else follows from it.
type saved struct {
	Parameters map[string]string `json:"parameters"`
	Settings   app.Settings      `json:"settings"`
	Alone      bool              `json:"alone"`
	Running    bool              `json:"running"`
	Topology   *app.Topology     `json:"topology"`
	Clients    []savedClient     `json:"clients,omitempty"`
	Credit     []savedCredit     `json:"credit,omitempty"`
}

type savedClient struct {
	key
	Served client `json:"served"`
}

type savedCredit struct {
	seat
	Credit int64 `json:"credit"`
}

// Save gives the state as JSON.
func (a *balancer) Save() ([]byte, error) {
	s := saved{Parameters: a.parameters, Settings: a.settings, Alone: a.alone, Running: a.running, Topology: a.view.Snapshot()}
	for _, k := range sortedKeys(a.clients) {
		s.Clients = append(s.Clients, savedClient{k, *a.clients[k]})
	}
	for _, at := range sortedSeats(a.credit) {
		s.Credit = append(s.Credit, savedCredit{at, a.credit[at]})
	}
	return json.Marshal(&s)
}

// Restore takes what Save gave. The rules that belong to no client are a function of
// network and settings, so they are worked out and not sent.
func (a *balancer) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("restoring load-balancer: %w", err)
	}
	*a = *New().(*balancer)
	if s.Parameters == nil { // saved before it had started
		return nil
	}
	var unsent app.Commands
	a.settings, a.alone, a.running = s.Settings, s.Alone, s.Running
	a.configure(s.Parameters, &unsent)
	if s.Topology != nil {
		a.view.Take(&app.Event{Kind: app.KindTopology, Topology: s.Topology})
	}
	for _, c := range s.Credit {
		a.credit[c.seat] = c.Credit
	}
	for i := range s.Clients {
		c := s.Clients[i].Served
		a.clients[s.Clients[i].key] = &c
		a.served[seat{c.Pool, c.Member.Node}]++
	}
	if a.running {
		a.refresh(&unsent)
	}
	return nil
}

func sortedBy[K comparable, V any](m map[K]V, compare func(x, y K) int) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, compare)
	return out
}

func sortedKeys(m map[key]*client) []key {
	return sortedBy(m, func(x, y key) int {
		return cmp.Or(cmp.Compare(x.Service, y.Service), cmp.Compare(x.Client, y.Client), cmp.Compare(x.Port, y.Port))
	})
}

func sortedSeats(m map[seat]int64) []seat {
	return sortedBy(m, func(x, y seat) int { return cmp.Or(cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.Node, y.Node)) })
}

func sortedPlaces[V any](m map[place]V) []place {
	return sortedBy(m, func(x, y place) int {
		return cmp.Or(cmp.Compare(x.Switch, y.Switch), cmp.Compare(x.Table, y.Table), cmp.Compare(x.IP, y.IP), cmp.Compare(x.Proto, y.Proto), cmp.Compare(x.Port, y.Port))
	})
}
