// Command plugin is the learning switch as an app binary.
package main

import (
	"sendim/plugins/apprpc"
	learningswitch "sendim/plugins/learning-switch"
)

func main() { apprpc.Serve(learningswitch.New()) }
