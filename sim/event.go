package sim

// The kinds of events, in the order in which they happen at one node and picosecond.
const (
	onDowncall   uint8 = iota + 1 // a message of the controller takes effect; A: slot
	onExpiry                      // a rule may have ended
	onFrame                       // a frame has been received; A: frame, B: slot of the node
	onChunk                       // a chunk has been received; A: chunk, B: slot of the node
	onChunkSent                   // the first chunk of a line may have been sent; A: arc, B: generation
	onChunkWait                   // a chunk that waits at a switch; A: chunk, B: generation
	onResolve                     // an ARP request has not been answered; A: address, B: try
	onLaunch                      // a flow of an action starts; A: number
	onSend                        // a flow's next packet; A: flow
	onStop                        // a flow's duration is over; A: flow
	onTimer                       // of a TCP endpoint; A: flow, B: end
	onChunkTimer                  // what a flow has lost of its chunks is sent again; A: flow
	onLinger                      // a flow that waits for packets from the controller; A: flow
	onEcho                        // the next echo; A: ping
	onPatience                    // the last echo's timeout; A: ping
	onFluidEnd                    // the last byte of a fluid flow arrives; A: flow
	onProbe                       // a fluid flow without a path tries again; A: flow
	onAgain                       // a fluid connection without a path tries again; A: flow
	onPort                        // a port with class queues may send; A: arc
	onStart                       // the next flows of the list start
	onSample                      // the series' next point
	onFluid                       // fluid flows start, end and are settled
)
