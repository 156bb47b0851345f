package cli

import (
	"io"

	"sendim/converters/mininet"
	"sendim/core/model"
	"sendim/core/workload"
)

// writeMininet writes a script that carries the same flows as every world.
func writeMininet(w io.Writer, n *model.Network, seed uint64) error {
	flows, err := workload.Concrete(n, seed)
	if err != nil {
		return err
	}
	return mininet.Write(w, n, mininet.Options{Flows: flows})
}
