# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The table of figures: what each must be, what was measured, and what the
# "Hierarchical CBS" v6 series on 7.2.6 has, measured in the same way.

# value CASE NAME: as a test program printed it; empty if it did not.
value() {
	[ -f "$OUT/$1.results" ] || return 0
	awk -v name="$2" '$2 == name { v = $3 } END { print v }' "$OUT/$1.results"
}

# worst CASE NAME...: of these, the one that is farthest from 0.
worst() {
	local case=$1 name v all=
	shift
	for name; do
		v=$(value "$case" "$name")
		[ -n "$v" ] || return 0
		all+="$v "
	done
	tr ' ' '\n' <<<"$all" | awk 'NF { a = $1 < 0 ? -$1 : $1; if (a >= m) { m = a; v = $1 } } END { print v }'
}

# largest CASE NAME...
largest() {
	local case=$1 name v all=
	shift
	for name; do
		v=$(value "$case" "$name")
		[ -n "$v" ] || return 0
		all+="$v "
	done
	tr ' ' '\n' <<<"$all" | awk 'NF && (v == "" || $1 > v) { v = $1 } END { print v }'
}

ratio() {
	[ -n "$1" ] && [ -n "$2" ] || return 0
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.4f", a / b }'
}

difference() {
	[ -n "$1" ] && [ -n "$2" ] || return 0
	awk -v a="$1" -v b="$2" 'BEGIN { print a - b }'
}

# row WHAT MUST-BE VALUE UNIT LOWEST HIGHEST HCBS: one test.
row() {
	local verdict=ok
	if [ -z "$3" ]; then
		[ "$FIGURES" = all ] || return 0
		verdict=FAIL
	elif ! awk -v v="$3" -v lo="$5" -v hi="$6" 'BEGIN { exit !(v >= lo && v <= hi) }'; then
		verdict=FAIL
	fi
	case $verdict in
	ok) count 1 0 0 ;;
	*) count 0 1 0; note_failure "$1: ${3:-nothing}${3:+$4}, must be $2" ;;
	esac
	printf '%-46s %-12s %-12s %-18s %s\n' "$1" "$2" "${3:-nothing}${3:+$4}" "$7" "$verdict"
}

figures_print() {
	local kind
	FIGURES=all
	[ "${mode:-all}" = all ] && [ ! -e "$OUT/skipped" ] || FIGURES=some
	for kind in release preempt off; do
		[ -f "$OUT/built.$kind" ] || FIGURES=some
	done
	figures_table >"$OUT/figures.txt"
	# A heading with nothing below it would be no table.
	[ "$(wc -l <"$OUT/figures.txt")" -le 2 ] || { echo; cat "$OUT/figures.txt"; }
	say "logs, TAP, figures: $OUT"
}

figures_table() {
	printf '%-46s %-12s %-12s %-18s %s\n' figure 'must be' measured 'HCBS v6' ''
	figures_supply
	figures_latency
	figures_cost
	figures_memory
	figures_cpus
	figures_kernel
	figures_extra
	echo
	[ "$FIGURES" != all ] || echo "($(paste -sd ';' "$OUT/lines" | sed 's/;/; /').)"
}

figures_supply() {
	local r p all=()
	for r in 10000/100000 1000/10000 500/5000 200/1000; do
		row "share of Q/P, $r us, error" '+-0.1 %' \
			"$(worst supply supply.$r.{other,fifo}.share_error_percent)" ' %' -0.1 0.1 '0.02 % - 0.44 %'
		for p in other fifo; do
			all+=("supply.$r.$p")
		done
	done
	row "most CPU time in a period, over Q" '<= 20 us' \
		"$(largest supply "${all[@]/%/.max_over_us}")" ' us' -1e9 20 '995 us (Q=200)'
	row "the same without PREEMPT_RT" '<= 20 us' \
		"$(largest supply-preempt "${all[@]/%/.max_over_us}")" ' us' -1e9 20 ''
	row "missing in a period, after the debt" '<= 2 us' \
		"$(largest supply "${all[@]/%/.missing_us}")" ' us' 0 2 'all of Q'
	row "share, 40/100 ms beside 50/100 ms, error" '+-0.1 %' \
		"$(value supply supply.40000/100000.crowd.share_error_percent)" ' %' -0.1 0.1 ''
	row "share, 50/100 ms beside 40/100 ms, error" '+-0.1 %' \
		"$(value supply supply.50000/100000.crowd.share_error_percent)" ' %' -0.1 0.1 ''
	row "the rest, root FIFO hog, of 10 s" '>= 490 ms' \
		"$(value supply supply.crowd.fifo_ms)" ' ms' 490 1000 ''
}

