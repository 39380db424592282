#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: report.sh OUT
#
# Makes the table (standard output and OUT/table.txt) and OUT/report.html of what
# host.sh has measured. Exit status: 0 if the effect is shown, 1 if it is not.

set -euo pipefail
export LC_ALL=C.UTF-8

# What "shown" means. The load on guest 2 multiplies the 95th percentile of the
# response times of guest 1 by more than RUINED without a reservation; and with
# it, by less than KEPT and by a small part of that. (It is about 1 on a machine
# that does nothing else.)
RUINED=3
KEPT=3
PART=4
# The same with half of the budget and a normal thread's share beyond it: the 99th
# percentile beside an idle neighbour is that of the whole reservation, but for HALF_IDLE;
# beside a loaded one it is no more than the half guarantees without any share, and the
# 95th is below that of equal weights without a reservation.
HALF_IDLE=1.5
# So many requests must have been measured in a scenario, before any are left out: in
# those whose 99th percentile is given, in others; and so many must be left in each.
MEASURED=300
MEASURED_OTHERS=200
ENOUGH=150

# A standstill of the emulated machine: its CPUs did not run for so long, in us,
# but its clocks did.
STALL=8000

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OUT=${1:?usage: report.sh OUT}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/demo-report.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

die() {
	printf 'demo: error: %s\n' "$*" >&2
	exit 2
}

# shellcheck source=demo/report-lib.sh
. "$here/report-lib.sh"

declare -A FACT=() STAT=() LOAD=()

title() {
	case $1 in
	none-idle) echo "no reservation, guest 2 idle" ;;
	none-load) echo "no reservation, guest 2 loaded" ;;
	fair-load) echo "(equal weights, guest 2 loaded)" ;;
	cbs-idle) echo "reservation, guest 2 idle" ;;
	cbs-load) echo "reservation, guest 2 loaded" ;;
	half-idle) echo "half + extra time, guest 2 idle" ;;
	half-load) echo "half + extra time, guest 2 loaded" ;;
	esac
}

read_facts() {
	local name value
	while IFS=$'\t' read -r name value; do
		FACT[$name]=$value
	done <"$OUT/facts.txt"
	PERIOD=$((FACT[period_us] / 1000))
	BUDGET=$((FACT[budget_us] / 1000))
	HALF=$(awk -v us="${FACT[budget_us]}" 'BEGIN { print us / 2000 }')
	DEADLINE=$(awk -v us="${FACT[period_us]}" 'BEGIN { print us / 1000 }')
}

# The response times in file $1.csv, in us or "lost", without those that a stall
# spoiled. A stall counts as CPU time of whoever was running. So it takes guest 1,
# which has a fifth of the CPU, up to 5 times as long and a period to make up for
# it. The same requests are left out where there is no reservation.
times() {
	awk -F , -v stall=$STALL -v period="${FACT[period_us]}" '
		FNR == 1 { file++; next }
		file == 1 {
			if ($2 >= stall) {
				from[++n] = $1 - $2 - stall
				to[n] = $1 + 5 * $2 + period
			}
			next
		}
		{
			spoiled = 0
			for (i = 1; i <= n; i++)
				spoiled += $2 + ($4 == "lost" ? 1e12 : $4) >= from[i] && $2 <= to[i]
			print spoiled ? "spoiled" : $4
		}' "$1.stalls" "$1.csv"
}

