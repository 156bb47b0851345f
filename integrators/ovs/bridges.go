package ovs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// Bridge is a switch to make.
type Bridge struct {
	// Name is at most 15 bytes: it is an interface's, too.
	Name string
	// DPID is its datapath id.
	DPID uint64
	// Ports are interfaces that are there already.
	Ports []Port
}

// Port is an interface in a bridge.
type Port struct {
	Interface string
	Number    uint32 // of its OpenFlow port
}

// PortError says that Open vSwitch could not take interfaces, or not by their numbers.
type PortError struct {
	// Ports are "interface: why", the first of them; Count is how many there are.
	Ports []string
	Count int
}

// Error names the first few.
func (e *PortError) Error() string {
	text := "Open vSwitch did not take " + strings.Join(e.Ports, "; ")
	if more := e.Count - len(e.Ports); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// database is the name of Open vSwitch's database and of its only row's table.
const database = "Open_vSwitch"

// together is how many ports, about, are made in one transaction. Open vSwitch goes through
// all bridges after each: the fewer, the better. The bound keeps one message small.
const together = 20000

// The backoff between attempts to reach a controller, in ms: the least that OVSDB takes.
const backoff = 1000

// AddBridges makes bridges with their ports, all of OpenFlow 1.3 and 1.5 and in need of their
// controller (fail-mode secure), in as few transactions as there can be, and returns when
// ovs-vswitchd has them. target is the controller's ("tcp:127.0.0.1:6653"), "" for none.
// *PortError when interfaces are missing.
func (v *Instance) AddBridges(ctx context.Context, bridges []Bridge, target string) error {
	return v.making(ctx, bridges, func(ctx context.Context, t *transactions) error {
		if err := t.fill(ctx, bridges, v.datapath, target); err != nil {
			return err
		}
		if err := t.realised(ctx); err != nil {
			return err
		}
		return t.check(ctx, bridges)
	})
}

// making is a piece of making bridges: with a connection to the database, for as long as
// the instance lives.
func (v *Instance) making(ctx context.Context, bridges []Bridge, what func(context.Context, *transactions) error) error {
	err := v.living(ctx, func(ctx context.Context) error { return v.connected(ctx, what) })
	if err != nil {
		return fmt.Errorf("making %d bridges: %w", len(bridges), err)
	}
	return nil
}

// living does something for as long as the instance lives. Whatever fails because that or
// ctx has ended, the reason of the end is the error.
func (v *Instance) living(ctx context.Context, what func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	release := context.AfterFunc(v.life, func() { cancel(context.Cause(v.life)) })
	defer release()
	err := what(ctx)
	switch {
	case err == nil:
	case v.life.Err() != nil:
		err = context.Cause(v.life)
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return err
}

// root is the only row of the database that is looked at as such.
type root struct {
	UUID string `ovsdb:"_uuid"`
	Next int    `ovsdb:"next_cfg"`
	Is   int    `ovsdb:"cur_cfg"`
}

// connected does something with a connection to the database.
func (v *Instance) connected(ctx context.Context, what func(context.Context, *transactions) error) error {
	tables, err := model.NewClientDBModel(database, map[string]model.Model{database: &root{}})
	if err != nil {
		return err
	}
	db, err := client.NewOVSDBClient(tables, client.WithEndpoint(v.endpoint()))
	if err != nil {
		return err
	}
	if err := db.Connect(ctx); err != nil {
		return fmt.Errorf("connecting to the database: %w", err)
	}
	defer db.Close()
	t := &transactions{db: db}
	if err := t.begin(ctx); err != nil {
		return err
	}
	return what(ctx, t)
}

// fill puts bridges into the database; without any, ovs-vswitchd is merely asked to say
// that it is there.
func (t *transactions) fill(ctx context.Context, bridges []Bridge, datapath Datapath, target string) error {
	for rest, last := bridges, false; !last; {
		ports, count := 0, 0
		for count < len(rest) && (count == 0 || ports+len(rest[count].Ports) < together) {
			ports += len(rest[count].Ports) + 1
			count++
		}
		last = count == len(rest)
		if err := t.add(ctx, rest[:count], datapath, target, last); err != nil {
			return err
		}
		rest = rest[count:]
	}
	return nil
}

// transactions are those of one caller.
type transactions struct {
	db   client.Client
	root string // the UUID of the only row
	next int    // the configuration that ovs-vswitchd is to reach
	used int    // names of rows

	there string // the bridge that is there already, without ports and controller
}

func (t *transactions) transact(ctx context.Context, ops ...ovsdb.Operation) ([]ovsdb.OperationResult, error) {
	results, err := t.db.Transact(ctx, ops...)
	if err != nil {
		return nil, err
	}
	// Transact does not mind operations that were refused.
	if wrong, err := ovsdb.CheckOperationResults(results, ops); err != nil {
		var texts []string
		for _, w := range wrong {
			texts = append(texts, w.Error())
		}
		return nil, fmt.Errorf("%w: %s", err, strings.Join(texts, "; "))
	}
	return results, nil
}

func (t *transactions) begin(ctx context.Context) error {
	results, err := t.transact(ctx, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: database, Columns: []string{"_uuid", "next_cfg"}})
	if err != nil {
		return fmt.Errorf("reading the configuration's number: %w", err)
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return errors.New("the database has no root")
	}
	row := results[0].Rows[0]
	id, ok := row["_uuid"].(ovsdb.UUID)
	if !ok {
		return fmt.Errorf("the database's root has the id %v", row["_uuid"])
	}
	t.root, t.next = id.GoUUID, number(row["next_cfg"])
	return nil
}

// number reads an integer as JSON gives it; -1 for none.
func number(v any) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case int:
		return v
	}
	return -1
}

