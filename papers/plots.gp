# SPDX-License-Identifier: GPL-2.0
#
# One picture of lines. Arguments: the folder of the data (a file NAME.xy for each line), the
# lines' names, the SVG to write, the titles of both axes, and a line to draw across (or -).

dir = ARG1
names = ARG2
set terminal svg size 720,440 font "sans-serif,14" background "white"
set output ARG3
set grid linecolor rgb "#e0e0e0"
set key outside below maxcols 4 samplen 3
set xlabel ARG4
set ylabel ARG5
set yrange [0:*]
if (ARG6 ne "-") {
	set arrow from graph 0, first (ARG6 + 0) to graph 1, first (ARG6 + 0) nohead dt 2 lc rgb "#606060"
}
plot for [i = 1:words(names)] sprintf("%s/%s.xy", dir, word(names, i)) using 1:2 \
	with linespoints lw 2 pt i ps 0.6 lc i title word(names, i)
