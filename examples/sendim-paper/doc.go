// Command sendim-paper repeats the experiments of the papers that SENDIM comes from, on
// the machine it runs on, with the sendim that it is given: how long networks take to
// construct in the simulator, in Mininet and where the machine may choose; how long
// descriptors take to become Mininet scripts; how many lines a network, and a case of
// resource allocation, need; what processor time goes into it; and how many actions of a
// person. It promises whoever runs it tables and plots of what was measured, nothing
// else beside them but the published figures with their source, and a name and a reason
// for every size that was left out.
//
// It uses sendim as a person would, by its command line and the files of its runs, and
// nothing of its packages but the mean of repetitions.
package main
