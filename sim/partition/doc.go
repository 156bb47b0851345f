// Package partition divides a network among workers who simulate it together. It promises
// the simulator parts of about equal weight between which little passes and which are far
// apart in time: links that are crossed sooner than others are kept within a part for as
// long as the parts can still be balanced, and among what is left few links are cut.
//
// The parts depend on nothing but the graph. They are found by growing them greedily
// (Karypis and Kumar, "A fast and high quality multilevel scheme for partitioning irregular
// graphs", SIAM J. Sci. Comput. 20(1), 1998, section 3.2.3) and exchanging vertices at the
// borders (Fiduccia and Mattheyses, "A linear-time heuristic for improving network
// partitions", DAC 1982), two parts at a time.
package partition
