# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Arithmetic and HTML. Sourced by report.sh, and by that of bench/.

# ratio A B [DIGITS]
ratio() {
	awk -v a="$1" -v b="$2" -v digits="${3:-1}" 'BEGIN {
		if (a == "inf" || b == "inf") print "inf"; else printf "%.*f", digits, a / b }'
}

# holds EXPRESSION: in awk's arithmetic, where "inf" is more than anything
holds() {
	awk "BEGIN { inf = 1e300; exit !($1) }"
}

escape() {
	sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g'
}

# From lines of columns set apart by tabs, the first being the heads.
html_columns() {
	escape | awk -F '\t' '
		BEGIN { print "<table>" }
		{
			printf "<tr>"
			for (i = 1; i <= NF; i++)
				printf "%s%s", NR == 1 ? "<th>" : "<td>", $i
			print "</tr>"
		}
		END { print "</table>" }'
}