figures_latency() {
	row "wake-up, alone, p99.9 to root FIFO's" '<= 1.12' \
		"$(value latency latency.capsule.p999_ratio)" '' 0 1.12 '1.11'
	row "wake-up, alone, mean of the slowest 1 %" '<= 1.15' \
		"$(value latency latency.capsule.ratio)" '' 0 1.15 ''
	# Where p99.9 is hangs on a hair here, see latency.c.
	row "wake-up, 100 busy capsules, p99.9 to root FIFO's" '<= 1.50' \
		"$(value latency latency.crowd.p999_ratio)" '' 0 1.50 '1.31'
	row "wake-up, 100 busy capsules, slowest 1 %" '<= 1.30' \
		"$(value latency latency.crowd.ratio)" '' 0 1.30 ''
	row "wake-up, 100 busy capsules, to that with 1" '<= 1.15' \
		"$(value latency latency.crowd.to_one)" '' 0 1.15 ''
}

figures_cpus() {
	row "1 busy thread, 4 CPUs at 20/100 ms, CPUs used" '0.80+-0.01' \
		"$(value migrate migrate.one.share)" '' 0.79 0.81 ''
	row "5 busy threads, 2 CPUs at 30/100 ms, CPUs used" '0.60+-0.01' \
		"$(value migrate migrate.five.share)" '' 0.59 0.61 ''
	row "the same, most of one CPU in 5 s: 51 budgets" '<= 0.3061' \
		"$(value migrate migrate.five.cpu)" '' 0 0.3061 ''
	row "from a dry CPU to one with budget, median" '<= 50 us' \
		"$(value migrate migrate.move_us)" ' us' 0 50 ''
	row "the same, to a plain FIFO push" '<= 2' \
		"$(ratio "$(value migrate migrate.move_us)" "$(value migrate migrate.push_us)")" \
		'' 0 2 ''
	row "longest time off the CPU, 1,500 threads to 1" '<= 20 us' \
		"$(value crowd crowd.none.more_us)" ' us' -1e9 20 ''
	row "the same, with idle time beyond the budget" '<= 20 us' \
		"$(value crowd crowd.idle.more_us)" ' us' -1e9 20 ''
	row "the same, with a normal share beyond it" '<= 20 us' \
		"$(value crowd crowd.fair.more_us)" ' us' -1e9 20 ''
	row "the same, 1,500 that are in the kernel, to 10" '<= 20 us' \
		"$(value crowd crowd.kernel.more_us)" ' us' -1e9 20 ''
	row "rebuild of root domains, 1,000 capsules, 8 CPUs" '<= 50 us' \
		"$(value rebuild rebuild.many_us)" ' us' 0 50 ''
	row "longest for 9.9 ms of 10/100 ms with D = 25 ms" '<= 25 ms' \
		"$(value deadline deadline.longest_ms.deadline)" ' ms' 0 25 ''
}

# pingpong RELEASE-NAME OFF-NAME
pingpong() {
	ratio "$(value pingpong "pingpong.$1")" "$(value pingpong-off "pingpong.$2")"
}

