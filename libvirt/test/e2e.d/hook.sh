# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The hook, with the libvirt of libvirt/build.

# metadata PERIOD BUDGET [EXTRA]
metadata() {
	printf '%s' "<metadata><m:reservation xmlns:m='urn:sched-vm:reservation'>" \
		"<m:rt_period>$1</m:rt_period><m:rt_budget>$2</m:rt_budget>" \
		"${3:+<m:rt_extra>$3</m:rt_extra>}" \
		"</m:reservation></metadata>"
}

# The group of a partition, in libvirt's own layout.
partition() {
	echo "/machine/$1.partition"
}

test_kthreads() {
	local pid
	for pid in $(pgrep '^kvm-pit/'); do
		is "hook: $(cat "/proc/$pid/comm") is among them" \
			"$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$(partition hooked)/kthreads"
	done
	[ -n "${pid:-}" ] || not_ok 'hook: there is a kvm-pit thread'
}

# The device's figure is exact, see native.sh.
test_hook_refused() {
	local text
	domain hooked2 '' "$(metadata 1000000 600000)" /machine/hooked2 >/dev/null
	text=$(virsh start hooked2)
	has 'hook: a second domain does not fit' "$text" '% of CPU [01] are missing'
	has 'hook: the device said so' "$text" 'at most [0-9]*(0[1-9]|[1-9][0-9]) us would fit'
	is 'hook: nothing of it is left' "$(find "$CG" -name '*hooked2*')" ''
	device away
	refuses 'hook: without the device' '% of CPU [01] are missing, a budget of at most [0-9]*00 us' \
		start hooked2
	device back
}

test_hook_refused_by_partition() {
	echo '5000 20000' >"$CG/machine/cpu.rt.max" || not_ok 'a reservation of /machine'
	refuses 'hook: partition is full' \
		'35.[0-9]+% of CPU [01] are missing in the reservation of the group above' start hooked
	echo max >"$CG/machine/cpu.rt.max"
}

test_hook() {
	local group
	group=$(partition hooked)
	domain hooked '' "$(metadata 20000 12001)" /machine/hooked >/dev/null
	works 'hook: start' start hooked
	is 'hook: the reservation is there' "$(cat "$CG$group/cpu.rt.max")" '12001 20000'
	wait_up hooked
	all_served hooked "$group"
	test_kthreads
	between 'hook: share of two CPUs with 60 % each' "$(share "$group" 10)" 80 125
	test_hook_refused
	works 'hook: destroy' destroy hooked
	is 'hook: no group is left' "$(find "$CG" -name '*hooked*')" ''
	has 'hook: all bandwidth is free again' "$(free_of_host)" '^cpu0 9[0-9]\.'
}

test_hook_pinned() {
	local group
	group=$(partition hooked)
	domain hooked "$(pinned 1)" "$(metadata 20000 12000 idle)" /machine/hooked >/dev/null
	works 'hook: start, pinned' start hooked
	is 'hook: pinned: the reservation is there' "$(cat "$CG$group/cpu.rt.max")" '12000 20000'
	is 'hook: pinned: idle time is beyond it' "$(cat "$CG$group/cpu.rt_extra")" idle
	is 'hook: pinned: it is on one CPU' "$(cat "$CG$group/cpuset.cpus")" 1
	has 'hook: pinned: the other is free' "$(free_of_host)" '^cpu0 9[0-9]\.'
	has 'hook: pinned: the one is not' "$(free_of_host)" '^cpu1 3[0-9]\.'
	works 'hook: destroy, pinned' destroy hooked
	is 'hook: nothing is left of that either' "$(find "$CG" -name '*hooked*')" ''
}

run_tests() {
	start_daemon "$BUILD/src/virtqemud" -d
	test_hook
	test_hook_pinned
	test_hook_refused_by_partition
}
