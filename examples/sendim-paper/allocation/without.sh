# What a person does without SENDIM, in the folder by-hand, on a machine with Mininet and os-ken.
# A line is an action; comments are none, nor are waits. sendim-paper carries the parts out one
# after the other and counts.

#: simulation
# Neither file runs in a simulator; that would be another program, in another language.

#: emulation
osken-manager --ofp-tcp-listen-port 6653 controller.py &
until ss -Hltn | grep -q :6653; do sleep 0.1; done # wait
/usr/bin/python3 network.py > emulation.json
kill %1

#: change
# The silver users are to have half as much again. At the switch "east" that leaves less to the others.
sed -i "s/: 10000,/: 15000,/" controller.py
sed -i -e "/'ben', 20/s/9.2, 10.3/14.0, 15.4/" -e "/'dov', 25/s/15.0, 16.7/13.4, 14.9/" -e "/'eva', 20/s/7.5, 8.4/10.0, 11.2/" -e "/'fay', 15/s/3.7, 4.2/3.3, 3.8/" network.py
osken-manager --ofp-tcp-listen-port 6653 controller.py &
until ss -Hltn | grep -q :6653; do sleep 0.1; done # wait
/usr/bin/python3 network.py > change.json
kill %1
diff emulation.json change.json || test $? = 1 # they differ, as they should
