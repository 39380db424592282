# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A made-up machine with a tree of cgroups, for scripts of tap.sh with $tool, $json,
# $fakedev, and test-note beside $threads.
#
# Variables are folders and numbers, without blanks; those of wait_for are its own.
# shellcheck disable=SC2154,SC2086,SC2016

root=$WORK/cgroup
mount=$root

clean_up() {
	[ ! -s "$WORK/pids" ] || xargs kill <"$WORK/pids"
	rm -rf "$root" "$WORK/root" "$WORK/pids"
}

value() {
	"$json" "$WORK/output" "$1"
}

fake() {
	env LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" FAKE_MOUNT="$mount" "$tool" "$@"
}

# A file of the other machine, from standard input.
file() {
	mkdir -p "$WORK/root${1%/*}"
	cat >"$WORK/root$1"
}

# machine: a kernel that is able, two CPUs, and cgroup v2 with all controllers
machine() {
	printf '  1 rtc\n 59 sched_vm\n' | file /proc/misc
	printf '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t0\t1\t1\ncpu\t0\t1\t1\n' |
		file /proc/cgroups
	echo 0-1 | file /sys/devices/system/cpu/online
	echo 0-1 | file /sys/devices/system/cpu/possible
	echo 0 | file /sys/module/kvm/parameters/halt_poll_ns
	echo CONFIG_SCHED_HRTICK=y | file "/boot/config-$(uname -r)"
	echo 950000 | file /proc/sys/kernel/sched_rt_runtime_us
	echo 'flags : fpu' | file /proc/cpuinfo
	echo 'cpu  1 2 3 4 5 6 7 0 0 0' | file /proc/stat
	mkdir -p "$root"
	echo 'cpuset cpu' >"$root/cgroup.controllers"
	echo 'cpuset cpu' >"$root/cgroup.subtree_control"
	echo 0-1 >"$root/cpuset.cpus.effective"
	group sched_vm max 100000
	echo 'cpuset cpu' >"$root/sched_vm/cgroup.subtree_control"
}

# group PATH BUDGET PERIOD [PID...]: a cgroup, which may be a capsule
group() {
	cg=$root/$1
	mkdir -p "$cg"
	echo "$2" >"$cg/cpu.rt_budget_us"
	echo "$3" >"$cg/cpu.rt_period_us"
	echo max >"$cg/cpu.rt_deadline_us"
	echo "$2 $3" >"$cg/cpu.rt.max"
	echo all >"$cg/cpu.rt_scope"
	: >"$cg/cpu.rt_cpu_budget_us"
	: >"$cg/cpu.rt_irqs"
	: >"$cg/cpuset.cpus"
	echo 0-1 >"$cg/cpuset.cpus.effective"
	echo 'cpuset cpu' >"$cg/cgroup.controllers"
	printf 'cpu0 75.00\ncpu1 75.00\n' >"$cg/cpu.rt_free"
	printf 'throttled 0\noverrun 0\ndeadline_miss 0\nrefused 0\n' >"$cg/cpu.rt_events"
	counters "$1" 1000 2 0
	shift 3
	echo "populated $(($# > 0))" >"$cg/cgroup.events"
	: >"$cg/cgroup.procs"
	: >"$cg/cgroup.threads"
	for member; do
		echo "$member" >>"$cg/cgroup.procs"
		ls "/proc/$member/task" >>"$cg/cgroup.threads"
		inside "$member" "${cg#"$root"}"
	done
}

# counters PATH PERIODS THROTTLED LATE: of each CPU
counters() {
	set -- "$1" "nr_periods $2 nr_throttled $3 throttled_usec 0 usage_usec $(($2 * 4000))" \
		"nr_overruns 0 max_overrun_nsec 0 nr_migrations 0 nr_deadline_misses $4"
	{
		printf '%s %s\n' $2 $3
		printf 'cpu0'
		printf ' %s=%s' $2 $3
		printf '\ncpu1'
		printf ' %s=%s' $2 $3
		echo
	} >"$WORK/rt_stat.${1##*/}"
	# At once, as the kernel gives it.
	mv "$WORK/rt_stat.${1##*/}" "$root/$1/cpu.rt_stat"
}

# inside PID PATH: so says the kernel
inside() {
	for task in /proc/"$1"/task/*; do
		echo "0::$2" | file "/proc/${task##*/}/cgroup"
		echo "dl_group : $2" | file "/proc/${task##*/}/sched"
	done
}

# note CGROUP KEY VALUE: an xattr of the user's
note() {
	"${threads%threads}note" "$@"
}

# wait_for CONDITION: a command line. Others compute meanwhile.
wait_for() {
	tries=0
	until eval "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || fail "still not: $1"
		sleep 0.02
	done
}

# In $pid; it goes with the test.
process() {
	sleep 1000 &
	pid=$!
	echo $pid >>"$WORK/pids"
	wait_for '[ "$(cat /proc/$pid/comm)" = sleep ]'
}