// here is the condition that holds for the root only.
func (t *transactions) here() []ovsdb.Condition {
	return []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: t.root})}
}

// add makes bridges in one transaction; with the last ovs-vswitchd is asked to say when it
// has come so far.
func (t *transactions) add(ctx context.Context, bridges []Bridge, datapath Datapath, target string, last bool) error {
	var ops []ovsdb.Operation
	var made []any
	for _, b := range bridges {
		if b.Name == t.there {
			t.complete(&ops, b, target)
			continue
		}
		made = append(made, t.bridge(&ops, b, datapath, target))
	}
	mutations := []ovsdb.Mutation{*ovsdb.NewMutation("bridges", ovsdb.MutateOperationInsert, setOf(made...))}
	if last {
		mutations = append(mutations, *ovsdb.NewMutation("next_cfg", ovsdb.MutateOperationAdd, 1))
		t.next++
	}
	ops = append(ops, ovsdb.Operation{Op: ovsdb.OperationMutate, Table: database, Where: t.here(), Mutations: mutations})
	_, err := t.transact(ctx, ops...)
	return err
}

func setOf(members ...any) ovsdb.OvsSet { return ovsdb.OvsSet{GoSet: members} }

// insert adds a row to a transaction and gives its name in it.
func (t *transactions) insert(ops *[]ovsdb.Operation, table string, row ovsdb.Row) ovsdb.UUID {
	t.used++
	name := fmt.Sprintf("row%d", t.used)
	*ops = append(*ops, ovsdb.Operation{Op: ovsdb.OperationInsert, Table: table, Row: row, UUIDName: name})
	return ovsdb.UUID{GoUUID: name}
}

// port adds the rows of a port.
func (t *transactions) port(ops *[]ovsdb.Operation, p Port) ovsdb.UUID {
	i := t.insert(ops, "Interface", ovsdb.Row{"name": p.Interface, "ofport_request": int(p.Number)})
	return t.insert(ops, "Port", ovsdb.Row{"name": p.Interface, "interfaces": setOf(i)})
}