figures_cost() {
	row "ping-pong, capsule FIFO to vanilla FIFO" '<= 1.08' \
		"$(pingpong capsule.fifo root.fifo)" '' 0 1.08 '1.127'
	row "ping-pong, capsule OTHER to vanilla OTHER" '<= 1.05' \
		"$(pingpong capsule.other root.other)" '' 0 1.05 'not served'
	row "ping-pong, unused, root FIFO to vanilla" '<= 1.002' \
		"$(pingpong root.fifo root.fifo)" '' 0 1.002 '1.039'
	row "ping-pong, unused, root OTHER to vanilla" '<= 1.002' \
		"$(pingpong root.other root.other)" '' 0 1.002 '1.003'
	row "hackbench, unused, to vanilla" '<= 1.002' \
		"$(ratio "$(value hackbench hackbench.seconds)" "$(value hackbench-off hackbench.seconds)")" \
		'' 0 1.002 '1.035'
}

figures_memory() {
	row "memory, cgroup without reservation, over off" '<= 16 B' \
		"$(difference "$(value memory memory.cgroup.other_bytes)" \
			"$(value memory-off memory.cgroup.other_bytes)")" ' B' -1e9 16 '9.0 KiB (1 CPU)'
	row "memory, capsule, per CPU (1 CPU)" '<= 640 B' \
		"$(value memory memory.capsule.bytes_per_cpu)" ' B' 0 640 '9.0 KiB in all'
	row "memory, capsule, per CPU (4 CPUs)" '<= 640 B' \
		"$(value memory-4 memory.capsule.bytes_per_cpu)" ' B' 0 640 '17.5 KiB in all'
	[ -n "$(value memory memory.cgroup.kernfs_bytes)" ] || return 0
	echo "(The files of a cgroup take $(value memory memory.cgroup.kernfs_bytes) B in kernfs," \
		"in off $(value memory-off memory.cgroup.kernfs_bytes) B.)"
}

