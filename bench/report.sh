#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: report.sh OUT
#
# Makes the table (standard output and OUT/table.txt) and OUT/report.html of what
# host.sh has measured, and PAPERS_OUT/guest/suggest.csv for papers/report.sh. Exit status: 0
# if all listed threads are in the capsule, the throughput follows the reservation, and
# no neighbour takes any of it, as far as that was asked for; 1 if not.

set -euo pipefail
export LC_ALL=C.UTF-8

COVERED=99	# percent; what is missing may be priority inheritance
LINEAR=0.98	# R^2
LOST=2		# percent of a guest's CPU time, beside a busy neighbour
PAPER_LOSS="20-30 %"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OUT=${1:?usage: report.sh OUT}
PAPERS=${PAPERS_OUT:-$here/../out/papers}/guest
TMP=$(mktemp -d "${TMPDIR:-/tmp}/bench-report.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

# shellcheck source=demo/report-lib.sh
. "$here/../demo/report-lib.sh"

declare -A FACT=()
WRONG=()	# what does not hold

have() {
	[ -s "$OUT/$1" ]
}

read_facts() {
	local name value
	while IFS=$'\t' read -r name value; do
		FACT[$name]=$value
	done <"$OUT/facts.txt"
	PERIOD=$((FACT[period_us] / 1000))
}

# missing PART WHAT: it is not there; that is wrong if it was asked for.
missing() {
	[[ " ${FACT[only]:-$1} " != *" $1 "* ]] || WRONG+=("$2 not measured")
}

# The median of numbers, one a line.
median() {
	sort -g | awk '{ t[NR] = $1 } END { if (NR) print (t[int((NR + 1) / 2)] + t[int(NR / 2) + 1]) / 2 }'
}

# --- 1: coverage ---

# difference COLUMN: of the usage at the end and at the beginning, in ms
difference() {
	paste "$OUT/usage-begin.tsv" "$OUT/usage-end.tsv" |
		awk -F '\t' -v c="$1" '{ printf "%.1f", ($(c + 2) - $c) / 1000 }'
}

coverage_data() {
	local listed sum
	have time-end.tsv || { missing coverage "coverage is"; return 0; }
	listed=,$(cut -f 1 "$OUT/threads.tsv" | tr '\n' ,)
	awk -v pid="${FACT[coverage_pid]}" -v listed="$listed" -f "$here/coverage.awk" \
		"$OUT/time-begin.tsv" "$OUT/time-end.tsv" >"$TMP/coverage"
	sum=$(awk -F '\t' '$1 == "sum" { print $4 }' "$TMP/coverage")
	INSIDE=$(difference 1)
	COVERAGE=$(ratio "$(awk -v x="$INSIDE" 'BEGIN { print 100 * x }')" "$sum" 2)
	CGROUP=$(difference 2)
	SUM=$sum
	OUTSIDE=$(awk -F '\t' '$1 == "outside" { sum += $5 } END { printf "%.2f", sum }' "$TMP/coverage")
	NOT_LISTED=$(awk -F '\t' '$3 == "-" { printf "%s%s", sep, $2; sep = ", " }' "$OUT/threads.tsv")
	{
		printf 'where\tthread\tCPU\tCPU time, ms\tof the guest, %%\n'
		sort -t $'\t' -k 1,1 -k 5,5gr "$TMP/coverage" | awk -F '\t' '$1 != "sum" && ($1 == "guest" || $5 >= 0.01)'
	} >"$TMP/coverage.tsv"
	{
		echo where,thread,cpu,cpu_ms,percent_of_guest
		tail -n +2 "$TMP/coverage.tsv" | tr '\t' ,
	} >"$OUT/coverage.csv"
	holds "$COVERAGE >= $COVERED" || WRONG+=("only $COVERAGE % of the guest's CPU time is in its capsule ($COVERED % was expected)")
	[ "$(awk -F '\t' '$1 == "guest"' "$TMP/coverage" | wc -l)" -ge 5 ] || WRONG+=("threads of the guest are missing")
}

coverage_text() {
	[ -n "${COVERAGE:-}" ] || return 0
	echo "1. Coverage: 2 vCPUs, I/O thread, vhost-net, disk; under network and disk load"
	column -t -s $'\t' "$TMP/coverage.tsv" | sed 's/^/   /'
	cat <<END
   CPU time of the guest's threads ${SUM} ms (its cgroup: $CGROUP ms), of the capsule $INSIDE ms:
   $COVERAGE % inside. Outside, threads of the kernel: $OUTSIDE % (those of CPU 0 also serve the other ends).
END
	[ -z "$NOT_LISTED" ] || echo "   At the moment of the look served outside (by priority inheritance): $NOT_LISTED"
}

# --- 2: throughput over the reservation ---

# The rounds are scaled to have the same sum: what the machine does besides slows down
# one more than another. Output: share and throughput, for each measurement.
linear_scaled() {
	local median
	median=$(awk -F , 'NR > 1 { sum[$1] += $3 } END { for (r in sum) print sum[r] }' "$OUT/linear.csv" | median)
	awk -F , -v median="$median" '
		FNR == 1 { next }
		NR == FNR { sum[$1] += $3; next }
		sum[$1] > 0 { print $2, $3 * median / sum[$1] }' "$OUT/linear.csv" "$OUT/linear.csv"
}

linear_data() {
	have linear.csv || { missing linear "throughput over the reservation is"; return 0; }
	linear_scaled >"$TMP/linear.all"
	tail -n +2 "$OUT/linear.csv" | cut -d , -f 2,4 | tr , ' ' >"$TMP/linear.cpu"
	awk 'NR == FNR { mbits[$1] += $2; n[$1]++; next }
		{ cpu[$1] += $2 }
		END { for (s in n) printf "%d %.2f %.1f\n", s, mbits[s] / n[s], cpu[s] / n[s] }' \
		"$TMP/linear.all" "$TMP/linear.cpu" | sort -n >"$TMP/linear.mean"
	read -r SLOPE AT0 R2 ROOT < <(tr ' ' , <"$TMP/linear.mean" | awk -f "$here/fit.awk")
	holds "$R2 >= $LINEAR" || WRONG+=("the throughput does not follow the reservation: R^2 is $R2 ($LINEAR was expected)")
}

linear_text() {
	[ -n "${R2:-}" ] || return 0
	echo "2. Throughput of a guest over its reservation (the paper's figure 1b: linear)"
	{
		printf 'Q/P %%\tMbit/s\tof the line, %%\tCPU used, %%\n'
		awk -v a="$SLOPE" -v b="$AT0" '{ line = a * $1 + b
			printf "%s\t%.0f\t%s\t%s\n", $1, $2, (line > 0 ? int(100 * $2 / line + 0.5) : "-"), $3 }' "$TMP/linear.mean"
	} | column -t -s $'\t' | sed 's/^/   /'
	echo "   R^2 = $R2 ($LINEAR is required); $SLOPE Mbit/s for each %, beginning at $ROOT %: what a guest takes to do nothing"
	echo "   Means of $(tail -n 1 "$OUT/linear.csv" | cut -d , -f 1) rounds, each scaled to have the same sum"
}

