# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -v budget=US [-v hog=1] -f worst.awk SET
#
# A set with one server, of which only the period counts, and its tasks: as a set with this
# budget, in the worst phase. A task without a hurry uses the first budget as soon as there
# is one, and the others are released when it is gone. From the second period on, a busy
# server that has all of the rest of the CPU, with a deadline a little sooner, comes first.
# With hog, there is a task that is always busy instead of those of the set.

$1 == "server" { period = $6; next }

$1 == "task" { task[++nr] = $4 " " $5 " " $6 }

END {
	sooner = period - 20
	rest = int((1 - budget / period) * sooner) - 3
	print "cpus 1"
	print "server 1 1 0", budget, period, period, 1, 0
	print "server 2 1 0", rest, period, sooner, 2, 0
	if (hog) {
		print "task 1 1 100 100 100 0 100"
	} else {
		print "task 1 1", budget, 100000000, 100000000, 0, 100
		for (i = 1; i <= nr; i++)
			print "task 1 1", task[i], budget + 10, 100
	}
	print "task 2 1", period, period, period, period - 10, 100
}
