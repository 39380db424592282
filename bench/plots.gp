# SPDX-License-Identifier: GPL-2.0
#
# One picture. Arguments: which, the folder of its data, the SVG to write; for
# "linear", the slope of the fitted line and its value at 0; for "isolation", the shares
# of the guest; for "latency", the scenarios.

which = ARG1
dir = ARG2
set terminal svg size 720,440 font "sans-serif,14" background "white"
set output ARG3
set grid linecolor rgb "#e0e0e0"
set key outside below maxcols 2 samplen 3

if (which eq "linear") {
	set xlabel "reservation Q/P of the guest in %"
	set ylabel "throughput in Mbit/s"
	set xrange [0:100]
	set yrange [0:*]
	plot dir."/linear.all" using 1:2 with points pt 7 ps 0.4 lc rgb "#7aa6d8" title "each measurement", \
		dir."/linear.mean" using 1:2 with points pt 7 ps 0.9 lc rgb "#147a2e" title "mean", \
		ARG4 * x + ARG5 with lines lw 2 lc rgb "#606060" title "least squares"
} else { if (which eq "isolation") {
	set xlabel "reservation Q/P of the neighbour in %"
	set ylabel "throughput of the guest, 100 %: neighbour idle"
	set xrange [5:45]
	set xtics 10
	set yrange [0:120]
	colour(l) = l eq "network" ? 0xd62728 : 0x147a2e
	plot for [i = 1:words(ARG4)] for [l in "network compute"] sprintf("%s/isolation.%s.%s", dir, word(ARG4, i), l) \
		using 1:2 with linespoints lw 2 pt 5 + i lc rgb colour(l) title sprintf("guest %s %%, neighbour: %s", word(ARG4, i), l)
} else {
	set xlabel "latency in ms (logarithmic)"
	set ylabel "share of samples up to that"
	set logscale x
	set format x "%g"
	set yrange [0:1.02]
	colour(m) = m eq "idle" ? 0x7aa6d8 : m eq "other" ? 0xe8a33d : m eq "fifo" ? 0xd62728 : 0x147a2e
	plot for [m in ARG4] sprintf("%s/latency.%s", dir, m) \
		using 1:2 with steps lw 2 lc rgb colour(m) title m
} }