# --- 3: isolation ---

# Each row has the share of the guest, the neighbour's load and share, the guest's
# throughput beside it and beside it frozen, and the medians of what was lost, by the
# mean of what was before and after: throughput and CPU time, in percent.
isolation_data() {
	local share load other lost
	have isolation.csv || { missing isolation "isolation is"; return 0; }
	mapfile -t SHARES < <(tail -n +2 "$OUT/isolation.csv" | cut -d , -f 2 | sort -nu)
	for share in "${SHARES[@]}"; do
		for load in network compute process; do
			for other in 10 20 30 40; do
				awk -F , -v s="$share" -v l=$load -v o=$other '
					$2 == s && $3 == l && $4 == o && $8 + $10 && $9 + $11 {
						mbits = ($8 + $10) / 2
						cpu = ($9 + $11) / 2
						print $5, mbits, 100 * (1 - $5 / mbits), 100 * (1 - $6 / cpu)
					}' "$OUT/isolation.csv" >"$TMP/pairs"
				[ -s "$TMP/pairs" ] || continue
				cat "$TMP/pairs" >>"$TMP/isolation.$load"
				printf '%s %s %s %.0f %.0f %.1f %.1f\n' "$share" $load $other "$(column_median 1)" \
					"$(column_median 2)" "$(column_median 3)" "$(column_median 4)"
			done
		done
	done >"$TMP/isolation.rows"
	awk -v dir="$TMP" '{ print $3, 100 - $6 > (dir "/isolation." $1 "." $2) }' "$TMP/isolation.rows"
	LOSS_MAX=$(awk '{ print $6 }' "$TMP/isolation.rows" | sort -g | tail -n 1)
	for load in network compute process; do
		[ -s "$TMP/isolation.$load" ] || continue
		lost=$(column_median 4 "$TMP/isolation.$load")
		holds "$lost <= $LOST" || WRONG+=("beside $load load a guest loses $lost % of its CPU time ($LOST % at most was expected)")
	done
}

