# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Calibration and measurement. Sourced by host.sh.
#
# The scenarios, RESERVATION-LOAD:
#   none-idle  none-load    guest 1 has no reservation; guest 2 is idle, loaded
#   cbs-idle   cbs-load     guest 1 has Q in P
#   half-idle  half-load    guest 1 has Q/2 in P, and cpu.rt_extra is "fair"
#   fair-load               for comparison: both guests have the same cpu.weight
# Without a reservation the cpu controller is off for the guests, as it was in the
# paper: their threads compete one by one.

SCENARIOS=(none-idle none-load fair-load cbs-idle cbs-load half-idle half-load)
PLAIN_SCENARIOS=(none-idle none-load fair-load)
ROUNDS=2		# each scenario is measured in so many parts
LOAD_WARMUP=2		# seconds of load before the first request

# The reservation is a fifth of the CPU, and its period is that of the requests,
# as in the paper (4 ms in 20 ms). How long they are is for the machine to say.
BUDGET_PERCENT=20
BUDGET_MARGIN=200	# percent of the CPU time that a request takes on average
BUDGET_MIN_US=4000	# the paper's
CALIBRATION_US=200000
CALIBRATION_REQUESTS=40
CALIBRATION_TRIES=8
IDLE_SECONDS=4

now_us() {
	local now=$EPOCHREALTIME
	echo "${now/./}"
}

# CPU time that guest $1 has used, in us.
cpu_usage() {
	awk '$1 == "usage_usec" { print $2 }' "$CGROUPS/vm$1/cpu.stat"
}

# Up to now: wall time and CPU time of both guests, in us.
usage_now() {
	echo "$(now_us) $(cpu_usage 1) $(cpu_usage 2)"
}

# ask COUNT PERIOD_US NAME: the periodic client. As SCHED_FIFO, because it must not
# wait for the load generator, which is on the same CPU: that would be measured.
ask() {
	traced taskset -c "$CLIENT_CPU" chrt -f 50 "$BUILD/client" -n "$1" -p "$2" \
		-o "$LOGS/$3.csv" -s "$LOGS/$3.stalls" "$(address 1)" 80 /100k
}

# CPU time of guest 1 in CALIBRATION_US when nobody asks, in us: its own timers
cost_of_idling() {
	local cost
	cost=$(cpu_usage 1)
	sleep $IDLE_SECONDS
	echo $((($(cpu_usage 1) - cost) * CALIBRATION_US / (IDLE_SECONDS * 1000000)))
}

# cost_of_requests NAME: CPU time of guest 1 from one to the next, in us
cost_of_requests() {
	local cost
	cost=$(cpu_usage 1)
	ask $CALIBRATION_REQUESTS $CALIBRATION_US "$1" || return
	echo $((($(cpu_usage 1) - cost) / CALIBRATION_REQUESTS))
}

# Where the guests' CPU is emulated, a guest's first requests take twice as long as later
# ones. So they are measured again until that takes no less, but for a tenth.
calibrate() {
	local cost idle last try
	say "calibrating: requests to guest 1, guest 2 idle"
	ask 10 $CALIBRATION_US warm-up || true
	idle=$(cost_of_idling)
	for ((try = 1; try <= CALIBRATION_TRIES; try++)); do
		last=${cost:-}
		cost=$(cost_of_requests calibration) ||
			die "guest 1 does not answer all requests even without a load"
		[ -z "$last" ] || [ $((cost * 10)) -le $((last * 9)) ] || break
	done
	cost=$((cost > idle ? cost - idle : 1))

	BUDGET_US=$(((cost * BUDGET_MARGIN / 100 + 999) / 1000 * 1000))
	[ $BUDGET_US -ge $BUDGET_MIN_US ] || BUDGET_US=$BUDGET_MIN_US
	[ -z "$PERIOD_MS" ] || BUDGET_US=$((PERIOD_MS * 10 * BUDGET_PERCENT))
	PERIOD_US=$((BUDGET_US * 100 / BUDGET_PERCENT))
	say "a request takes $cost us of CPU time: Q = $BUDGET_US us, P = $PERIOD_US us; some $(measure_minutes) minutes to measure"
	fact cost_us "$cost"
	fact margin_percent $((BUDGET_US * 100 / cost))
	fact budget_us $BUDGET_US
	fact period_us $PERIOD_US
	fact requests "$REQUESTS"
	fact connections "$CONNECTIONS"
	fact vcpus2 "${VCPUS[2]}"
}

# requests SCENARIO: how many. Less where no 99th percentile is asked for.
requests() {
	local n=$REQUESTS
	case $1 in
	none-load | cbs-* | half-*) ;;
	*) n=$((n * 2 / 3)) ;;
	esac
	echo $(((n + ROUNDS - 1) / ROUNDS * ROUNDS))
}

# All that is waited for: the requests, and what comes before each part's first one.
measure_minutes() {
	local name sum=0
	for name in "${SCENARIOS[@]}"; do
		sum=$((sum + $(requests "$name") * PERIOD_US + ROUNDS * LOAD_WARMUP * 1000000))
	done
	echo $(((sum + 59999999) / 60000000))
}