// bridge adds the rows of a bridge, with its ports and its controller.
func (t *transactions) bridge(ops *[]ovsdb.Operation, b Bridge, datapath Datapath, target string) ovsdb.UUID {
	own := t.insert(ops, "Interface", ovsdb.Row{"name": b.Name, "type": "internal"})
	ports := []any{t.insert(ops, "Port", ovsdb.Row{"name": b.Name, "interfaces": setOf(own)})}
	for _, p := range b.Ports {
		ports = append(ports, t.port(ops, p))
	}
	row := ovsdb.Row{"name": b.Name, "ports": setOf(ports...), "datapath_type": string(datapath), "fail_mode": "secure",
		"protocols": setOf("OpenFlow13", "OpenFlow15"), // the controller says which
		"other_config": ovsdb.OvsMap{GoMap: map[any]any{"datapath-id": fmt.Sprintf("%016x", b.DPID),
			"disable-in-band": "true", "dp-desc": b.Name}}}
	if target != "" {
		row["controller"] = setOf(t.controller(ops, target))
	}
	return t.insert(ops, "Bridge", row)
}

// controller adds the row of a bridge's controller.
func (t *transactions) controller(ops *[]ovsdb.Operation, target string) ovsdb.UUID {
	return t.insert(ops, "Controller", ovsdb.Row{"target": target, "max_backoff": backoff})
}

// complete gives a bridge that is there its ports and its controller.
func (t *transactions) complete(ops *[]ovsdb.Operation, b Bridge, target string) {
	var mutations []ovsdb.Mutation
	var ports []any
	for _, p := range b.Ports {
		ports = append(ports, t.port(ops, p))
	}
	if len(ports) > 0 {
		mutations = append(mutations, *ovsdb.NewMutation("ports", ovsdb.MutateOperationInsert, setOf(ports...)))
	}
	if target != "" {
		mutations = append(mutations, *ovsdb.NewMutation("controller", ovsdb.MutateOperationInsert, setOf(t.controller(ops, target))))
	}
	if len(mutations) > 0 {
		*ops = append(*ops, ovsdb.Operation{Op: ovsdb.OperationMutate, Table: "Bridge", Mutations: mutations,
			Where: []ovsdb.Condition{ovsdb.NewCondition("name", ovsdb.ConditionEqual, b.Name)}})
	}
}

// patience is how long the database is asked to wait for one change, in ms.
const patience = 1000

// realised waits until ovs-vswitchd has done what was asked: its configuration's number has
// come to ours. The database tells when the number changes.
func (t *transactions) realised(ctx context.Context) error {
	is := -1
	for {
		limit := patience
		results, err := t.db.Transact(ctx,
			ovsdb.Operation{Op: ovsdb.OperationWait, Table: database, Where: t.here(), Columns: []string{"cur_cfg"}, Until: "!=",
				Rows: []ovsdb.Row{{"cur_cfg": is}}, Timeout: &limit},
			ovsdb.Operation{Op: ovsdb.OperationSelect, Table: database, Where: t.here(), Columns: []string{"cur_cfg"}})
		if err != nil {
			return fmt.Errorf("waiting for ovs-vswitchd: %w", err)
		}
		if len(results) < 2 || results[0].Error != "" || len(results[1].Rows) != 1 {
			continue // it has thought for longer
		}
		if is = number(results[1].Rows[0]["cur_cfg"]); is >= t.next {
			return nil
		}
	}
}

// check looks whether every port is there, by its number.
func (t *transactions) check(ctx context.Context, bridges []Bridge) error {
	results, err := t.transact(ctx, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: "Interface", Columns: []string{"name", "ofport", "error"}})
	if err != nil {
		return fmt.Errorf("looking at the ports: %w", err)
	}
	numbers, said := map[string]int{}, map[string]string{}
	for _, row := range results[0].Rows {
		name, _ := row["name"].(string)
		numbers[name] = number(row["ofport"])
		said[name], _ = row["error"].(string)
	}
	wrong := &PortError{}
	for _, b := range bridges {
		for _, p := range append([]Port{{Interface: b.Name}}, b.Ports...) {
			is, why := numbers[p.Interface], said[p.Interface]
			switch {
			case why == "" && (is == int(p.Number) || p.Number == 0 && is > 0):
				continue
			case why == "":
				why = fmt.Sprintf("its number is %d and not %d", is, p.Number)
			}
			if wrong.Count++; wrong.Count <= 3 {
				wrong.Ports = append(wrong.Ports, p.Interface+": "+why)
			}
		}
	}
	if wrong.Count > 0 {
		return wrong
	}
	return nil
}