# column_median N [FILE]
column_median() {
	awk -v c="$1" '{ print $c }' "${2:-$TMP/pairs}" | median
}

# loss LOAD COLUMN: the median of all, with quartiles
loss() {
	[ -s "$TMP/isolation.$1" ] || { echo "-"; return 0; }
	awk -v c="$2" '{ print $c }' "$TMP/isolation.$1" | sort -g | awk '
		{ t[NR] = $1 }
		END { printf "%.1f %% (quartiles %.1f, %.1f)", (t[int((NR + 1) / 2)] + t[int(NR / 2) + 1]) / 2,
			t[int((NR + 3) / 4)], t[int((3 * NR + 3) / 4)] }'
}

isolation_text() {
	[ -n "${LOSS_MAX:-}" ] || return 0
	echo "3. Throughput of a guest beside a busy neighbour (the paper's figures 2 and 3)"
	{
		printf 'guest %%\tneighbour\tits Q/P %%\tMbit/s\tit frozen\tloss %%\tCPU time lost, %%\n'
		tr ' ' '\t' <"$TMP/isolation.rows"
	} | column -t -s $'\t' | sed 's/^/   /'
	cat <<END
   loss, median of all           throughput                          CPU time of the guest
     network load                 $(printf '%-35s %s' "$(loss network 3)" "$(loss network 4)")
     compute load                 $(printf '%-35s %s' "$(loss compute 3)" "$(loss compute 4)")
     a process, no guest          $(printf '%-35s %s' "$(loss process 3)" "$(loss process 4)")
     the paper                    $PAPER_LOSS
     the aim                      5 %
   The reservation holds if no CPU time is lost; the rest of the loss is work done per CPU time.
END
}

# --- 4: latency and steal time ---

latency_data() {
	local mode
	have latency.csv || return 0
	for mode in idle other fifo capsule; do
		# A wakeup that comes late delays those that were due meanwhile: they count, too.
		awk -F , -v m=$mode -v i="${FACT[latency_interval_us]}" '
			$2 == m { for (v = $3; v > 0; v -= i) print v }' "$OUT/latency.csv" | sort -n >"$TMP/l"
		awk -v m=$mode 'function rank(s) { i = int(s * NR); return t[i < s * NR ? i + 1 : i] }
			{ t[NR] = $1 / 1000 }
			END { if (NR) printf "%s\t%d\t%.2f\t%.2f\t%.2f\n", m, NR, rank(0.5), rank(0.99), t[NR] }' "$TMP/l"
		awk 'NR == FNR { n++; next } { print ($1 > 1 ? $1 : 1) / 1000, FNR / n }' "$TMP/l" "$TMP/l" >"$TMP/latency.$mode"
	done >"$TMP/latency.tsv"
}

latency_text() {
	have latency.csv || return 0
	echo "4. Latency in a guest (cyclictest) beside a neighbour that computes"
	{
		printf 'scenario\tsamples\tmedian ms\tp99 ms\tmax ms\tp99 : capsule\tmax : capsule\n'
		awk -F '\t' -v OFS='\t' 'NR == FNR { if ($1 == "capsule") { p = $4; m = $5 } next }
			{ print $0, p ? sprintf("%.1f", $4 / p) : "-", m ? sprintf("%.1f", $5 / m) : "-" }' \
			"$TMP/latency.tsv" "$TMP/latency.tsv"
	} | column -t -s $'\t' | sed 's/^/   /'
	[ ! -s "$OUT/latency-none.txt" ] ||
		echo "   No answer from the guest within ${FACT[latency_patience_s]} s: $(sort "$OUT/latency-none.txt" | uniq -c | awk '{ printf "%s%s (%d times)", sep, $2, $1; sep = ", " }')"
	echo "   Q, P: ${FACT[latency_q]} us, of the neighbour 45 %. idle: the neighbour idle; other, fifo: no reservation, all threads of the guest SCHED_OTHER, SCHED_FIFO, of the neighbour SCHED_OTHER; timer, softirq and RCU threads of their CPU are SCHED_FIFO above"
}

