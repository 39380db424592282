#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The runs of hackbench whose time is compared with another kernel's. With many
# senders, who gets which message when depends on the least difference, and the
# time on that, by 5 percent; with one or two, by 0.2. So these, several, and each
# so long that the milliseconds in which it is told are no part of that.
for i in 1 2 3; do
	hackbench -g 1 -f 1 -l 40000$i || exit 1
	hackbench -g 2 -f 2 -l 10000$i || exit 1
	hackbench -g 2 -f 2 -l 10000$i -T || exit 1
done
