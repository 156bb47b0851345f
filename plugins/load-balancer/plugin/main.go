// Command plugin is load-balancer as an app binary.
package main

import (
	"sendim/plugins/apprpc"
	loadbalancer "sendim/plugins/load-balancer"
)

func main() { apprpc.Serve(loadbalancer.New()) }