steal_text() {
	have steal.csv || return 0
	echo "5. Steal time that a guest with a busy vCPU sees in its /proc/stat"
	{
		printf 'Q/P %%\tsteal %%\t100 %% - Q/P\n'
		tail -n +2 "$OUT/steal.csv" | awk -F , '{ printf "%s\t%s\t%d\n", $1, $2, 100 - $1 }'
	} | column -t -s $'\t' | sed 's/^/   /'
}

# --- 6: what sched-vm suggest says ---

P99_FROM=300	# requests

# times_of MODE: in ms, in order; what was not answered is not there.
times_of() {
	awk -F , -v m="$1" '$2 == m && $4 != "lost" { print $4 / 1000 }' "$OUT/suggest.csv" | sort -g
}

# One that is not answered comes after all others. Each row: the setting, Q and P, of a CPU in percent, used in percent, periods that ran dry in
# percent, requests, those lost, median, p95, p99, longest in ms
suggest_data() {
	local mode
	have suggest.csv || return 0
	for mode in whole suggestion below; do
		awk -F '\t' -v OFS='\t' -v m=$mode '
			$1 == m { res = $2; periods += $3; dry += $4; used += $5; time += $6 }
			END {
				split(res, q, " ")
				print m, res == "max" ? "-" : sprintf("%.1f / %.1f", q[1] / 1000, q[2] / 1000),
					res == "max" ? 100 : sprintf("%.1f", 100 * q[1] / q[2]),
					sprintf("%.1f", 100 * used / time), periods ? sprintf("%.1f", 100 * dry / periods) : "-"
			}' "$OUT/suggest.tsv" >"$TMP/suggest.head"
		times_of $mode | awk -v all="$(grep -c ",$mode," "$OUT/suggest.csv")" -v from=$P99_FROM -v OFS='\t' '
			function rank(s) { i = int(s * all); i += i < s * all; return i in t ? t[i] : "-" }
			{ t[NR] = $1 }
			END { print all, all - NR, rank(0.5), rank(0.95), (all >= from ? rank(0.99) : "-"), t[NR] }' |
			paste "$TMP/suggest.head" -
	done >"$TMP/suggest.tsv"
	suggest_papers
}

# For the column "guest" of make papers
suggest_papers() {
	mkdir -p "$PAPERS"
	awk -F '\t' -v OFS=, '
		function line(what, value, unit) {
			if (value != "-")
				print "suggest", "at=" $1 " " what, value, unit
		}
		BEGIN { print "id", "condition", "value", "unit" }
		{
			line("budget", $3, "% of a CPU")
			line("used", $4, "% of a CPU")
			line("dry", $5, "% of periods")
			line("requests", $6, "requests")
			line("lost", $7, "requests")
			line("median", $8, "ms")
			line("p95", $9, "ms")
			line("p99", $10, "ms")
			line("longest", $11, "ms")
		}' "$TMP/suggest.tsv" >"$PAPERS/suggest.csv"
}

# On a machine with other things to do a guest may take all of the CPU for this.
suggest_refused() {
	[ ! -s "$OUT/suggest.json" ] || printf '6. sched-vm suggest has no suggestion:\n   %s\n' \
		"$(sed -n 's/^ *"\(error\|cure\)": *//p' "$OUT/suggest.json" | paste -s -d ' ')"
}

suggest_text() {
	have suggest.csv || { suggest_refused; return 0; }
	echo "6. Response times of a web server at what sched-vm suggest says, 20 % below, and with a whole CPU"
	{
		printf 'CPU time\tQ / P ms\tof a CPU, %%\tused, %%\tran dry, %%\trequests\tlost\tmedian ms\tp95 ms\tp99 ms\tlongest ms\n'
		awk -F '\t' -v OFS='\t' '
			$1 == "below" { $1 = "20 % below" }
			$1 == "whole" { $1 = "a whole CPU, but 5 %" }
			{ for (i = 8; i <= 11; i++) if ($i != "-") $i = sprintf("%.1f", $i); print }' "$TMP/suggest.tsv"
	} | column -t -s $'\t' | sed 's/^/   /'
	cat <<END
   A request (100 kB, a connection of its own) takes $(ratio "${FACT[suggest_request_us]}" 1000 1) ms of CPU time, and one is due every
   $(ratio "${FACT[suggest_interval_us]}" 1000 0) ms, whatever became of those before; its time counts from then. No neighbour.
   p99: from $P99_FROM requests on. The suggestion is for the period of the requests: ${FACT[suggest_percentile]} % of the periods would
   have been enough, and there is 10 % of headroom.
END
}

