package ovs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// Edit is what changes of bridges that live.
type Edit struct {
	// Bridges are made, with their ports and without a controller: SetController gives them
	// theirs.
	Bridges []Bridge
	// Ports are added to bridges that are there: of a Bridge only Name and Ports matter.
	Ports []Bridge
	// GoneBridges are taken away with all their ports, GonePorts by their interfaces. What is
	// not there is no error.
	GoneBridges, GonePorts []string
}

// Edit changes bridges in one transaction and returns when ovs-vswitchd has done it. What
// it could not take is a *PortError, after which nothing that was to be added is left; what
// was to go is gone all the same.
func (v *Instance) Edit(ctx context.Context, e Edit) error {
	if len(e.Bridges)+len(e.Ports)+len(e.GoneBridges)+len(e.GonePorts) == 0 {
		return nil
	}
	err := v.living(ctx, func(ctx context.Context) error {
		for again := false; ; again = true {
			epoch, err := v.ready(ctx)
			if err == nil {
				err = v.connected(ctx, func(ctx context.Context, t *transactions) error { return t.edit(ctx, e, v.datapath, again) })
			}
			var wrong *PortError
			if err == nil || ctx.Err() != nil || errors.As(err, &wrong) || !v.interrupted(ctx, epoch) {
				return err
			}
		}
	})
	if err != nil {
		return fmt.Errorf("editing bridges: %w", err)
	}
	return nil
}

// SetController tells bridges where their controller is, in one transaction: "" takes it
// away, and a bridge without any empties its tables.
func (v *Instance) SetController(ctx context.Context, bridges []string, target string) error {
	if len(bridges) == 0 {
		return nil
	}
	var argv []string
	for _, b := range bridges {
		if target == "" {
			argv = append(argv, "--", "del-controller", b)
			continue
		}
		argv = append(argv, "--", "set-controller", b, target, "--", "set", "Controller", b, fmt.Sprint("max_backoff=", backoff))
	}
	_, err := v.Vsctl(ctx, argv[1:]...)
	return err
}

// edit is Edit without a daemon's death in between. Again says that it may have been
// carried out before one: what there is of it is only looked at then.
func (t *transactions) edit(ctx context.Context, e Edit, datapath Datapath, again bool) error {
	ids, err := t.rows(ctx)
	if err != nil {
		return err
	}
	todo := e
	if again {
		todo = ids.lacking(e)
	}
	if err := t.change(ctx, ids, todo, datapath); err != nil {
		return err
	}
	added := slices.Clone(e.Bridges)
	for _, b := range e.Ports {
		for _, p := range b.Ports {
			added = append(added, Bridge{Ports: []Port{p}})
		}
	}
	if err := t.realised(ctx); err != nil {
		return err
	}
	wrong := t.check(ctx, added)
	if wrong == nil {
		return nil
	}
	back := Edit{}
	for _, b := range e.Bridges {
		back.GoneBridges = append(back.GoneBridges, b.Name)
	}
	for _, b := range e.Ports {
		for _, p := range b.Ports {
			back.GonePorts = append(back.GonePorts, p.Interface)
		}
	}
	if ids, err = t.rows(ctx); err == nil {
		if err = t.change(ctx, ids, back, datapath); err == nil {
			err = t.realised(ctx)
		}
	}
	if err != nil {
		return fmt.Errorf("%w; and it could not be undone: %w", wrong, err)
	}
	return wrong
}

// rows are the UUIDs of bridges and ports by name, and the bridges of ports.
type rows struct {
	bridges, ports map[string]string
	of             map[string]string // the bridge's UUID by the port's
}

