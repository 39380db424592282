# SPDX-License-Identifier: GPL-2.0
#
# The CDFs of the response times. Arguments: the folder with a file NAME.ms of
# times and shares for each scenario, the names, the deadline in ms, and the SVG
# to write.

names = ARG2
deadline = ARG3 + 0

set terminal svg size 900,560 font "sans-serif,14" background "white"
set output ARG4
set xlabel "response time in ms (logarithmic)" offset 0,0.5
set ylabel "share of requests answered by then"
set logscale x
set format x "%g"
set autoscale xfix
set yrange [0:1.02]
set ytics 0.1
set grid xtics ytics mxtics linecolor rgb "#e0e0e0"
set key outside below maxcols 2 samplen 3
set lmargin 9
set bmargin 9
set arrow from deadline, graph 0 to deadline, graph 1 nohead dashtype 3 linecolor rgb "#606060"
set label "deadline" at deadline, graph 0.03 offset 0.5,0 textcolor rgb "#606060"

title(name) = name eq "none-idle" ? "no reservation, guest 2 idle" : \
	name eq "none-load" ? "no reservation, guest 2 loaded" : \
	name eq "fair-load" ? "equal weights, guest 2 loaded" : \
	name eq "cbs-idle" ? "reservation, guest 2 idle" : "reservation, guest 2 loaded"
colour(name) = name eq "none-idle" ? 0x7aa6d8 : name eq "none-load" ? 0xd62728 : \
	name eq "fair-load" ? 0xe8a33d : name eq "cbs-idle" ? 0x8fce8f : 0x147a2e

plot for [name in names] sprintf("%s/%s.ms", ARG1, name) \
	using 1:2 with steps linewidth 2.5 linecolor rgb colour(name) \
	title title(name)