emulation() {
	cat <<'END'
AMD-V itself is emulated: the CPUs of the host of the guests are threads of a program, an exit from a guest
costs far more than it does in hardware, and a CPU stands still whenever this machine does something else, while its
clock goes on. A standstill is charged to whoever runs at that moment, and shows as latency, or as throughput that is
lost. Throughputs and latencies are therefore those of no real machine. Ratios within this boot tell more, since what
is compared is measured in turn; on a machine with other things to do they are noisy all the same.
END
}

verdict() {
	if [ ${#WRONG[@]} -eq 0 ] && [ -z "${COVERAGE:+${R2:+${LOSS_MAX:-}}}" ]; then
		echo "Nothing wrong with what was asked for: ${FACT[only]}."
	elif [ ${#WRONG[@]} -eq 0 ]; then
		echo "Shown: $COVERAGE % of a guest's CPU time is in its capsule, its throughput follows the reservation (R^2 = $R2), and no neighbour takes of its CPU time."
	else
		printf 'NOT shown: '
		printf '%s; ' "${WRONG[@]}" | sed 's/; $/./'
		echo
	fi
}

text() {
	local part
	for part in coverage linear isolation latency steal suggest; do
		${part}_text
		echo
	done
	emulation
	echo
	verdict
}

picture() {
	gnuplot -c "$here/plots.gp" "$1" "$TMP" "$TMP/$1.svg" "${@:2}" 2>"$TMP/gnuplot.log" ||
		{ cat "$TMP/gnuplot.log" >&2; return 0; }
	sed -n '/<svg/,$p' "$TMP/$1.svg"
}

# html_part NAME: the first line of its text as a heading
html_part() {
	"$1_text" >"$TMP/part"
	[ -s "$TMP/part" ] || return 0
	echo "<h2>$(head -n 1 "$TMP/part" | escape)</h2>"
	case $1 in
	linear) picture linear "$SLOPE" "$AT0" ;;
	isolation) picture isolation "${SHARES[*]}" ;;
	latency) picture latency "$(cut -f 1 "$TMP/latency.tsv" | tr '\n' ' ')" ;;
	esac
	echo "<pre>$(tail -n +2 "$TMP/part" | escape)</pre>"
}

html() {
	cat <<END
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Deadline groups: KVM guests</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 14px }
th, td { border-bottom: 1px solid #ddd; padding: .3em .7em; text-align: left }
pre { background: #f5f5f5; padding: 1em; overflow-x: auto; font-size: 13px }
svg { max-width: 100%; height: auto }
.verdict { border-left: 4px solid $([ ${#WRONG[@]} -eq 0 ] && echo '#147a2e' || echo '#b01010'); padding-left: 1em }
</style></head><body>
<h1>KVM guests in capsules</h1>
<p>All guests run on one CPU; P = $PERIOD ms, each throughput is that of ${FACT[window_s]} s.
The paper is T. Cucinotta, D. Giani, D. Faggioli, F. Checconi: <i>Providing Performance Guarantees to Virtual Machines
using Real-Time Scheduling</i>.</p>
<div class="verdict">$(verdict | escape)</div>
$(for part in coverage linear isolation latency steal suggest; do html_part $part; done)
<h2>What emulation does to the figures</h2>
<p>$(emulation | escape)</p>
<h2>The machine</h2>
$(html_columns <"$OUT/machine.txt")
<h2>The commands</h2>
<pre>$(escape <"$OUT/started.txt")</pre>
<pre>$(escape <"$OUT/commands.txt")</pre>
</body></html>
END
}

read_facts
coverage_data
linear_data
isolation_data
latency_data
suggest_data
text | tee "$OUT/table.txt"
[ -e "$OUT/machine.txt" ] || printf 'what\tvalue\n' >"$OUT/machine.txt"
[ -e "$OUT/started.txt" ] || : >"$OUT/started.txt"
html >"$OUT/report.html.new"
mv "$OUT/report.html.new" "$OUT/report.html"
[ ${#WRONG[@]} -eq 0 ]
