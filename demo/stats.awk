# SPDX-License-Identifier: GPL-2.0
#
# Input: response times in ms, sorted, one a line. Output: one line with the
# number of requests, mean, standard deviation, median, 99th percentile (nearest
# rank), maximum, percentage over the deadline; times with one decimal.
# Variables: deadline (ms), lost (number of requests without answer).

{
	t[++n] = $1
	sum += $1
	over += $1 > deadline
}

function ms(time) {
	return sprintf("%.1f", time)
}

# A request without an answer is later than all others.
function rank(share,    i) {
	i = int(share * (n + lost))
	if (i < share * (n + lost))
		i++
	return i <= n ? ms(t[i]) : "inf"
}

END {
	if (!n)
		exit 1
	mean = sum / n
	for (i = 1; i <= n; i++)
		square += (t[i] - mean) ^ 2
	print n + lost, ms(mean), ms(sqrt(square / (n > 1 ? n - 1 : 1))), rank(0.5),
		rank(0.99), (lost ? "inf" : ms(t[n])), ms(100 * (over + lost) / (n + lost))
}
