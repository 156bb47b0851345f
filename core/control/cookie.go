package control

import "sendim/core/flow"

// A cookie on a switch says whose rule it is:
//
//	bits 63-56  the app: its index plus one; 0xff the runtime itself; 0 is not ours
//	bits 55-33  the tenant; 0 until rules are a tenant's own
//	bit  32     the app asked for FlowRemoved. The runtime asks the switch for it
//	            whenever a rule has a timeout, to know what is still there
//	bits 31-0   the app's own tag
const (
	appShift            = 56
	appMost             = 0xfe
	appMask             = uint64(0xff) << appShift
	toldMask            = uint64(1) << 32
	tagMask             = uint64(0xffffffff)
	runtimeCookie       = uint64(0xff) << appShift
	tableMost           = 254
	runtimeApp    int32 = -1
)

func cookieOf(app int32) uint64 { return uint64(app+1) << appShift }

// ownerOf is the index of the app whose cookie it is; false for the runtime's and foreign ones.
func ownerOf(cookie uint64) (int32, bool) {
	n := cookie >> appShift
	return int32(n) - 1, n > 0 && n < 0xff
}

// theirs turns a rule of a switch into the app's own numbering, as far as identity goes.
func (a *application) theirs(r flow.Rule) flow.Rule {
	r.SendRemoved = r.Cookie&toldMask != 0
	r.Table -= a.base
	r.Cookie &= tagMask
	return r
}
