package containerlab

import (
	"strings"

	"sendim/core/model"
)

// role is what nodes of a kind are here.
type role struct {
	kind   model.NodeKind
	opaque bool // what it does is not known: a host that is only there
}

// roleOf tells what a node is from its kind and image. Network operating systems forward,
// and so do linux containers whose image is a router's or a switch's.
func roleOf(kind, image string) role {
	switch kind {
	case "bridge", "ovs-bridge":
		return role{kind: model.Switch}
	case "host":
		return role{kind: model.Host}
	case "linux":
		if forwards(image) {
			return role{kind: model.Switch}
		}
		return role{kind: model.Host}
	case "keysight_ixia-c-one", "spirent_stc", "ostinato", // generate traffic
		"ext-container", "k8s-kind", "generic_vm", "border0":
		return role{kind: model.Host}
	}
	name := strings.TrimPrefix(kind, "vr-")
	for _, system := range []string{
		"srl", "nokia_", "sros",
		"ceos", "arista_ceos", "arista_veos", "veos",
		"crpd", "juniper_", "vmx", "vqfx", "vsrx", "vjunos",
		"sonic", "dell_", "ftosv",
		"xrv", "xrd", "csr", "nxos", "n9kv", "c8000", "cat9kv", "cisco_",
		"cvx", "cumulus_", "aoscx", "aruba_", "ros", "mikrotik_", "vyos", "vyosnetworks_", "huawei_", "arrcus_", "ipinfusion_", "ocnos", "rare", "6wind_", "fdio_", "f5_",
		"ciena_", "veesix_", "plvision_", "edgecore_", "light_olt", "freebsd", "openbsd",
		"fortinet_", "paloalto_", "pan", "checkpoint_", // firewalls forward too
	} {
		if name == strings.TrimSuffix(system, "_") || strings.HasPrefix(name, system) && (strings.HasSuffix(system, "_") || len(name) > len(system) && strings.ContainsRune("-_0123456789", rune(name[len(system)]))) {
			return role{kind: model.Switch}
		}
	}
	return role{kind: model.Host, opaque: true}
}

// routes says whether a container's own settings make a router or a bridge of it: sysctls
// or commands that switch forwarding on, or that put interfaces into a bridge.
func routes(set []member) bool {
	for _, m := range set {
		switch m.name {
		case "sysctls":
			for _, s := range m.members {
				if forwarding(s.name + "=" + s.scalar()) {
					return true
				}
			}
		case "exec":
			for _, line := range m.items {
				if forwarding(line.scalar()) {
					return true
				}
			}
		case "cmd", "entrypoint":
			if forwarding(m.scalar()) {
				return true
			}
		}
	}
	return false
}

// forwarding says whether a command, or NAME=VALUE of a sysctl, switches it on.
func forwarding(line string) bool {
	line = strings.NewReplacer(" ", "", "\t", "", `"`, "", "'", "").Replace(strings.ToLower(line))
	for _, on := range []string{"ip_forward=1", "conf.all.forwarding=1", "conf/all/forwarding=1", "conf.default.forwarding=1", "echo1>/proc/sys/net/ipv4/ip_forward", "ip_forward:1"} {
		if strings.Contains(line, on) {
			return true
		}
	}
	return strings.Contains(line, "iplink") && strings.Contains(line, "typebridge")
}

// forwards says whether a container image is that of a router or switch by one of the
// words of its name.
func forwards(image string) bool {
	if at := strings.IndexByte(image, '@'); at >= 0 {
		image = image[:at]
	}
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		image = image[:colon]
	}
	for _, word := range strings.FieldsFunc(strings.ToLower(image), func(r rune) bool { return strings.ContainsRune("/-_.:", r) }) {
		switch word {
		case "frr", "frrouting", "quagga", "bird", "bird2", "bird3", "gobgp", "openbgpd", "exabgp", "holo", "rustybgp", "vyos", "vpp", "ovs", "openvswitch", "bmv2", "sonic", "opx", "freertr":
			return true
		}
	}
	return false
}