func (t *transactions) rows(ctx context.Context) (rows, error) {
	r := rows{map[string]string{}, map[string]string{}, map[string]string{}}
	results, err := t.transact(ctx,
		ovsdb.Operation{Op: ovsdb.OperationSelect, Table: "Bridge", Columns: []string{"_uuid", "name", "ports"}},
		ovsdb.Operation{Op: ovsdb.OperationSelect, Table: "Port", Columns: []string{"_uuid", "name"}})
	if err != nil {
		return r, fmt.Errorf("looking for bridges and ports: %w", err)
	}
	for i, by := range []map[string]string{r.bridges, r.ports} {
		for _, row := range results[i].Rows {
			id, _ := row["_uuid"].(ovsdb.UUID)
			name, _ := row["name"].(string)
			by[name] = id.GoUUID
			switch list := row["ports"].(type) {
			case ovsdb.UUID: // a set of one
				r.of[list.GoUUID] = id.GoUUID
			case ovsdb.OvsSet:
				for _, p := range list.GoSet {
					if p, ok := p.(ovsdb.UUID); ok {
						r.of[p.GoUUID] = id.GoUUID
					}
				}
			}
		}
	}
	return r, nil
}

// lacking is what is still to be done of an edit that may have been carried out. What was
// to go and to be made anew does so once more.
func (r rows) lacking(e Edit) Edit {
	out := Edit{GoneBridges: e.GoneBridges, GonePorts: e.GonePorts}
	for _, b := range e.Bridges {
		if r.bridges[b.Name] == "" || slices.Contains(e.GoneBridges, b.Name) {
			out.Bridges = append(out.Bridges, b)
		}
	}
	for _, b := range e.Ports {
		left := Bridge{Name: b.Name}
		for _, p := range b.Ports {
			if r.ports[p.Interface] == "" || slices.Contains(e.GonePorts, p.Interface) {
				left.Ports = append(left.Ports, p)
			}
		}
		out.Ports = append(out.Ports, left)
	}
	return out
}

// change makes the transaction and asks ovs-vswitchd to say when it has come so far.
func (t *transactions) change(ctx context.Context, ids rows, e Edit, datapath Datapath) error {
	var ops []ovsdb.Operation
	mutate := func(table, id, column string, how ovsdb.Mutator, members []any) {
		ops = append(ops, ovsdb.Operation{Op: ovsdb.OperationMutate, Table: table,
			Where:     []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: id})},
			Mutations: []ovsdb.Mutation{*ovsdb.NewMutation(column, how, setOf(members...))}})
	}
	var order []string // of the bridges that lose ports
	lost := map[string][]any{}
	for _, name := range e.GonePorts {
		id, there := ids.ports[name]
		if bridge := ids.of[id]; there && bridge != "" {
			if lost[bridge] == nil {
				order = append(order, bridge)
			}
			lost[bridge] = append(lost[bridge], ovsdb.UUID{GoUUID: id})
		}
	}
	for _, bridge := range order {
		mutate("Bridge", bridge, "ports", ovsdb.MutateOperationDelete, lost[bridge])
	}
	var gone []any
	for _, name := range e.GoneBridges {
		if id, there := ids.bridges[name]; there {
			gone = append(gone, ovsdb.UUID{GoUUID: id})
		}
	}
	if len(gone) > 0 {
		mutate(database, t.root, "bridges", ovsdb.MutateOperationDelete, gone)
	}
	for _, b := range e.Ports {
		id, there := ids.bridges[b.Name]
		if !there || slices.Contains(e.GoneBridges, b.Name) {
			return fmt.Errorf("there is no bridge %q", b.Name)
		}
		var ports []any
		for _, p := range b.Ports {
			ports = append(ports, t.port(&ops, p))
		}
		if len(ports) > 0 {
			mutate("Bridge", id, "ports", ovsdb.MutateOperationInsert, ports)
		}
	}
	var made []any
	for _, b := range e.Bridges {
		if ids.bridges[b.Name] != "" && !slices.Contains(e.GoneBridges, b.Name) {
			return fmt.Errorf("there is a bridge %q already", b.Name)
		}
		made = append(made, t.bridge(&ops, b, datapath, ""))
	}
	if len(made) > 0 {
		mutate(database, t.root, "bridges", ovsdb.MutateOperationInsert, made)
	}
	t.next++
	ops = append(ops, ovsdb.Operation{Op: ovsdb.OperationMutate, Table: database, Where: t.here(),
		Mutations: []ovsdb.Mutation{*ovsdb.NewMutation("next_cfg", ovsdb.MutateOperationAdd, 1)}})
	_, err := t.transact(ctx, ops...)
	return err
}
