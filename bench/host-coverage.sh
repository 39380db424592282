# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Where the CPU time goes that is spent for a guest. Sourced by host.sh.

COVERAGE_SHARE=80
COVERAGE_SECONDS=8

# CPU time of all threads in ns: thread, process, name, CPU it ran on last, time,
# parent.
threads_now() {
	local task tid pid name stat time
	local -a fields
	for task in /proc/[0-9]*/task/[0-9]*; do
		{ read -r stat <"$task/stat" && read -r time _ <"$task/schedstat"; } 2>/dev/null || continue
		pid=${task#/proc/} pid=${pid%%/*} tid=${task##*/}
		name=${stat#*\(} name=${name%)*}
		read -r -a fields <<<"${stat##*) }"
		printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$tid" "$pid" "$name" "${fields[36]}" "$time" "${fields[1]}"
	done
}

# CPU time of guest $1 in us: by its capsule, and by the cgroup's cpu.stat
coverage_usage() {
	capsule_usage "$1"
	printf '%s\t%s\n' "$USAGE" \
		"$(awk '$1 == "usage_usec" { print $2 }' "$CGROUPS/vm$1/cpu.stat")"
}

coverage() {
	local group
	reserve 3 $COVERAGE_SHARE
	group=$(guest_background 3 "while :; do dd if=/dev/zero of=/dev/vda bs=64k count=256 oflag=direct; dd if=/dev/vda of=/dev/null bs=64k count=256 iflag=direct; done")
	network_start 3 --bidir
	sleep 2
	say "looking where CPU time goes, for $COVERAGE_SECONDS s, guest 3 under network and disk load"
	coverage_threads 3 >"$OUT/threads.tsv"
	coverage_snapshot begin
	pause $COVERAGE_SECONDS
	coverage_snapshot end
	say "looked"
	guest_run 3 "cat /sys/block/vda/stat" >"$OUT/disk.txt" || true
	network_stop 3
	guest_kill 3 "$group"
	reserve 3 max
	say "the guest's load is ended"
	fact coverage_pid "${QEMU_PID[3]}"
	say "disk (reads, sectors at 3; writes, sectors at 7): $(cat "$OUT/disk.txt")"
}

# All threads of guest $1: thread, name, the capsule that serves it, or "-". Without
# other programs, as all here: to start one takes long on this host.
coverage_threads() {
	local tid name key value capsule
	local -A seen=()
	for tid in $(<"$CGROUPS/vm$1/cgroup.threads") "/proc/${QEMU_PID[$1]}/task"/*; do
		tid=${tid##*/}
		[ -z "${seen[$tid]:-}" ] || continue
		seen[$tid]=yes capsule=-
		{
			read -r name <"/proc/$tid/comm"
			while read -r key _ value; do
				[ "$key" != dl_group ] || capsule=$value
			done <"/proc/$tid/sched"
		} 2>/dev/null || continue
		printf '%s\t%s\t%s\n' "$tid" "$name" "$capsule"
	done
}

# coverage_snapshot NAME: of all threads, and of the capsule. That takes a while, in
# which the guest may not get on, or the one would be older than the other.
coverage_snapshot() {
	echo 1 >"$CGROUPS/vm3/cgroup.freeze"
	pause "$SETTLE"
	coverage_usage 3 >"$OUT/usage-$1.tsv"
	threads_now >"$OUT/time-$1.tsv"
	echo 0 >"$CGROUPS/vm3/cgroup.freeze"
}
