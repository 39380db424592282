# SPDX-License-Identifier: GPL-2.0
#
# The least-squares line through points "x,y". Output: slope, value at 0, R^2, and
# the x where the line meets 0.

BEGIN { FS = "," }

{ n++; x += $1; y += $2; xx += $1 * $1; xy += $1 * $2; yy += $2 * $2 }

END {
	if (n < 3)
		exit 1
	a = (n * xy - x * y) / (n * xx - x * x)
	b = (y - a * x) / n
	r2 = (n * xy - x * y) ^ 2 / ((n * xx - x * x) * (n * yy - y * y))
	printf "%.2f %.1f %.4f %.1f\n", a, b, r2, -b / a
}
