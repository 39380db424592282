# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the experiments are called. Sourced by run.sh and report.sh.

title() {
	case $1 in
	prm) echo "The least budgets for RESCH's two tasks" ;;
	t2.1) echo "RT-Xen, Table 2.1: what switches cost" ;;
	t2.2) echo "RT-Xen, Table 2.2: one overloaded domain" ;;
	t2.3) echo "RT-Xen, Table 2.3: soft real-time capacity" ;;
	t2.4) echo "RT-Xen, Table 2.4: what an analysis guarantees" ;;
	f2.5) echo "RT-Xen, Fig. 2.5: jobs missed over the load" ;;
	f2.7 | f2.8) echo "RT-Xen, Fig. 2.7 and 2.8: improved periodic servers" ;;
	f2.9) echo "RT-Xen, Fig. 2.9: tasks that take less than planned" ;;
	reclaim) echo "Is reclaiming worth its lines?" ;;
	f3.5) echo "RT-Xen, Fig. 3.5, 3.6: sets schedulable on five CPUs" ;;
	f3.6) echo "RT-Xen, Fig. 3.6: sets promised by theory that missed" ;;
	f3.7) echo "RT-Xen, Fig. 3.7: bandwidth that guests ask for" ;;
	f3.8) echo "RT-Xen, Fig. 3.8: EDF between servers, all loads together" ;;
	f3.9) echo "RT-Xen, Fig. 3.9: DM between servers, all loads together" ;;
	semi) echo "The same sets: servers in pieces (C = D)" ;;
	f2.4) echo "RT-Xen, Fig. 2.4: what a short period costs" ;;
	t4.2) echo "RT-Xen, Table 4.2: guests with and without a reservation on one host" ;;
	extra) echo "40/100 ms, and what cpu.rt_extra gives beyond it" ;;
	resch) echo "RESCH: a guest that needs more than it has reserved" ;;
	d-f11) echo "D6.4.1, Fig. 11 and 12: 25 % in several ways (the pairs are ours: these figures have no numbers)" ;;
	kernel) echo "The model against the kernel" ;;
	plan) echo "sched-vm plan against the kernel" ;;
	suggest) echo "A guest with a web server, at what sched-vm suggest says" ;;
	semi3) echo "Three guests of 60 % on two CPUs" ;;
	*) echo "$1" ;;
	esac
}
