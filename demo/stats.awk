# SPDX-License-Identifier: GPL-2.0
#
# Input: response times in ms, sorted, one a line. Output: one line with the number
# of requests, mean, standard deviation, median, 95th percentile, the ends of its
# confidence interval of 95 %, 99th percentile, maximum, percentage over the deadline;
# times with one decimal.
# Variables: deadline (ms), lost (number of requests without answer).
#
# Percentiles are nearest ranks. One that few requests would make the maximum under
# another name is "-": the 95th of less than 100, the 99th of less than 300.

{
	t[++n] = $1
	sum += $1
	over += $1 > deadline
}

function ms(time) {
	return sprintf("%.1f", time)
}

# A request without an answer is later than all others.
function at(rank) {
	return rank <= n ? ms(t[rank]) : "inf"
}

function nearest(share,    i) {
	i = int(share * all)
	return i < share * all ? i + 1 : i
}

# The interval between two order statistics has the percentile in it with the
# probability that the number of requests below it, which is binomial, is between
# their ranks. No assumption is made of how response times are distributed. Sets LOW
# and HIGH to the ranks: at most 2.5 % of the probability is beyond each.
function interval(share,    i, p, below) {
	p = all * log(1 - share)	# the logarithm: the number itself may be too small
	LOW = HIGH = 0
	for (i = 0; i <= all && !HIGH; i++) {
		below += exp(p)
		if (below <= 0.025)
			LOW = i + 1
		if (below >= 0.975)
			HIGH = i + 1
		if (i < all)
			p += log((all - i) / (i + 1) * share / (1 - share))
	}
	if (!LOW)
		LOW = 1
}

END {
	if (!n)
		exit 1
	all = n + lost
	mean = sum / n
	for (i = 1; i <= n; i++)
		square += (t[i] - mean) ^ 2
	p95 = low = high = p99 = "-"
	if (all >= 100) {
		interval(0.95)
		p95 = at(nearest(0.95)); low = at(LOW); high = at(HIGH)
	}
	if (all >= 300)
		p99 = at(nearest(0.99))
	print all, ms(mean), ms(sqrt(square / (n > 1 ? n - 1 : 1))), at(nearest(0.5)), p95, low, high,
		p99, (lost ? "inf" : ms(t[n])), ms(100 * (over + lost) / all)
}