# STAT[NAME,COLUMN] for each scenario there is, and STAT[NAME.all,COLUMN] with nothing
# left out. For the picture, NAME.ms has each time with the share of the requests that
# took no longer.
read_scenarios() {
	local name part
	SCENARIOS=()
	for name in none-idle none-load fair-load cbs-idle cbs-load half-idle half-load; do
		[ -e "$OUT/$name.1.csv" ] || continue
		SCENARIOS+=("$name")
		for part in "$OUT/$name".*.csv; do
			times "${part%.csv}"
		done >"$TMP/times"
		STAT[$name,spoiled]=$(grep -c spoiled "$TMP/times" || true)
		read_times "$name" <"$TMP/times"
		read_times "$name.all" < <(tail -q -n +2 "$OUT/$name".*.csv | cut -d , -f 4)
		LOAD[$name]=$(load_rate "$name")
	done
	[ ${#SCENARIOS[@]} -gt 0 ] || die "$OUT has no measurements"
}

# read_times NAME: standard input has times in us, "lost", or "spoiled"
read_times() {
	local lost
	local -a s
	cat >"$TMP/these"
	lost=$(grep -c lost "$TMP/these" || true)
	awk '/^[0-9]/ { print $1 / 1000 }' "$TMP/these" | sort -n >"$TMP/sorted"
	awk -v lost="$lost" '
		NR == FNR { n++; next }
		{ print $1, FNR / (n + lost) }' "$TMP/sorted" "$TMP/sorted" >"$TMP/$1.ms"
	read -r -a s < <(awk -v deadline="$DEADLINE" -v lost="$lost" -f "$here/stats.awk" "$TMP/$1.ms") ||
		die "scenario $1 has no response times: this machine is too slow, or too busy"
	STAT[$1,n]=${s[0]} STAT[$1,mean]=${s[1]} STAT[$1,sd]=${s[2]} STAT[$1,p50]=${s[3]}
	STAT[$1,p95]=${s[4]} STAT[$1,low]=${s[5]} STAT[$1,high]=${s[6]} STAT[$1,p99]=${s[7]}
	STAT[$1,max]=${s[8]} STAT[$1,over]=${s[9]}
}

# Requests per second that guest 2 has answered in scenario $1.
load_rate() {
	[ -e "$OUT/load.txt" ] || return 0
	awk -F '\t' -v name="$1" '$1 == name { sum += $3; n++ } END { if (n) printf "%.0f", sum / n }' \
		"$OUT/load.txt"
}

# cpu SCENARIO GUEST: the share of the CPU that the guest had, in percent
cpu() {
	awk -F '\t' -v name="$1" -v column=$(($2 + 2)) '
		$1 == name { wall += $2; cpu += $column }
		END { printf "%.0f", 100 * cpu / wall }' "$OUT/usage.txt"
}

table() {
	table_of ''
	if [ -n "$(left_out)" ]; then
		left_out
		echo
		echo "The same with nothing left out:"
		table_of .all
	fi
}

# table_of ''|.all
table_of() {
	local name s
	printf '%-33s %8s %8s %8s %8s %8s %15s %8s %8s %9s %8s\n' 'times in ms' requests mean sd median \
		p95 '(95 % surely)' p99 max '> period' 'left out'
	for name in "${SCENARIOS[@]}"; do
		s=$name$1
		printf '%-33s %8d %8s %8s %8s %8s %15s %8s %8s %7s %% %8d\n' "$(title "$name")" \
			"${STAT[$s,n]}" "${STAT[$s,mean]}" "${STAT[$s,sd]}" "${STAT[$s,p50]}" \
			"${STAT[$s,p95]}" "$(p95_interval "$s")" "${STAT[$s,p99]}" "${STAT[$s,max]}" \
			"${STAT[$s,over]}" "${STAT[$s,spoiled]:-0}"
	done
}

p95_interval() {
	[ "${STAT[$1,p95]}" = - ] || echo "${STAT[$1,low]} - ${STAT[$1,high]}"
}

left_out() {
	local name sum=0
	for name in "${SCENARIOS[@]}"; do
		sum=$((sum + STAT[$name,spoiled]))
	done
	[ $sum -eq 0 ] ||
		echo "Left out, by the same rule in all scenarios: $sum requests that were under way during a standstill of the emulated machine ($((STALL / 1000)) ms or more), or due until 5 times its length and a period after it. The machine's clocks go on when its CPUs do not run, because this machine is busy or itself kept waiting."
}

# The scenario with the fewest requests left
fewest() {
	local name n=
	for name in "${SCENARIOS[@]}"; do
		[ -n "$n" ] && [ "${STAT[$name,n]}" -ge "$n" ] || n=${STAT[$name,n]}
	done
	echo "$n"
}

# How many must be measured in scenario $1?
demanded() {
	case $1 in
	none-load | cbs-* | half-*) echo $MEASURED ;;
	*) echo $MEASURED_OTHERS ;;
	esac
}

# Why there are too few, if there are
too_few() {
	local name
	for name in "${SCENARIOS[@]}"; do
		[ "${STAT[$name.all,n]}" -lt "$(demanded "$name")" ] || continue
		echo "only ${STAT[$name.all,n]} requests were measured in a scenario ($(title "$name")); $(demanded "$name") are needed (--requests is too small)."
		return
	done
	[ "$(fewest)" -ge $ENOUGH ] ||
		echo "only $(fewest) requests of a scenario are left; $ENOUGH are needed (this machine is too busy)."
}

