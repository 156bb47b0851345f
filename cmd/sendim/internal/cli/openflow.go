package cli

import (
	"github.com/spf13/pflag"

	"sendim/core/fault"
)

// openflowFlag is the flag of commands that switches of others dial.
func openflowFlag(f *pflag.FlagSet, to *string) {
	f.StringVar(to, "openflow", "", "the one version of OpenFlow to speak, 1.3 or 1.5 (default: the highest that a switch has, too)")
}

func openflowKnown(version string) error {
	switch version {
	case "", "1.3", "1.5":
		return nil
	}
	return fault.New(fault.BadChoice, fault.Place{}, "--openflow: %q is not one of 1.3, 1.5", version)
}
