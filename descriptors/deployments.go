package descriptors

import "sendim/core/deployment"

func deploymentElement() *element {
	until := attribute{name: "until", kind: span, initial: "until all flows have ended", doc: "when the run ends"}
	seed := attribute{name: "seed", kind: integer, max: 1<<63 - 1, initial: "0", doc: "seed of everything random"}
	return &element{
		name: "deployment",
		doc:  "Where and how a network runs.",
		attrs: []attribute{
			{name: "name", kind: text, doc: "name of the deployment"},
			{name: "realization", kind: choice, choices: deployment.Realizations(), initial: "the one whose details are given", doc: "the kind of world"},
			{name: "environment", kind: choice, choices: deployment.Environments(), initial: "development", doc: "the stage of the work"},
			{name: "degrade", kind: choice, choices: []string{string(deployment.Refuse), string(deployment.Allow)}, initial: "refuse", doc: "what to do when the world cannot do what the model asks"},
			{name: "prefer", kind: choice, choices: []string{string(deployment.Emulation)}, doc: "with realization simulation: the world to take instead where this machine has room for it and brings it up within its budget"},
		},
		children: []*element{
			{name: "system", doc: "A system descriptor; several are one network.", attrs: []attribute{{name: "href", kind: href, required: true, doc: "path relative to this file"}}},
			{name: "scale", once: true, doc: "Multiplies quantities of the model, in every world alike.", attrs: []attribute{
				{name: "rate", kind: fraction, initial: "1", doc: "rates of links, flows, classes and meters"}, {name: "size", kind: fraction, initial: "1", doc: "sizes of flows"},
				{name: "delay", kind: fraction, initial: "1", doc: "delays of links"}, {name: "time", kind: fraction, initial: "1", doc: "start times, durations and scenario"}}},
			{name: "application", doc: "An application. Several share the switches' tables in this order.", attrs: []attribute{
				{name: "name", kind: text, initial: "the plugin", doc: "its name in this run"},
				{name: "plugin", kind: text, required: true, doc: "a name, a path, or builtin:NAME"},
				{name: "sha256", kind: digest, doc: "checksum of the binary; required in production"},
				{name: "on-loss", kind: choice, choices: []string{"keep", "fail", "restart"}, initial: "keep", doc: "when the application is lost, which those of builtin: cannot be: keep its rules, fail the run, or start it again (and fail when that is of no use)"},
				{name: "memory", kind: size, initial: "half of the machine's", doc: "how much memory its process may use; more, and it is lost"},
				{name: "commands", kind: integer, min: 1, max: 1 << 30, initial: "4194304", doc: "how many commands it may answer one event with; more, and it is lost"},
				{name: "silence", kind: span, initial: "10s", doc: "how long it may say nothing while it has work; longer, and it is lost"}},
				children: []*element{{name: "param", doc: "A parameter of the application.", attrs: []attribute{
					{name: "name", kind: text, required: true, doc: "name"}, {name: "value", kind: text, required: true, blank: true, doc: "value"}}}}},
			{name: "control", once: true, doc: "The channel between switches and controller.", attrs: []attribute{
				{name: "delay", kind: span, initial: deployment.DefaultControlDelay.String(), doc: "one way"},
				{name: "address", kind: text, initial: "chosen", doc: "real hosts: where the controller listens, as HOST:PORT"},
				{name: "openflow", kind: choice, choices: []string{"1.3", "1.5"}, initial: "the highest that both have", doc: "real worlds: the one version of OpenFlow that switches and controller speak"},
				{name: "tls", kind: boolean, initial: "false", doc: "real worlds: switches and controller speak TLS and show each other certificates"},
				{name: "ca", kind: text, initial: "made for the run", doc: "with tls: file of the authority that both sides believe (PEM, relative to this file); with cert and key, or none of them"},
				{name: "cert", kind: text, initial: "made for the run", doc: "with tls: file of the certificate that both sides show, good for servers and for clients"},
				{name: "key", kind: text, initial: "made for the run", doc: "with tls: file of its private key"}},
				children: []*element{{name: "switch", doc: "Another delay for some switches.", attrs: []attribute{
					{name: "nodes", kind: selector, required: true, doc: "the switches"}, {name: "delay", kind: span, required: true, doc: "one way"}}}}},
			{name: "simulation", once: true, doc: "Details of a simulated run.", attrs: []attribute{seed, until,
				{name: "workers", kind: workers, initial: "auto", doc: "threads; the result does not depend on them"}}},
			{name: "emulation", once: true, doc: "Details of an emulated run.", attrs: []attribute{
				{name: "emulator", kind: choice, choices: []string{"mininet", "native"}, initial: "mininet", doc: "which emulator"}, seed, until,
				{name: "budget", kind: span, doc: "how long bringing it up may take; 60s where it is preferred, else as long as it takes"},
				{name: "fallback", kind: choice, choices: []string{string(deployment.Simulation)}, doc: "world to take when this machine cannot carry the network, or not bring it up within the budget"}}},
			{name: "physical", once: true, doc: "Details of a run on real hosts.", attrs: []attribute{seed, until},
				children: []*element{
					{name: "host", doc: "A machine that carries part of the network.", attrs: []attribute{{name: "id", kind: id, required: true, doc: "its name"},
						{name: "ovsdb", kind: text, doc: "Open vSwitch's database, as unix:PATH or tcp:HOST:PORT"}, {name: "libvirt", kind: text, doc: "libvirt's URI"},
						{name: "docker", kind: text, doc: "Docker's endpoint"}, {name: "address", kind: text, doc: "its address for tunnels"}}},
					{name: "tunnel", once: true, doc: "How links between hosts are carried.", attrs: []attribute{{name: "kind", kind: choice, choices: []string{"vxlan", "geneve", "gre"}, required: true, doc: "encapsulation"}}}}},
		},
	}
}