# The experiment's parameters beside those of the paper.
method() {
	printf '%-32s %-34s %s\n' '' 'here' 'the paper'
	printf '%-32s %-34s %s\n' \
		'file' '100 kB, a connection per request' '100 kB' \
		'period of the requests' "$PERIOD ms" '20 ms' \
		'reservation Q,P of guest 1' "$BUDGET,$PERIOD ms" '4,20 ms' \
		'Q/P' '0.2' '0.2' \
		'half of it' "$HALF,$PERIOD ms, cpu.rt_extra fair" 'not there' \
		'deadline' 'the period' 'the period' \
		'guest 2' "${FACT[vcpus2]} vCPUs, ${FACT[connections]} requests at a time" '1000 concurrent requests'
}

# Response times as shares of the period, since the machines are so different; the
# paper's from its table 1 (times in ms: 3.54, 1.62, 7.10 of 20) and figure 4.
published() {
	printf '%-40s %-12s %s\n' 'in % of the period' 'here' 'the paper'
	[ -z "${STAT[cbs-load,n]:-}" ] || printf '%-40s %-12s %s\n' \
		'reservation, guest 2 loaded: mean' "$(of_period cbs-load mean)" '18 (3.54 of 20 ms)' \
		'    standard deviation' "$(of_period cbs-load sd)" '8 (1.62 ms)' \
		'    maximum' "$(of_period cbs-load max)" '36 (7.10 ms)' \
		'    later than the period' "${STAT[cbs-load,over]}" '0' \
		'reservation, guest 2 idle: mean' "$(of_period cbs-idle mean)" '11 (about 2.1 ms)' \
		'    maximum' "$(of_period cbs-idle max)" '31 (6.2 ms)'
	printf '%-40s %-12s %s\n' \
		'no reservation, guest 2 loaded: maximum' "$(of_period none-load max)" '135 (27 ms)' \
		'    later than the period' "${STAT[none-load,over]}" 'more than 30'
}

# of_period SCENARIO COLUMN: in percent, with nothing left out, as the paper has it
of_period() {
	[ "${STAT[$1.all,$2]}" != inf ] || { echo 'no answer'; return; }
	awk -v t="${STAT[$1.all,$2]}" -v p="$DEADLINE" 'BEGIN { printf "%.0f", 100 * t / p }'
}

# half_time MS SHARE: the time in which half of the reservation and SHARE of what is
# left of the CPU give so much CPU time. The server has a full budget when the request
# comes, as it has been asleep: its period begins with the request, and so do the next.
half_time() {
	[ "$1" != inf ] || { echo inf; return; }
	awk -v work="$1" -v share="$2" -v q="$HALF" -v p="$DEADLINE" 'BEGIN {
		each = q + share * (p - q)
		while (work > each) { work -= each; time += p }
		printf "%.1f", time + (work > q ? q + (work - q) / share : work) }'
}

# What half of the reservation must hold. Sets IDLE to the percentile that is compared,
# AS_WHOLE to the most that it may be, ALONE to the most of the same beside a loaded guest 2:
# what it would be at least without extra time; and SHARED to what the 95th would be if the
# rest came at half of the CPU.
#
# How much CPU time a request takes is not known of each. But the whole reservation
# holds nearly all of them, and who has it is not disturbed: so the times with that are,
# within a percent or two, how much CPU time that share of the requests takes at most.
# (In turns with a neighbour it takes more: each is a switch between guests.)
half_bounds() {
	local name
	IDLE=p99
	for name in half-idle cbs-idle half-load cbs-load; do
		[ "${STAT[$name,p99]}" != - ] || IDLE=p95
	done
	AS_WHOLE=$(times_as_much $HALF_IDLE "${STAT[cbs-idle,$IDLE]}")
	ALONE=$(half_time "${STAT[cbs-load,$IDLE]}" 0)
	SHARED=$(half_time "${STAT[cbs-load,p95]}" 0.5)
}

# times_as_much FACTOR TIME
times_as_much() {
	[ "$2" != inf ] || { echo inf; return; }
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a * b }'
}

