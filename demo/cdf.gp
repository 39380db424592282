# SPDX-License-Identifier: GPL-2.0
#
# The CDFs of the response times. Arguments: the folder with a file NAME.ms of
# times and shares for each scenario, the names, the deadline in ms, and the SVG
# to write.

names = ARG2
deadline = ARG3 + 0

set terminal svg size 1100,480 font "sans-serif,14" background "white"
set output ARG4
set xlabel "response time in ms (logarithmic)"
set ylabel "share of requests answered by then"
set logscale x
# 1, 2 and 5 of each power of ten
set xtics (0)
do for [e = 0:5] { do for [m in "1 2 5"] { set xtics add (sprintf("%d", m * 10 ** e) m * 10 ** e) } }
set xrange [*:*]
set offsets graph 0.02, graph 0.02, 0, 0
set yrange [0:1.02]
set ytics ("0 %%" 0, "20 %%" 0.2, "40 %%" 0.4, "60 %%" 0.6, "80 %%" 0.8, "95 %%" 0.95)
set grid xtics ytics linecolor rgb "#e0e0e0" linetype 1
set key outside right center Left reverse samplen 4 spacing 1.6
set lmargin 10
set tmargin 2.5
set arrow from deadline, graph 0 to deadline, graph 1 nohead dashtype 3 linewidth 1.5 linecolor rgb "#404040"
set label sprintf("deadline, %g ms", deadline) at deadline, graph 1 center offset 0,0.8 textcolor rgb "#404040"

title(name) = name eq "none-idle" ? "no reservation, guest 2 idle" : \
	name eq "none-load" ? "no reservation, guest 2 loaded" : \
	name eq "fair-load" ? "equal weights, guest 2 loaded" : \
	name eq "cbs-idle" ? "reservation, guest 2 idle" : \
	name eq "cbs-load" ? "reservation, guest 2 loaded" : \
	name eq "half-idle" ? "half + extra time, guest 2 idle" : "half + extra time, guest 2 loaded"
# Okabe and Ito's colours; and who sees none has the dashes and widths: with a load, lines
# are whole, or nearly (for comparison; half of the reservation), and the more is reserved,
# the thicker.
colour(name) = name eq "none-idle" ? 0x56b4e9 : name eq "none-load" ? 0xd55e00 : \
	name eq "fair-load" ? 0xe69f00 : name eq "cbs-idle" ? 0x000000 : \
	name eq "cbs-load" ? 0x0072b2 : name eq "half-idle" ? 0xcc79a7 : 0x009e73
set dashtype 11 (14, 4)
set dashtype 12 (8, 4, 2, 4, 2, 4)
dash(name) = name eq "none-idle" ? 2 : name eq "fair-load" ? 4 : name eq "cbs-idle" ? 3 : \
	name eq "half-load" ? 11 : name eq "half-idle" ? 12 : 1
width(name) = name[1:3] eq "cbs" ? 4 : name[1:4] eq "half" ? 3 : 2

plot for [name in names] sprintf("%s/%s.ms", ARG1, name) \
	using 1:2 with lines linewidth width(name) dashtype dash(name) linecolor rgb colour(name) \
	title title(name)