# cpu_control +|-: the cpu controller for the guests, on or off
cpu_control() {
	local have=-
	! grep -qw cpu "$CGROUPS/cgroup.subtree_control" || have=+
	[ "$1" = $have ] || traced_write "${1}cpu" "$CGROUPS/cgroup.subtree_control"
}

# change TEXT FILE: of guest 1's cgroup, if that says something else
change() {
	local file=$CGROUPS/vm1/$2
	[ "$(cat "$file")" = "$1" ] || traced_write "$1" "$file"
}

# reserve none|fair|cbs|half. Without a reservation, rt_extra is at its default, too.
reserve() {
	case $1 in
	cbs) reservation "$BUDGET_US" none ;;
	half) reservation $((BUDGET_US / 2)) fair ;;
	*)
		[ ! -e "$CGROUPS/vm1/cpu.rt.max" ] || no_reservation
		case $1 in
		fair) cpu_control + ;;
		none) cpu_control - ;;
		esac
		;;
	esac
}

# reservation BUDGET_US EXTRA
reservation() {
	cpu_control +
	change "$2" cpu.rt_extra
	traced_write "$1 $PERIOD_US" "$CGROUPS/vm1/cpu.rt.max" ||
		die "the kernel refuses guest 1's reservation"
}

no_reservation() {
	change none cpu.rt_extra
	[[ $(cat "$CGROUPS/vm1/cpu.rt.max") == max* ]] || traced_write max "$CGROUPS/vm1/cpu.rt.max"
}

load_start() {
	(
		traced exec taskset -c "$CLIENT_CPU" wrk -t 1 -c "$CONNECTIONS" -d 3600 --timeout 60 \
			"http://$(address 2)/100k" >"$LOGS/$1.wrk" 2>&1
	) &
	WRK_PID=$!
	sleep $LOAD_WARMUP
	kill -0 "$WRK_PID" 2>/dev/null || die "the load generator has ended: $(cat "$LOGS/$1.wrk")"
}

# wrk prints its summary on SIGINT. Without answers it would have been no load.
load_stop() {
	kill -INT "$WRK_PID"
	wait "$WRK_PID" || true
	awk -v scenario="${1%.*}" '
		/ requests in / { n = $1 }
		/^Requests\/sec:/ && n { printf "%s\t%s\t%s\n", scenario, n, $2; ok = 1 }
		END { exit !ok }' "$LOGS/$1.wrk" >>"$OUT/load.txt" ||
		die "guest 2 has not answered the load: $(cat "$LOGS/$1.wrk")"
}

# The threads of guest 1, looked at in the midst of the measurement. A thread that
# holds a lock which one outside wants is served outside at that moment: that is
# why there are several looks.
watch_threads() {
	local look
	for look in 1 2 3; do
		sleep 1
		guest_threads 1 >"$LOGS/threads.$look"
		mv "$LOGS/threads.$look" "$LOGS/threads"
		! awk -F '\t' '$6 == "-" { some = 1 } END { exit !some }' "$LOGS/threads" || continue
		break
	done
}

# part SCENARIO ROUND
part() {
	local name=$1.$2 lost=no
	local -a begin end
	reserve "${1%-*}"
	case $1 in
	*-load) load_start "$name" ;;
	*-idle) sleep 1 ;;
	esac
	[ "$name" != cbs-load.1 ] || watch_threads &
	read -r -a begin < <(usage_now)
	ask $(($(requests "$1") / ROUNDS)) "$PERIOD_US" "$name" || lost=yes
	read -r -a end < <(usage_now)
	case $1 in
	*-load) load_stop "$name" ;;
	esac
	[ $lost = no ] || ! guest_is_dead 1 || die "guest 1 has died: $(head -n 1 "$LOGS/guest1.log")"
	part_report "$1" "$LOGS/$name" "${begin[@]}" "${end[@]}"
}

# part_report SCENARIO FILES BEGIN END: the latter two as usage_now prints them
part_report() {
	local wall=$(($6 - $3)) cpu1=$(($7 - $4)) cpu2=$(($8 - $5))
	cp "$2.csv" "$2.stalls" "$OUT/"
	printf '%s\t%s\t%s\t%s\n' "$1" $wall $cpu1 $cpu2 >>"$OUT/usage.txt"
	say "$(printf '%-9s  %s; CPU: guest 1 %d %%, guest 2 %d %%' "$1" "$(part_summary "$2.csv")" \
		$((cpu1 * 100 / wall)) $((cpu2 * 100 / wall)))"
}

part_summary() {
	tail -n +2 "$1" | cut -d , -f 4 | sort -n | awk '
		$1 == "lost" { lost++; next }
		{ t[++n] = $1 / 1000 }
		END {
			printf "median %.1f ms, longest %.1f ms", t[int((n + 1) / 2)], t[n]
			if (lost) printf ", %d lost", lost
		}'
}

# Forth and back, so that what changes slowly on the machine meets all alike.
measure_all() {
	local round i n
	n=${#SCENARIOS[@]}
	for ((round = 1; round <= ROUNDS; round++)); do
		for ((i = 0; i < n; i++)); do
			part "${SCENARIOS[$((round % 2 ? i : n - 1 - i))]}" $round
		done
	done
	reserve none
	[ "$PLAIN" = yes ] || cp "$LOGS/threads" "$OUT/threads.txt"
}