# The 95th percentiles are there, of enough requests to be called so.
has_half() {
	local name
	for name in half-idle half-load cbs-idle cbs-load fair-load; do
		[[ ${STAT[$name,p95]:--} != - ]] || return 1
	done
}

half() {
	has_half || return 0
	printf '%-40s %-26s %s\n' 'half + extra time; in ms' 'here' 'may be'
	printf '%-40s %-26s %s\n' \
		"guest 2 idle: ${IDLE#p}th percentile" "${STAT[half-idle,$IDLE]}" \
		"$AS_WHOLE: $HALF_IDLE times ${STAT[cbs-idle,$IDLE]}, that of the whole reservation" \
		"guest 2 loaded: ${IDLE#p}th percentile" "${STAT[half-load,$IDLE]}" \
		"$ALONE: what the half gives at least" \
		'guest 2 loaded: 95th percentile' "${STAT[half-load,p95]} ($(p95_interval half-load))" \
		"less than ${STAT[fair-load,p95]}, that of equal weights" \
		'    if the rest came at half of the CPU' '-' "$SHARED, and what the turns cost"
}

half_means() {
	echo "Half of Q is about what a request takes on average: the rest of a longer one waits for guest 1's turns as a normal thread (cpu.rt_extra is \"fair\", both guests have the same cpu.weight). Beside an idle neighbour it has every turn. Admission counts the half only, so twice as many such guests fit on a CPU."
}

# What one does not expect of a reservation, if it is so.
surprises() {
	[ -n "${STAT[cbs-idle,n]:-}" ] || return 0
	! holds "${STAT[cbs-idle,mean]} < ${STAT[none-idle,mean]}" ||
		echo "The reservation helps even beside an idle neighbour (mean ${STAT[cbs-idle,mean]} ms instead of ${STAT[none-idle,mean]}). A likely reason: a capsule runs before all that wakes up on the CPU from time to time, the neighbour's timers and threads of the kernel, which otherwise come between a request and its answer."
	[ -z "${LOAD[none-load]:-}" ] || ! holds "${LOAD[cbs-load]} > ${LOAD[none-load]}" ||
		echo "The neighbour gets more done beside the reservation (${LOAD[cbs-load]} instead of ${LOAD[none-load]} requests/s). A likely reason: guest 1 runs in one piece for each request, not in many, and never takes more than its fifth; each switch between guests that is saved costs much where AMD-V is emulated."
}

# The ratios and the verdict, one sentence. Sets SHOWN.
verdict() {
	local not
	SHOWN=no
	not=$(too_few)
	if [ -n "$not" ]; then
		echo "NOT shown: $not"
		return
	fi
	WITHOUT=$(ratio "${STAT[none-load,p95]}" "${STAT[none-idle,p95]}")
	echo "95th percentile, guest 2 loaded : idle, without a reservation: $(p95 none-load) : $(p95 none-idle) = $WITHOUT"
	if [ -z "${STAT[cbs-load,p95]:-}" ]; then
		echo "Nothing is shown: this was measured without the reservation."
		return
	fi
	WITH=$(ratio "${STAT[cbs-load,p95]}" "${STAT[cbs-idle,p95]}")
	echo "95th percentile, guest 2 loaded : idle, with the reservation:   $(p95 cbs-load) : $(p95 cbs-idle) = $WITH"
	not=$(not_whole)
	[ -n "$not" ] || ! has_half || not=$(not_half)
	if [ -n "$not" ]; then
		echo "NOT shown: $not"
	else
		SHOWN=yes
		echo "Shown: $(shown_whole)$(! has_half || shown_half)"
	fi
}

# not_whole, not_half: why it is not shown, if it is not
not_whole() {
	local outside
	outside=$(awk -F '\t' '$6 == "-"' "$OUT/threads.txt" | wc -l)
	if [ "$outside" -gt 0 ]; then
		echo "$outside threads of guest 1 are served by no capsule."
	elif ! holds "$WITHOUT > $RUINED"; then
		echo "even without a reservation the load on guest 2 does not ruin guest 1 (a ratio of $WITHOUT, where more than $RUINED was expected)."
	elif ! holds "$WITH < $KEPT && $WITH < $WITHOUT / $PART"; then
		echo "with the reservation the load on guest 2 still slows guest 1 down (a ratio of $WITH; less than $KEPT, and less than $WITHOUT / $PART, was expected)."
	fi
}

