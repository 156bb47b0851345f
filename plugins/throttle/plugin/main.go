// Command plugin is throttle as an app binary.
package main

import (
	"sendim/plugins/apprpc"
	"sendim/plugins/throttle"
)

func main() { apprpc.Serve(throttle.New()) }
