package embedded

import (
	"fmt"
	"strings"

	"sendim/integrators/controller/embedded/wire"
)

// versionsOf are the versions that a controller offers, which wants this one: all there
// are where it does not care.
func versionsOf(wanted string) ([]wire.Version, error) {
	all := []wire.Version{wire.Version13, wire.Version15}
	if wanted == "" {
		return all, nil
	}
	for _, v := range all {
		if v.String() == wanted {
			return []wire.Version{v}, nil
		}
	}
	return nil, fmt.Errorf("embedded controller: there is no OpenFlow %q here, but %s", wanted, spoken(all))
}

// spoken is how people are told of versions: 1.3 (version 4) and 1.5 (version 6).
func spoken(versions []wire.Version) string {
	words := make([]string, len(versions))
	for i, v := range versions {
		words[i] = fmt.Sprintf("%s (version %d)", v, uint8(v))
	}
	return strings.Join(words, " and ")
}

// agree settles what is spoken from here on, by the switch's hello. A switch that speaks
// nothing of it hears why it is refused, if it can.
func (k *conn) agree(hello wire.Message) error {
	v, err := wire.Agree(hello, k.owner.versions)
	if err != nil {
		return err
	}
	speaks, ok := wire.Of(v)
	if !ok {
		text := "this controller speaks OpenFlow " + spoken(k.owner.versions) + " only"
		_, _ = k.net.Write(wire.HelloFailed(k.owner.versions[0], hello.Xid(), text))
		return fmt.Errorf("it offers OpenFlow version %d; %s", hello.Version(), text)
	}
	k.speaks = speaks
	return nil
}
