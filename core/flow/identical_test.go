package flow

import (
	"reflect"
	"testing"
)

func TestIdenticalComparesEveryField(t *testing.T) {
	var touch func(v reflect.Value)
	touch = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(true)
		case reflect.String:
			v.SetString("x")
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		case reflect.Struct:
			touch(v.Field(0))
		default:
			v.SetUint(7)
		}
	}
	var none RuleMod
	check := func(name string, m *RuleMod) {
		if m.Identical(&none) || none.Identical(m) {
			t.Errorf("%s is not compared", name)
		}
	}
	for i := range reflect.TypeFor[RuleMod]().NumField() {
		var m RuleMod
		touch(reflect.ValueOf(&m).Elem().Field(i))
		check(reflect.TypeFor[RuleMod]().Field(i).Name, &m)
	}
	for i := range reflect.TypeFor[Rule]().NumField() {
		var m RuleMod
		touch(reflect.ValueOf(&m.Rule).Elem().Field(i))
		check("Rule."+reflect.TypeFor[Rule]().Field(i).Name, &m)
	}
	a, b := RuleMod{Rule: Rule{Match: Match{}.IPv4To(1, 32)}}, RuleMod{Rule: Rule{Match: Match{}.IPv4To(1, 32)}}
	if !a.Identical(&b) || a.Hash() != b.Hash() {
		t.Error("equal modifications are not identical")
	}
}
