package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sendim/core/fault"
)

// wrongFlag says what is wrong with an option in the words of everything else: what was
// expected, and the nearest option there is.
func wrongFlag(cmd *cobra.Command, err error) error {
	text, near := err.Error(), ""
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedName() != "":
		var names []string
		collect := func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		}
		cmd.Flags().VisitAll(collect)
		cmd.InheritedFlags().VisitAll(collect)
		if near = fault.Nearest(unknown.GetSpecifiedName(), names); near != "" {
			near = fmt.Sprintf("; did you mean --%s?", near)
		}
	case errors.As(err, &value):
		what := map[string]string{"uint": "a whole number, 0 or above", "uint64": "a whole number, 0 or above", "int": "a whole number", "int64": "a whole number", "float64": "a number", "bool": "true or false", "duration": "a time such as 30s"}[value.GetFlag().Value.Type()]
		if what != "" {
			text = fmt.Sprintf("--%s: %q is not %s", value.GetFlag().Name, value.GetValue(), what)
		}
	}
	return fail(WrongInput, "%s; %s --help lists the options%s", text, cmd.CommandPath(), near)
}
