# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The guests of the bench, what they can be told to do, and what is read meanwhile.
# Sourced by host.sh, after demo/host-guests.sh, some of which it replaces.

# 1 is measured; 2 is its neighbour; 3 has all that can cause work outside.
# shellcheck disable=SC2034
GUESTS=(1 2 3) VCPUS=([1]=1 [2]=2 [3]=2)
DISK=$LOGS/disk.img
DISK_MB=64
declare -A IPERF_PID=()
exec {NOTHING}<> <(:)	# never anything to read

# Guest 3 has a disk that an I/O thread serves. (Legacy, as its network.)
guest_devices() {
	[ "$1" = 3 ] || return 0
	truncate -s ${DISK_MB}M "$DISK"
	COMMAND+=(-object "iothread,id=io"
		-drive "file=$DISK,format=raw,if=none,id=disk,cache=writeback"
		-device "virtio-blk-pci,drive=disk,iothread=io,disable-modern=on")
}

# keep_awake CPU...: without an end, and behind everybody else. To wake up an emulated
# CPU that sleeps takes as long as the machine likes, and would be measured; one that
# polls (idle=poll) leaves the emulator's loop at each PAUSE, and takes the lock of all
# its devices, for which the other CPUs then wait.
keep_awake() {
	local cpu
	for cpu; do
		chrt -i 0 nice -n 19 taskset -c "$cpu" bash -c 'while :; do :; done' &
	done
}

# guest_run GUEST COMMAND: runs it in the guest, and prints what it prints. A guest
# that is slow to say where it is (7: no connection) is asked again.
guest_run() {
	local try rc
	for try in 1 2 3; do
		rc=0
		curl -sS -m "${PATIENCE:-60}" --data-binary "$2" "http://$(address "$1")/cgi-bin/run" || rc=$?
		[ $rc -eq 7 ] || break
	done
	return $rc
}

# guest_background GUEST COMMAND: prints the process group
guest_background() {
	guest_run "$1" "setsid sh -c '$2' </dev/null >/dev/null 2>&1 & echo \$!"
}

# guest_kill GUEST GROUP
guest_kill() {
	guest_run "$1" "kill -9 -$2" >/dev/null || say "note: guest $1 does not end its load"
}

guest_answers() {
	[ "$(PATIENCE=5 guest_run "$1" "echo up" 2>/dev/null)" = up ]
}

# reserve GUEST PERCENT|max
reserve() {
	local text=max
	[ "$2" = max ] || text="$((PERIOD_US * $2 / 100)) $PERIOD_US"
	traced_write "$text" "$CGROUPS/vm$1/cpu.rt.max"
}

# network_start GUEST [--bidir]: what the guest can send (and receive), until network_stop
network_start() {
	local guest=$1 direction=${2:--R} end=$((SECONDS + 20)) before
	received "$guest"
	before=$BYTES
	(
		traced exec taskset -c "$CLIENT_CPU" iperf3 -c "$(address "$guest")" -t 3600 -i 0 "$direction" \
			</dev/null >"$LOGS/iperf$guest.log" 2>&1
	) &
	IPERF_PID[$guest]=$!
	until received "$guest" && [ $((BYTES - before)) -gt 1000000 ]; do
		kill -0 "${IPERF_PID[$guest]}" 2>/dev/null && [ $SECONDS -lt $end ] ||
			die "no network load on guest $guest: $(cat "$LOGS/iperf$guest.log")"
		sleep 0.2
	done
}

network_stop() {
	kill -INT "${IPERF_PID[$1]}" 2>/dev/null || true
	wait "${IPERF_PID[$1]}" || true
	unset "IPERF_PID[$1]"
	sleep 1
}

# The following are without other programs: to start one takes long on this host,
# and the figures of a window must be of the same moments.

# Sets NOW, in us.
now_us() {
	NOW=${EPOCHREALTIME/./}
}

# Sets BYTES that have come from guest $1.
received() {
	read -r BYTES <"/sys/class/net/tap$1/statistics/rx_bytes"
}

# Sets USAGE: CPU time that the capsule of guest $1 has provided, in us.
capsule_usage() {
	local name value
	while read -r name value; do
		[ "$name" != usage_usec ] || USAGE=$value
	done <"$CGROUPS/vm$1/cpu.rt_stat"
}

# Sets IDLE: time of the clients' CPU, in units of 10 ms, that keep_awake had.
idle_time() {
	local -a fields
	while read -r -a fields; do
		[ "${fields[0]:-}" != "cpu$CLIENT_CPU" ] || IDLE=$((fields[2] + fields[4] + fields[5]))
	done </proc/stat
}

# throughput GUEST: during WINDOW seconds, a number of whole periods. Sets MBITS, the
# throughput in Mbit/s, PERCENT, the share of the CPU that the guest has used, and ROW:
# both, and how much of the clients' CPU was idle.
throughput() {
	local bytes time usage idle
	idle_time; capsule_usage "$1"; received "$1"; now_us
	bytes=$BYTES time=$NOW usage=$USAGE idle=$IDLE
	pause "$WINDOW"
	idle_time; capsule_usage "$1"; received "$1"; now_us
	bytes=$((BYTES - bytes)) time=$((NOW - time)) usage=$((USAGE - usage)) idle=$((IDLE - idle))
	printf -v MBITS '%d.%02d' $((bytes * 8 / time)) $((bytes * 800 / time % 100))
	printf -v PERCENT '%d.%02d' $((100 * usage / time)) $((10000 * usage / time % 100))
	ROW=$MBITS,$PERCENT,$((1000000 * idle / time))
}

# pause SECONDS
pause() {
	read -r -t "$1" <&"$NOTHING" || true
}
