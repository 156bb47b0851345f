package shell

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// MissingError names a program that is not on this machine and, where known,
// the Debian package that brings it.
type MissingError struct {
	Program string
	// Package is the Debian package; empty when unknown.
	Package string
}

// Error reads "mn not found: apt-get install mininet".
func (e *MissingError) Error() string {
	if e.Package == "" {
		return e.Program + " not found"
	}
	return fmt.Sprintf("%s not found: apt-get install %s", e.Program, e.Package)
}

// Find returns the path of a program: a name with a slash is checked as it is,
// others are searched on PATH and then where administrators' programs live,
// which an ordinary user's PATH leaves out. The error is a *MissingError.
func Find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return filepath.Abs(path)
	}
	if !strings.Contains(program, "/") {
		for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/share/openvswitch/scripts"} {
			path := filepath.Join(dir, program)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", &MissingError{Program: program, Package: debianPackage(filepath.Base(program))}
}

// Missing lists those of the programs that Find does not find, in their order.
func Missing(programs ...string) []*MissingError {
	var missing []*MissingError
	for _, p := range programs {
		if _, err := Find(p); err != nil {
			missing = append(missing, err.(*MissingError))
		}
	}
	return missing
}

// debianPackage names the Debian 12 package that brings a program.
func debianPackage(program string) string {
	switch program {
	case "mn", "mnexec":
		return "mininet"
	case "ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovs-dpctl":
		return "openvswitch-switch"
	case "ovs-vswitchd", "ovsdb-server", "ovsdb-tool", "ovsdb-client", "ovs-ctl":
		return "openvswitch-switch"
	case "ip", "tc", "bridge", "ss":
		return "iproute2"
	case "ping":
		return "iputils-ping"
	case "arping":
		return "iputils-arping"
	case "nsenter", "unshare", "setpriv":
		return "util-linux"
	case "python3":
		return "python3"
	case "iperf", "iperf3", "ethtool", "tcpdump", "criu":
		return program
	case "ovs-testcontroller":
		return "openvswitch-testcontroller"
	case "osken-manager":
		return "python3-os-ken"
	case "virsh":
		return "libvirt-clients"
	case "libvirtd":
		return "libvirt-daemon"
	case "qemu-system-x86_64":
		return "qemu-system-x86"
	case "qemu-img":
		return "qemu-utils"
	case "docker", "dockerd":
		return "docker.io"
	}
	return ""
}
