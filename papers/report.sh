#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: report.sh OUT
#
# From OUT/{model,kernel,guest}/*.csv and published/*.csv: OUT/ID.csv, OUT/report.html, and
# the verdicts (standard output and OUT/verdicts.txt). Status: 0 if all hold, 1 if not.

set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OUT=${1:?usage: report.sh OUT}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/papers-report.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

# shellcheck source=demo/report-lib.sh
. "$here/../demo/report-lib.sh"

# shellcheck source=papers/titles.sh
. "$here/titles.sh"

ids() {
	(cd "$OUT" && printf '%s\n' [a-z]*[0-9a-z].csv) | sed 's/\.csv$//' | sort -V
}

# All that was measured by COLUMN (model, kernel, guest)
measured() {
	local file
	for file in "$OUT/$1"/*.csv; do
		[ ! -e "$file" ] || printf '%s\n' "$file"
	done
}

merge() {
	local -a files
	mapfile -t files < <(printf '%s\n' "$here"/published/*.csv | grep -v sources; measured model; measured kernel; measured guest)
	awk -v dir="$OUT" -f "$here/merge.awk" "${files[@]}"
}

verdicts() {
	local -a files
	mapfile -t files < <(measured model; measured kernel)
	awk -f "$here/verdicts.awk" "${files[@]}"
}

# line NAME ID PATTERN KEY: the model's values over KEY=number, of the conditions that match
line() {
	awk -F , -v id="$2" -v pattern="$3" -v key="$4=" '
		$1 == id && $2 ~ pattern {
			x = $2
			sub(".*" key, "", x)
			print x + 0, $3
		}' "$OUT"/model/*.csv | sort -n >"$TMP/plot/$1.xy"
	[ ! -s "$TMP/plot/$1.xy" ] || NAMES="$NAMES $1"
}

begin_plot() {
	rm -rf "$TMP/plot"
	mkdir "$TMP/plot"
	NAMES=
}

# end_plot CAPTION XLABEL YLABEL [LEVEL]
end_plot() {
	[ -n "$NAMES" ] || return 0
	gnuplot -c "$here/plots.gp" "$TMP/plot" "${NAMES# }" "$TMP/plot.svg" "$2" "$3" "${4:--}"
	printf '<h3>%s</h3>\n' "$1"
	sed -n '/<svg/,$p' "$TMP/plot.svg"
}

pictures() {
	local c policy server guest vmm how
	case $1 in
	f2.5)
		for c in decreasing even increasing; do
			begin_plot
			for policy in deferrable periodic polling sporadic wcps crps cbs cash cbs-idle; do
				line $policy f2.5 "case=$c policy=$policy " load
			done
			end_plot "$c" "load in %" "missed in % (dashed: the limit of the capacity)" 5
		done ;;
	t2.4)
		for c in decreasing even increasing; do
			begin_plot
			line deferrable t2.4 "^case=$c policy=deferrable load=[0-9]*\$" load
			line periodic t2.4 "^case=$c policy=periodic load=[0-9]*\$" load
			end_plot "$c" "load in %" "guaranteed, in % of the sets"
		done ;;
	f3.5)
		for guest in pedf gedf; do
			for server in theory deferrable periodic; do
				begin_plot
				for vmm in pedf gedf pdm gdm; do
					line $vmm f3.5 "guest=$guest vmm=$vmm server=$server" u
				done
				end_plot "guest $guest, $server; between servers:" "total utilisation in % of a CPU" "schedulable, in % of the sets"
			done
		done ;;
	f3.7)
		begin_plot
		line pedf f3.7 guest=pedf u
		line gedf f3.7 guest=gedf u
		end_plot "guests" "total utilisation in % of a CPU" "bandwidth in CPUs (dashed: five)" 5 ;;
	reclaim)
		cat <<-'END'
			<p>Jobs missed, in %. By what a capsule has beyond its budget: <i>none</i> (or the time of an idle CPU, beside a
			busy normal thread); <i>fair</i>, beside one such thread of the same weight; <i>idle</i>, without any. And by
			whether what is left of a budget is handed on: <i>cbs</i>, it is not; <i>cash</i>, to whoever runs by a deadline that is not
			earlier; <i>any</i>, first to those that have no budget. <i>admitted</i>: of interfaces that ask for more than 95 % of the
			CPU each is less, in proportion.</p>
		END
		awk -f "$here/reclaim.awk" "$OUT"/model/reclaim.csv | html_columns ;;
	semi)
		begin_plot
		for how in global partitioned split; do
			line $how semi "how=$how\$" u
		done
		end_plot "by analysis" "total utilisation in % of a CPU" "schedulable, in % of the sets" ;;
	esac
}

# Verdicts of an id, as a list
html_verdicts() {
	awk -F '\t' -v id="$1" '
		$1 == id && !n++ { print "<ul>" }
		$1 == id { printf "<li class=\"%s\">%s: %s\n", $2, $2, $3 }
		END { if (n) print "</ul>" }' < <(escape <"$OUT/verdicts.txt")
}

# What the kernel's column cannot have, and why
kernel_note() {
	case $1 in
	t2.1)
		cat <<-'END'
			In virtual time, where an instruction is a nanosecond. <i>do_schedule</i> is from the entry of
			<code>__schedule()</code> to the switch, or to its end; <i>context switch</i> from there to its end, in the other thread, with the
			interrupts that had to wait for it: by probe events on <code>sched_entry_tp</code>, <code>sched_switch</code> and
			<code>sched_exit_tp</code>, in the preempt kernel, of all that the CPU runs, each less what a probe takes (<i>less a probe</i>: a third of what
			three of them add to a switch). <i>From thread to thread</i> is what the threads see in the release kernel: from the last
			instruction of one to the first of the next, with the interrupt between, if that is no more than 40 us.
		END
		;;
	f2.4)
		cat <<-'END'
			A value is the least cost, in percent of the CPU, of a task that misses a deadline; one step of the search below, at 0.2 less, it
			misses none. So what each budget loses lies between two values, which the verdict prints.
		END
		;;
	t2.2 | f2.5) echo "In the kernel there are this project's policies alone: <i>cbs</i>, and <i>cbs-idle</i>, with <code>cpu.rt_extra</code> (of Fig. 2.5 at loads of 85 % and more, a set each)." ;;
	t2.4)
		cat <<-'END'
			In the kernel there are no deferrable and no periodic servers. Its column has this project's: of each
			condition, so many sets (<i>run</i>) are promised by the arithmetic of <code>sched-vm plan</code>, with 8 us of each budget lost to
			switches and 20 us owed, which is more than in the model since all times are a tenth; and these sets were run.
		END
		;;
	f2.7 | f2.9)
		cat <<-'END'
			PTPS, WCPS, CRPS and CASH are not in the kernel. Its column has this project's policy: <i>cbs</i> (<code>cpu.rt_extra</code>
			none), <i>cbs-idle</i> (idle, with nobody else on the CPU), and <i>cbs-idle beside=one</i> (fair, beside one busy normal thread of the same
			weight). Interfaces of more than 95 % of the CPU together are refused, so each is less, in proportion (<i>budgets=admitted</i>); the
			model's values with that are those of the same sets, as short.
		END
		;;
	f3.5)
		cat <<-'END'
			In the kernel there is one of these policies: partitioned servers by EDF, and guests of fixed priorities (<i>guest=prm
			vmm=pedf server=cbs</i>): FIFO threads, the shorter the period the higher, with interfaces for these, by the arithmetic of
			<code>sched-vm plan</code>, with what switches take. It cannot have the others: a capsule has a budget on each of its CPUs, not one
			for whichever is free (gEDF, gDM); the order between capsules is that of their deadlines (DM); they are constant bandwidth servers
			(deferrable, periodic); and SCHED_DEADLINE threads are not served by a capsule (guests with EDF). Of the 500 sets, a few of each
			utilisation were run (<i>sets</i>), for 1 s, which are 10 s of theirs (published: 60 s). Those whose interfaces fit on no CPU are refused, and
			count as not schedulable.
		END
		;;
	semi)
		cat <<-'END'
			In the kernel a capsule has one deadline for all of its CPUs, and admission goes by density, so pieces with a deadline each
			(C = D) are in the model alone. <i>how=budgets</i> is what the kernel has: where the interfaces do not fit, one or more, each with a single
			task, have budgets on several CPUs (<code>cpu.rt_cpu_budget_us</code>), by the same deadline; sets and guests are those of <i>guest=prm</i> above. <i>set=U_SEED-CPUS-N in pieces</i> are
			such sets alone, of the CPUs (up to three) that such a vCPU has and what else is on them: jobs that miss their deadline, and how many of those
			are of vCPUs that have one CPU.
		END
		;;
	esac
}

html_id() {
	local note
	printf '<h2 id="%s">%s</h2>\n' "$1" "$(title "$1" | escape)"
	html_verdicts "$1"
	note=$(kernel_note "$1")
	[ -z "$note" ] || printf '<p>%s</p>\n' "$note"
	pictures "$1"
	[ "$1" != t2.1 ] || awk -f "$here/policies.awk" "$OUT/$1.csv" | html_columns
	if [ "$(wc -l <"$OUT/$1.csv")" -gt 40 ]; then
		echo '<details><summary>all values</summary>'
		cut -d , -f 2- "$OUT/$1.csv" | tr , '\t' | html_columns
		echo '</details>'
	else
		cut -d , -f 2- "$OUT/$1.csv" | tr , '\t' | html_columns
	fi
}

html() {
	local id
	cat <<END
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Deadline groups: the published experiments</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 14px }
th, td { border-bottom: 1px solid #ddd; padding: .2em .7em; text-align: right }
th:first-child, td:first-child { text-align: left }
svg { max-width: 100%; height: auto }
.ok { color: #147a2e } .NOT { color: #b01010; font-weight: bold } .differs { color: #9a6a00 }
</style></head><body>
<h1>The published experiments, and the same here</h1>
<p>Published values are from these; "model" is the simulator in <code>papers/model</code>, in which switches
cost nothing; "kernel" is the lab's, in virtual time, with the sets as FIFO threads in capsules: one instruction takes 1 ns.
The kernel's sets are shorter: of RT-Xen's, all times are a tenth, and a set runs for 4 s, which are 40 of theirs
(published: 120 s in Table 2.2, 300 s in Fig. 2.5 to 2.9 and Table 2.4; the model: as published); of Fig. 2.7, 2.8 and Table 2.4, 2 s, which are 20;
of Fig. 3.5 to 3.9, 1 s, which is 10 (published: 60 s); of Fig. 2.4, 20 jobs for each cost (published: 600); of the sets in pieces, 1 s; of the three guests (<i>semi3</i>), 4 s. The domains of Table 2.1 are not
scaled and run for the published 10 s: a switch takes as long whatever the periods are, so with a tenth of these it would take ten times the share.
What has no published length: Table 4.2, 4 s for each number of guests, and 2 s with <code>cpu.rt_extra</code> (<i>extra=</i>); extra time and RESCH's guest, 2 s; the gaps of D6.4.1, 1 s; the model against the kernel
(<i>kernel</i>), 2 s a set, in the quick check 1 s; the sets of <code>sched-vm plan</code>, 1.2 s.
What a source does not say is left empty. A verdict is by shape: <i>ok</i> holds,
<i>NOT</i> does not, <i>differs</i> is known not to, for the reason given.</p>
END
	tr , '\t' <"$here/published/sources.csv" | html_columns
	for id in $(ids); do
		html_id "$id"
	done
	echo '</body></html>'
}

rc=0
merge
verdicts >"$OUT/verdicts.txt" || rc=$?
expand -t 8,16 "$OUT/verdicts.txt"
html >"$OUT/report.html.new"
mv "$OUT/report.html.new" "$OUT/report.html"
printf '%d verdicts hold, %d differ for a known reason, %d do NOT hold; tables and pictures: %s\n' \
	"$(grep -c -P '\tok\t' "$OUT/verdicts.txt" || true)" "$(grep -c -P '\tdiffers\t' "$OUT/verdicts.txt" || true)" \
	"$(grep -c -P '\tNOT\t' "$OUT/verdicts.txt" || true)" "$OUT/report.html"
exit $rc
