package cli

import (
	"github.com/spf13/cobra"
)

// Finding is one thing that this machine can do or lacks.
type Finding struct {
	What   string `json:"what"`
	State  string `json:"state"` // ok, missing, limited
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // the command that brings it
}

func (c *cli) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "doctor", Short: "Say what this machine can do, what is missing, and the command that fixes it", Args: cobra.NoArgs}
	f := format(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkFormat(*f); err != nil {
			return err
		}
		findings := c.wiring.Doctor(cmd.Context())
		list := make([][]string, len(findings))
		for i, v := range findings {
			list[i] = []string{v.What, v.State, v.Detail, v.Fix}
		}
		return rows(c.out, *f, []string{"what", "state", "detail", "fix"}, list, findings)
	}
	return cmd
}
