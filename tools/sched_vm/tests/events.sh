# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Events that are made up, as --raw keeps them. Sourced by scripts of tap.sh.

# trace BUDGET_US C_MS PEAK_MS [NAME]: ten seconds, with C in each 10 ms, but PEAK in one of 50
trace() {
	awk -v budget="$1" -v c="$2" -v peak="$3" -v name="${4:-a <b&c>}" 'BEGIN {
		print "sched-vm-trace 1"
		print "capsule " budget " 10000 max " name
		print "time 0 10000000000 0"
		print "budget 0 " budget * 1000
		print "thread 7 vcpu 0"
		for (i = 0; i < 1000; i++) {
			at = i * 10
			print at "000000 0 wake 7 1"
			print at "000000 0 switch 0 7"
			print at + (i % 50 == 25 ? peak : c) "000000 0 switch 7 0"
		}
	}'
}