# What others published stands where HCBS stands else, with its source.
figures_extra() {
	local key published=(40.3 40.2 40.2 40.2 40.2 40.2) nr
	row "40/100 ms with idle time, alone, of a CPU" '>= 0.99' "$(value extra extra.idle.alone)" '' 0.99 1 ''
	row "the same, beside a busy normal thread" '0.40+-0.01' "$(value extra extra.idle.beside)" '' 0.39 0.41 ''
	row "40/100 ms with a normal share, beside one" '0.70+-0.02' "$(value extra extra.fair.beside)" '' 0.68 0.72 ''
	row "the same, with cpu.weight 300" '0.85+-0.02' "$(value extra extra.fair.300)" '' 0.83 0.87 ''
	row "the same, with cpu.max 20/100 ms" '0.60+-0.02' "$(value extra extra.fair.max)" '' 0.58 0.62 ''
	for key in idle fair; do
		row "40/100 ms without, beside one with $key, error" '+-0.1 %' \
			"$(value extra extra.$key.share_error_percent)" ' %' -0.1 0.1 ''
		row "its wake-up, p99, to that beside a normal thread" '<= 1.02' \
			"$(value extra extra.$key.p99_ratio)" '' 0 1.02 ''
		row "the same, p99.9" '<= 1.08' \
			"$(value extra extra.$key.p999_ratio)" '' 0 1.08 ''
		row "the same, mean of the slowest 1 %" '<= 1.05' \
			"$(value extra extra.$key.tail_ratio)" '' 0 1.05 ''
		row "budget again, later than the beginning of a period" '<= 20 us' \
			"$(value extra extra.$key.late_us)" ' us' 0 20 ''
	done
	row "switches for each time that two threads pass on extra time" '<= 1.05' \
		"$(value extra extra.fair.switches)" '' 0 1.05 ''
	for nr in 0 1 2 3 4 5; do
		row "4/10 ms beside $nr busy cgroups, of a CPU" '40.0+-0.1 %' "$(value extra extra.host.$nr)" ' %' 39.9 40.1 \
			"${published[nr]} % (Xi 2014)"
	done
	row "all of these together, of a CPU" '>= 99.5 %' "$(value extra extra.host.least_sum)" ' %' 99.5 100 ''
	row "8 of 20 ms in a guest, missed: normal threads" '> 0' "$(value extra extra.resch.fair.misses)" '' 1 1e9 'gaps (RESCH)'
	row "the same with 4/12 ms" '> 0' "$(value extra extra.resch.hard.misses)" '' 1 1e9 ''
	row "the same with 4/12 ms and a normal share" '0' "$(value extra extra.resch.extra.misses)" '' 0 0 'even (RESCH)'
	row "the same with 9.35/12 ms" '0' "$(value extra extra.resch.enough.misses)" '' 0 0 ''
	for key in 10:0.667 20:0.333 50:0; do
		row "a lock passed on by two, budgets ${key%:*} ms apart" "${key#*:}+-0.05" \
			"$(ratio "$(value apart "apart.${key%:*}_ms.trips")" "$(value apart apart.0_ms.trips)")" '' \
			"$(awk -v s="${key#*:}" 'BEGIN { print s - 0.05 }')" "$(awk -v s="${key#*:}" 'BEGIN { print s + 0.05 }')" ''
	done
}

figures_kernel() {
	local k most lock
	for k in locks locks-preempt; do
		# Without priority inheritance another thread may have its turn first.
		most=$([ $k = locks ] && echo 500 || echo 4500)
		row "wait for a mutex held inside, beside Q, $k" "<= $most us" \
			"$(value $k locks.mutex.wait_us)" ' us' 0 "$most" ''
		row "the same for an rwsem" "<= $most us" \
			"$(value $k locks.rwsem.wait_us)" ' us' 0 "$most" ''
		row "for a fork, OTHER below FIFO (P = 100 ms)" '<= P' \
			"$(value $k locks.fifo.wait_us)" ' us' 0 100000 ''
		row "the same, IDLE below busy OTHER" '<= P' \
			"$(value $k locks.other.wait_us)" ' us' 0 100000 ''
		row "most over a budget by a system call" '<= 20 us' \
			"$(value $k locks.call.overrun_us)" ' us' 0 20 ''
	done
	for k in held held-preempt; do
		for lock in mutex write map read percpu kernfs; do
			row "wait for a dry holder to a normal one, $lock" '<= 1.5' \
				"$(value $k held.$lock.ratio)" '' 0 1.5 ''
		done
		row "grace period beside dry threads to normal ones" '<= 1.5' \
			"$(value $k held.rcu.ratio)" '' 0 1.5 ''
		[ $k = held ] || row "the same of RCU Tasks" '<= 1.5' \
			"$(value $k held.tasks.ratio)" '' 0 1.5 ''
		row "the same, cgroup freezer" '<= 1.5' "$(value $k held.freeze.ratio)" '' 0 1.5 ''
		row "the same, suspend's freezer" '<= 1.5' "$(value $k held.suspend.ratio)" '' 0 1.5 ''
	done
	row "normal thread beside 100 long calls, of the rest" '>= 0.45' "$(value spill spill.read.share)" '' 0.45 2 ''
	row "the same beside full rings of io_uring" '>= 0.45' "$(value spill spill.ring.share)" '' 0.45 2 ''
	row "cgroup made beside a FIFO hog of 3.6/4 s, longest" '<= 1100 ms' "$(value spill-2 spill.mkdir.busy_ms)" ' ms' 0 1100 ''
	row "the same, busy for 37 ms at a time" '<= 1100 ms' "$(value spill-2 spill.mkdir.37_ms)" ' ms' 0 1100 ''
	row "10 s of system calls, over Q/P and one spill" '<= 0.1 %' \
		"$(largest spill spill.{pipes,forks,mmap}{,2}.over_percent)" ' %' -100 0.1 ''
	row "FIFO beside who frees 256 MiB, inside to outside" '<= 1.2' \
		"$(value spill spill.fifo.response_ratio)" '' 0 1.2 ''
	row "irq thread, 80 % in capsules, worst, root FIFO" '' \
		"$(value house house.root.worst_us)" ' us' 30000 1e9 ''
	row "the same in a capsule with D = 1 ms" '<= 1020 us' \
		"$(value house house.capsule.worst_us)" ' us' 0 1020 ''
}