not_half() {
	if ! holds "${STAT[half-idle,$IDLE]} <= $AS_WHOLE"; then
		echo "beside an idle guest 2, half of the reservation with extra time is slower than the whole (a ${IDLE#p}th percentile of ${STAT[half-idle,$IDLE]} ms; $AS_WHOLE at most was expected)."
	elif ! holds "${STAT[half-load,$IDLE]} <= $ALONE"; then
		echo "beside a loaded guest 2, half of the reservation with extra time gives less than without (a ${IDLE#p}th percentile of ${STAT[half-load,$IDLE]} ms; $ALONE ms at most was expected)."
	elif ! holds "${STAT[half-load,p95]} < ${STAT[fair-load,p95]}"; then
		echo "beside a loaded guest 2, half of the reservation with extra time gives no more than equal weights (a 95th percentile of $(p95 half-load), and $(p95 fair-load))."
	fi
}

shown_whole() {
	echo "while guest 2 takes $(cpu cbs-load 2) % of the CPU, the reservation of $BUDGET ms in $PERIOD ms lets guest 1 answer 95 % of its requests within $(p95 cbs-load), as if guest 2 were idle ($(p95 cbs-idle)); without, it takes $(p95 none-load)."
}

shown_half() {
	echo " Half of that and a normal share beyond it are as good beside an idle guest 2 (a ${IDLE#p}th percentile of ${STAT[half-idle,$IDLE]} ms, and ${STAT[cbs-idle,$IDLE]} ms with the whole); beside the loaded one it takes $(p95 half-load), and $(p95 fair-load) with a normal share alone."
}

# p95 SCENARIO: with its confidence interval
p95() {
	echo "${STAT[$1,p95]} ms ($(p95_interval "$1"))"
}

threads() {
	[ -s "$OUT/threads.txt" ] || return 0
	echo "Threads of guest 1 while it serves requests under its reservation:"
	{
		printf 'thread\tname\tpolicy\tCPUs\tcgroup\tserved by capsule\n'
		cat "$OUT/threads.txt"
	} | awk -F '\t' '{ printf "  %6s  %-16s %-12s %-4s  %-12s  %s\n", $1, $2, $3, $4, $5, $6 }'
}

calibration() {
	echo "Calibrated: a request takes guest 1 $(ratio "${FACT[cost_us]}" 1000) ms of CPU time on this machine, where AMD-V itself is emulated."
	echo "Q is ${FACT[margin_percent]} % of that, and P and the period of the requests are 5 Q: the paper's share and method, at this machine's pace."
}

text() {
	table
	echo
	published
	echo
	half
	! has_half || echo
	method
	echo
	calibration
	echo
	threads
	echo
	surprises
	cat "$TMP/verdict"
}

# --- HTML ---

# html_table ''|.all
html_table() {
	local name s
	echo '<table class="times"><tr><th>scenario; times in ms<th>requests<th>mean<th>standard deviation<th>median<th>p95<th>p95 is surely (95&nbsp;%) in<th>p99<th>maximum<th>% later than the period<th>left out<th>CPU of guest 1, %<th>CPU of guest 2, %<th>guest 2 serves, 1/s</tr>'
	for name in "${SCENARIOS[@]}"; do
		s=$name$1
		printf '<tr class="%s"><td>%s<td>%d<td>%s<td>%s<td>%s<td><b>%s</b><td>%s<td>%s<td>%s<td>%s<td>%d<td>%d<td>%d<td>%s</tr>\n' \
			"$name" "$(title "$name")" "${STAT[$s,n]}" "${STAT[$s,mean]}" "${STAT[$s,sd]}" \
			"${STAT[$s,p50]}" "${STAT[$s,p95]}" "$(p95_interval "$s")" "${STAT[$s,p99]}" \
			"${STAT[$s,max]}" "${STAT[$s,over]}" "${STAT[$s,spoiled]:-0}" \
			"$(cpu "$name" 1)" "$(cpu "$name" 2)" "${LOAD[$name]}"
	done
	echo '</table>'
}

# Columns set apart by spaces, two at least
html_spaced() {
	sed -E 's/^    /\&nbsp;\&nbsp;/; s/^ +/\t/; s/  +/\t/g' | html_columns | sed 's/&amp;nbsp;/\&nbsp;/g'
}

