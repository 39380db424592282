# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Latency in a guest beside a neighbour that computes, and what the guest knows of
# the time that it did not have. Sourced by host.sh.
#
#   idle    no reservation, the neighbour idle
#   other   no reservation, the neighbour computes
#   fifo    as other, all threads of guest 1 SCHED_FIFO. Not those of its neighbour:
#           two vCPUs of a guest, both SCHED_FIFO on one CPU, wait for each other
#           for ever
#   capsule both have a reservation, the neighbour computes

LATENCY_MODES=(idle other fifo capsule)
LATENCY_ROUNDS=2
LATENCY_SECONDS=5		# each time
LATENCY_INTERVAL_US=5000
LATENCY_PATIENCE=20	# seconds to wait for the guest's answer
LATENCY_Q="5000 10000"		# of guest 1
LATENCY_SHARE2=45
STEAL_SHARES=(20 40 60)
STEAL_SECONDS=4

# policy_set f|o PRIORITY: of all threads of guest 1
policy_set() {
	traced chrt -a "-$1" -p "$2" "${QEMU_PID[1]}"
}

# What a SCHED_FIFO guest needs, since it is above all that the kernel does for it in
# threads: those of the guests' CPU are lifted above.
KTHREAD_PRIORITY=60
kthreads_lift() {
	local dir name
	for dir in /proc/[0-9]*; do
		read -r name <"$dir/comm" || continue
		case $name in
		ktimers/"$GUEST_CPU" | ksoftirqd/"$GUEST_CPU" | rcuc/"$GUEST_CPU" | rcu_preempt | rcub/*)
			traced chrt -f -p $KTHREAD_PRIORITY "${dir#/proc/}" ;;
		esac
	done 2>/dev/null
}

# A guest that has not answered may be beyond help, and so may its neighbour.
guests_restart() {
	guest_stop 1
	guest_stop 2
	guests_start 1 2
}

HOG='while :; do :; done & while :; do :; done'

# latency_part ROUND MODE
latency_part() {
	local group=
	[ "$2" = idle ] || group=$(guest_background 2 "$HOG")
	case $2 in
	fifo) policy_set f 50 ;;
	capsule)
		traced_write "$LATENCY_Q" "$CGROUPS/vm1/cpu.rt.max"
		reserve 2 $LATENCY_SHARE2
		;;
	esac
	sleep 1
	if PATIENCE=$LATENCY_PATIENCE guest_run 1 "cyclictest -q -v -m -p 80 -i $LATENCY_INTERVAL_US -D $LATENCY_SECONDS" >"$LOGS/latency.$2.$1"; then
		[ "$2" != fifo ] || policy_set o 0
		[ -z "$group" ] || guest_kill 2 "$group"
	else
		say "note: $2: no answer from guest 1 in $LATENCY_PATIENCE s; both start anew"
		echo "$2" >>"$OUT/latency-none.txt"
		guests_restart
	fi
	awk -v round="$1" -v mode="$2" '
		$1 == "0:" || $1 ~ /^0:/ { n = split($0, f, ":"); v = f[n] + 0; print round "," mode "," v }' \
		"$LOGS/latency.$2.$1" >>"$OUT/latency.csv"
	say "$(printf 'latency in guest 1: %-8s %s' "$2" "$(latency_summary "$1,$2")")"
	[ "$2" != capsule ] || { reserve 1 max; reserve 2 max; }
}

latency_summary() {
	sed -n "s/^$1,//p" "$OUT/latency.csv" | sort -n | awk '
		{ t[NR] = $1 }
		END { if (NR) printf "%d samples, median %d us, p99 %d us, max %d us", NR, t[int((NR + 1) / 2)], t[int((NR * 99 + 99) / 100)], t[NR] }'
}

latency() {
	local round mode
	echo round,mode,us >"$OUT/latency.csv"
	fact latency_interval_us $LATENCY_INTERVAL_US
	fact latency_patience_s $LATENCY_PATIENCE
	fact latency_q "$LATENCY_Q"
	kthreads_lift
	for ((round = 1; round <= ${ROUNDS:-$LATENCY_ROUNDS}; round++)); do
		for mode in $(order $round "${LATENCY_MODES[@]}"); do
			latency_part $round "$mode"
		done
	done
}

# The guest computes, and says what its /proc/stat has counted meanwhile.
steal() {
	local share
	echo share_percent,steal_percent,cpu_percent >"$OUT/steal.csv"
	for share in "${STEAL_SHARES[@]}"; do
		reserve 1 "$share"
		pause "$SETTLE"
		guest_run 1 "head -n 1 /proc/stat; timeout $STEAL_SECONDS sh -c 'while :; do :; done'; head -n 1 /proc/stat" |
			awk -v share="$share" '
				{ total = 0; for (i = 2; i <= 9; i++) total += $i; idle = $5 + $6 }
				NR == 1 { t = total; s = $9; d = idle }
				END { t = total - t; if (t) printf "%d,%.1f,%.1f\n", share, 100 * ($9 - s) / t, 100 * (t - ($9 - s) - (idle - d)) / t }' \
			>>"$OUT/steal.csv"
		say "steal time seen in guest 1 with $share %: $(tail -n 1 "$OUT/steal.csv")"
	done
	reserve 1 max
}
