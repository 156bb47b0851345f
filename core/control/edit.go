package control

import (
	"sendim/core/model"
)

// Editable is a Driver whose network can gain and lose nodes and links while it lives;
// Runtime is one.
type Editable interface {
	Driver
	// Edit takes a network that descends from the one before (model.Network.Edit), and its
	// addresses, which reaches the runtime at a time. The world calls it when its data plane
	// is as the new network has it, before it hands over any message of a new switch or port,
	// and no earlier than the latest React was asked for. Config.Delays must know the new
	// switches by then. An error leaves everything as it was.
	//
	// At that time the apps hear of what is gone: of links and hosts with Gone, of switches
	// that they are down. Whatever was wanted of a switch that is gone is forgotten, and
	// commands for it fail. Apps hear of what is new when the switches tell of it: a switch
	// when it connects, a link when both its ports are up, a host when its switch's port is.
	// So a new port is told by a PortStatus of its switch, and a new switch by SwitchConnected.
	// Messages of a switch that is gone are not listened to; none need be sent.
	// Lookahead may fall by it and never rises.
	Edit(at model.Time, n *model.Network, a Addressing) error
}