html_threads() {
	[ -s "$OUT/threads.txt" ] || return 0
	echo '<h2>The threads of guest 1</h2>'
	echo '<p>Taken while it served requests under its reservation. The capsule serves them all, whatever their policy; the last column is what <code>/proc/TID/sched</code> says.</p>'
	{
		printf 'thread\tname\tpolicy\tCPUs\tcgroup\tserved by capsule\n'
		cat "$OUT/threads.txt"
	} | html_columns
}

picture() {
	gnuplot -c "$here/cdf.gp" "$TMP" "${SCENARIOS[*]}" "$DEADLINE" "$TMP/cdf.svg" ||
		die "gnuplot has failed"
	sed -n '/<svg/,$p' "$TMP/cdf.svg"
}

html_left_out() {
	[ -n "$(left_out)" ] || return 0
	echo "<p>$(left_out | escape)</p><p>The same with nothing left out:</p>"
	html_table .all
}

html_half() {
	has_half || return 0
	echo '<h2>Half of the reservation</h2>'
	half | html_spaced
	echo "<p>$(half_means | escape)</p>"
}

html() {
	cat <<END
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Deadline groups: the demo</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 14px }
th, td { border-bottom: 1px solid #ddd; padding: .3em .6em; text-align: left; vertical-align: top }
.times th, .times td { text-align: right; white-space: nowrap }
.times th { white-space: normal }
.times th:first-child, .times td:first-child { text-align: left }
pre { background: #f5f5f5; padding: 1em; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px }
svg { max-width: 100%; height: auto }
.none-load td { color: #a84300 } .cbs-load td { color: #005a8c } .fair-load td { color: #666 } .half-load td { color: #00735a }
.verdict { border-left: 4px solid $([ $SHOWN = yes ] && echo '#0072b2' || echo '#d55e00'); padding-left: 1em }
</style></head><body>
<h1>Two guests, one CPU</h1>
<p>Two KVM guests run on one CPU, each with nginx. Guest 1 is asked for a file of 100 kB every $PERIOD ms.
Guest 2 is idle, or loaded with ${FACT[connections]} requests at a time. The times are those from the moment
when a request is due to the last byte of the answer. This repeats the central experiment (figure 4, table 1) of
T. Cucinotta, D. Giani, D. Faggioli, F. Checconi: <i>Providing Performance Guarantees to Virtual Machines using
Real-Time Scheduling</i>.</p>
<div class="verdict">$(tail -n 1 "$TMP/verdict" | escape)</div>
<ul>$(sed '$d' "$TMP/verdict" | escape | sed 's/^/<li>/')</ul>
<h2>Response times of guest 1</h2>
$(picture)
$(html_table '')
<p>p95 is the time within which 95 % of the requests were answered; beside it, where it would be found again in 95 of 100
such measurements (between two order statistics; nothing is assumed of how times are distributed). p99 is given from
300 requests on.</p>
$(html_left_out)
$(surprises | escape | sed 's/^/<p>/')
<h2>Beside the paper</h2>
<p>As shares of the period, since a request takes this emulated machine 20 times as long. Nothing is left out.</p>
$(published | html_spaced)
<p><i>Equal weights</i> is for comparison: no reservation, but the two guests share the CPU as groups with the
same <code>cpu.weight</code>. Without a reservation they otherwise compete thread by thread.</p>
$(html_half)
<h2>Method</h2>
$(method | html_spaced)
<p>$(calibration | escape)</p>
$(html_threads)
<h2>The machine</h2>
$(html_columns <"$OUT/machine.txt")
<h2>The commands</h2>
<p>On the machine, then on the host of the guests:</p>
<pre>$(escape <"$OUT/started.txt")</pre>
<pre>$(escape <"$OUT/commands.txt")</pre>
</body></html>
END
}

read_facts
read_scenarios
! has_half || half_bounds
verdict >"$TMP/verdict"
text | tee "$OUT/table.txt"
[ -e "$OUT/machine.txt" ] || printf 'what\tvalue\n' >"$OUT/machine.txt"
[ -e "$OUT/started.txt" ] || : >"$OUT/started.txt"
html >"$OUT/report.html.new"
mv "$OUT/report.html.new" "$OUT/report.html"
[ $SHOWN = yes ]
