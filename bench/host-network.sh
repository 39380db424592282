# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Throughput over the reservation, and beside a neighbour. Sourced by host.sh.

LINEAR_SHARES=(10 20 30 40 50 60 70 80 90)
LINEAR_ROUNDS=12
ISOLATION_SHARES=(20 30 40)	# of guest 1
NEIGHBOUR_SHARES=(10 20 30 40)	# of guest 2
ISOLATION_ROUNDS=2
ISOLATION_REFERENCES=frozen_before_mbits,frozen_before_cpu,frozen_after_mbits,frozen_after_cpu
SETTLE=0.4	# seconds between a change and the measurement: some periods

# Up and down in turn, so that what changes slowly on the machine meets all alike.
# order ROUND WORD...: the words, backwards in even rounds
order() {
	local i odd=$(($1 % 2))
	shift
	if [ $odd -eq 1 ]; then
		echo "$*"
	else
		for ((i = $#; i > 0; i--)); do
			printf '%s ' "${!i}"
		done
	fi
}

linear_round() {
	local share list=
	for share in $(order "$1" "${LINEAR_SHARES[@]}"); do
		reserve 1 "$share"
		pause $SETTLE
		throughput 1
		list+=" $share:$MBITS"
		echo "$1,$share,$ROW" >>"$OUT/linear.csv"
	done
	say "Q/P in %, Mbit/s:$list"
}

linear() {
	local round
	echo round,share_percent,mbits,cpu_percent,client_idle_percent >"$OUT/linear.csv"
	reserve 2 max
	if ! (reserve 1 90) 2>/dev/null; then
		say "note: 90 % is more than is admitted here"
		unset 'LINEAR_SHARES[-1]'
	fi
	network_start 1
	for ((round = 1; round <= ${ROUNDS:-$LINEAR_ROUNDS}; round++)); do
		linear_round $round
	done
	network_stop 1
	reserve 1 max
}

# Guest 1 beside its neighbour frozen, or busy with SHARE.
beside_frozen() {
	echo 1 >"$CGROUPS/vm2/cgroup.freeze"
	pause $SETTLE
	throughput 1
	echo 0 >"$CGROUPS/vm2/cgroup.freeze"
}

beside_busy() {
	reserve 2 "$1"
	pause $SETTLE
	throughput 1
}

# points ROUND SHARE LOAD SHARE2...: before and after each the reference, as above
points() {
	local prefix=$1,$2,$3 other row before list=
	shift 3
	beside_frozen
	for other; do
		before=$MBITS,$PERCENT
		beside_busy "$other"
		row=$ROW
		list+=" $other:$MBITS"
		beside_frozen
		echo "$prefix,$other,$row,$before,$MBITS,$PERCENT" >>"$OUT/isolation.csv"
	done
	say "round,guest 1 %,guest 2: $prefix; % of guest 2:Mbit/s of guest 1:$list; guest 2 frozen: $MBITS"
}

# Computes in the capsule of guest 2, but not in a guest. Sets PROCESS_PID.
process_start() {
	(
		echo 0 >"$CGROUPS/vm2/cgroup.procs"
		taskset -pc "$GUEST_CPU" "$BASHPID" >/dev/null
		while :; do :; done
	) &
	PROCESS_PID=$!
}

# neighbour ROUND LOAD: guest 1 at all its shares, beside guest 2 at all of its
neighbour() {
	local share shares group=
	reserve 2 40
	shares=$(order "$1" "${NEIGHBOUR_SHARES[@]}")
	[ "$2" != process ] || shares=40
	case $2 in
	network) network_start 2 ;;
	process) process_start ;;
	compute) group=$(guest_background 2 "while :; do :; done & while :; do :; done") ;;
	esac
	for share in "${ISOLATION_SHARES[@]}"; do
		reserve 1 "$share"
		# shellcheck disable=SC2086
		points "$1" "$share" "$2" $shares
	done
	reserve 2 40
	case $2 in
	network) network_stop 2 ;;
	process) kill "$PROCESS_PID"; wait "$PROCESS_PID" 2>/dev/null || true ;;
	compute) guest_kill 2 "$group" ;;
	esac
}

isolation() {
	local round load
	echo round,share_percent,load,share2_percent,mbits,cpu_percent,client_idle_percent,$ISOLATION_REFERENCES \
		>"$OUT/isolation.csv"
	reserve 1 40
	reserve 2 40
	network_start 1
	for ((round = 1; round <= ${ROUNDS:-$ISOLATION_ROUNDS}; round++)); do
		for load in $(order $round network compute process); do
			neighbour $round "$load"
		done
	done
	network_stop 1
	reserve 1 max
	reserve 2 max
}
