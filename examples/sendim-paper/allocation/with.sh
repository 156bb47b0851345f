# What a person does with SENDIM, in this folder. A line is an action; comments are none, nor
# are waits. sendim-paper carries the parts out one after the other and counts.

#: simulation
sendim run simulation.xml --name simulated

#: emulation
sendim run mininet.xml --name emulated
sendim compare simulated emulated || test $? = 1 # it may find something

#: change
# The silver users are to have half as much again. At the switch "east" that leaves less to the others.
sed -i -e '/id="silver"/s/10Mbps/15Mbps/' -e '/<throughput.*to-ben/s/"9200kbps" max="10300kbps"/"14000kbps" max="15400kbps"/' -e '/<throughput.*to-dov/s/"15000kbps" max="16700kbps"/"13400kbps" max="14900kbps"/' -e '/<throughput.*to-eva/s/"7500kbps" max="8400kbps"/"10000kbps" max="11200kbps"/' -e '/<throughput.*to-fay/s/"3700kbps" max="4200kbps"/"3300kbps" max="3800kbps"/' network.xml
sendim run mininet.xml --name changed
sendim compare emulated changed || test $? = 1 # they differ, as they should
