# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Looks for complaints of the kernel in the log of a run.

# logcheck LOG: prints the offending lines, each with its number, and where the first
# of them was; true if none. What comes when the power is off already, and with
# nohz_full= something does in any kernel (push_rt_task() about rcuog), is not of the
# run.
logcheck() {
	local lines n
	lines=$(LC_ALL=C sed '/reboot: Power down/q' "$1" |
		LC_ALL=C grep -n -E -f "$LAB_LIB/complaints.list") || return 0
	n=$(wc -l <<<"$lines")
	say "the kernel complained ($n lines; all of it in $1):"
	head -n 20 <<<"$lines" | sed 's/^/  /' >&"$LAB_ERR"
	[ "$n" -le 20 ] || say "... and $((n - 20)) more"
	logcheck_where "$1" "${lines%%:*}" >&"$LAB_ERR"
	return 1
}

# The function that line N of a log complains about, and who called it.
logcheck_where() {
	LC_ALL=C awk -v first="$2" 'NR < first { next }
		{ sub(/^\[[^]]*\] */, "") }
		/^RIP: 0010:/ && !rip     { rip = substr($2, 6) }
		/^Call Trace:/            { if (trace++) exit; next }
		trace && /^[a-z_A-Z].*\+0x/ && n++ < 8 { sub(/\/.*/, ""); calls = calls " " $0 }
		trace && /^<\/TASK>|^---\[/ { exit }
		END {
			if (rip == "" && calls != "") {	# a panic without an exception: who called first
				sub(/^ /, "", calls); rip = calls; sub(/ .*/, "", rip)
				calls = substr(calls, length(rip) + 1)
			}
			if (rip != "") print "  in " rip (calls != "" ? ", called by" calls : "")
		}' "$1"
}
