# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The elements of <cputune>.

# Each is refused, with a message that names the element, also if the schema is asked.
test_bad_xml() {
	local what pattern tune
	while IFS='|' read -r what pattern tune; do
		domain bad "$tune" >/dev/null
		refuses "define: $what" "$pattern" define /run/bad.xml
		refuses "define --validate: $what" "$pattern" define --validate /run/bad.xml
	done <<-END
		budget above period|'rt_budget' 20001 must not be larger than 'rt_period'|$(reservation 20000 20001)
		no period|'rt_budget' needs 'rt_period'|<rt_budget>4000</rt_budget>
		no budget|'rt_period' needs 'rt_budget'|<rt_period>4000</rt_period>
		only a deadline|'rt_deadline' needs 'rt_budget'|<rt_deadline>4000</rt_deadline>
		text|'rt_period' must be a positive number|$(reservation 20ms 4000)
		nothing|'rt_budget' must be a positive number|$(reservation 20000 '')
		zero|'rt_budget' must be a positive number|$(reservation 20000 0)
		negative|'rt_budget' must be a positive number|$(reservation 20000 -4000)
		huge|'rt_period' must be in range|$(reservation 4194305 4000)
		more than 64 bits|'rt_period' must be a positive number|$(reservation 99999999999999999999 4000)
		deadline below budget|'rt_deadline' 3000 must not be smaller than 'rt_budget'|$(reservation 20000 4000)<rt_deadline>3000</rt_deadline>
		deadline above period|'rt_deadline' 20001 must not be larger than 'rt_period'|$(reservation 20000 4000)<rt_deadline>20001</rt_deadline>
		what there is not beyond it|'rt_extra' must be 'none', 'idle' or 'fair', not 'all'|$(reservation 20000 4000)<rt_extra>all</rt_extra>
		only what is beyond|'rt_extra' needs 'rt_budget'|<rt_extra>idle</rt_extra>
	END
	refuses 'none of them is defined' 'failed to get domain' dominfo bad
}

test_start() {
	domain guest "$(reservation 20000 12000)<vhostsched scheduler='fifo' priority='2'/>" >/dev/null
	works 'start' start guest
	GROUP=$(group_of guest)
	[ -n "$GROUP" ] || { not_ok 'its group'; return 1; }
	say "the group is $GROUP"
	has 'capabilities' "$(virsh domcapabilities --virttype kvm)" "<cpu-reservation supported='yes'/>"
	is 'the reservation is there' "$(cat "$CG$GROUP/cpu.rt.max")" '12000 20000'
	wait_up guest
	all_served guest "$GROUP"
	is 'vhostsched' "$(vhost_policies guest)" 'SCHED_FIFO 2'
	between 'share of two CPUs with 60 % each' "$(share "$GROUP" 10)" 80 125
}

test_live() {
	works 'schedinfo --live' schedinfo guest --live --set rt_budget=4000 --set rt_deadline=10000
	is 'the reservation has changed' "$(cat "$CG$GROUP/cpu.rt.max")" '4000 20000 10000'
	between 'share of two CPUs with 20 % each' "$(share "$GROUP" 10)" 26 43
	refuses 'schedinfo --live: the rest is refused' "'vcpu_quota' is out of range" \
		schedinfo guest --live --set rt_budget=4001 --set vcpu_quota=1
	is 'what took effect' "$(cat "$CG$GROUP/cpu.rt.max")" '4001 20000 10000'
	has 'it is in the status' "$(cat /run/libvirt/qemu/guest.xml)" '<rt_budget>4001</rt_budget>'
	works 'schedinfo --live, again' schedinfo guest --live --set rt_budget=4000
	refuses 'schedinfo --live: too much' '% of CPU [01] are missing, a budget of at most [0-9]+ us' \
		schedinfo guest --live --set rt_budget=19990 --set rt_deadline=0
	refuses 'schedinfo --live: no sense' "'rt_budget' 30000 must not be larger" \
		schedinfo guest --live --set rt_budget=30000
	is 'the reservation has not changed' "$(cat "$CG$GROUP/cpu.rt.max")" '4000 20000 10000'
	works 'schedinfo --live, back' schedinfo guest --live --set rt_budget=12001 --set rt_deadline=0
	has 'schedinfo shows it' "$(virsh schedinfo guest --live | tr -s ' ')" '^rt_budget : 12001'
	has 'domstats' "$(virsh domstats --cpu-total guest)" 'cpu.rt.throttled.count=[1-9]'
}

# What is beyond the reservation goes with it, and changes only if that does.
test_live_extra() {
	is 'there is nothing beyond the reservation' "$(cat "$CG$GROUP/cpu.rt_extra")" none
	works 'schedinfo --live: rt_extra' schedinfo guest --live --set rt_extra=idle
	is 'idle time is beyond it' "$(cat "$CG$GROUP/cpu.rt_extra")" idle
	is 'the reservation is what it was' "$(cat "$CG$GROUP/cpu.rt.max")" '12001 20000'
	has 'schedinfo shows that, too' "$(virsh schedinfo guest --live | tr -s ' ')" '^rt_extra : idle'
	has 'that is in the status, too' "$(cat /run/libvirt/qemu/guest.xml)" '<rt_extra>idle</rt_extra>'
	refuses 'schedinfo --live: no such rt_extra' "'rt_extra' must be 'none', 'idle' or 'fair'" \
		schedinfo guest --live --set rt_extra=all
	refuses 'schedinfo --live: too much, with rt_extra' '% of CPU [01] are missing' \
		schedinfo guest --live --set rt_budget=19990 --set rt_extra=fair
	is 'idle time is still beyond it' "$(cat "$CG$GROUP/cpu.rt_extra")" idle
	works 'schedinfo --live: rt_extra, back' schedinfo guest --live --set rt_extra=none
	is 'there is nothing beyond it again' "$(cat "$CG$GROUP/cpu.rt_extra")" none
}

# cpu.rt_free has hundredths of a percent, so that 100 us is the finest that can be said
# of a period of a second without the device; the device has the exact figure.
test_refused() {
	local before text most
	before=$(free_now)
	domain second "$(reservation 1000000 600000)" >/dev/null
	text=$(virsh start second)
	has 'a second domain does not fit' "$text" \
		'cannot reserve 600000 us of CPU time in every 1000000 us: .*% of CPU [01] are missing'
	has 'the device said so' "$text" 'at most [0-9]*(0[1-9]|[1-9][0-9]) us would fit'
	is 'nothing of it is left' "$(find "$CG" -name '*second*')" ''
	is 'its bandwidth is free' "$(free_now)" "$before"
	device away
	refuses 'without the device' '% of CPU [01] are missing, a budget of at most [0-9]*00 us' \
		start second
	device back
	most=$(sed -n 's/.*at most \([0-9]*\) us.*/\1/p' <<<"$text")
	domain second "$(reservation 1000000 $((most + 2)))" >/dev/null
	refuses 'little more than would fit does not' 'at most [0-9]+ us would fit' start second
	domain second "$(reservation 1000000 "$most")" >/dev/null
	works 'what would fit fits' start second
	works 'destroy it' destroy second
}

# What is refused while a running domain has CPU 1, and another group CPU 0; vCPU 1 is
# not plugged yet, and to be pinned to CPU 0.
test_pinned_elsewhere() {
	local group=$1 other=$CG/$MACHINE/other
	local on='cannot reserve 12000 us of CPU time in every 20000 us on'
	mkdir "$other"
	echo 0 >"$other/cpuset.cpus"
	echo '12000 20000' >"$other/cpu.rt.max" || not_ok 'pinned: another group'
	refuses 'pinned: not to the other' \
		"$on the CPUs 0-1: .*% of CPU 0 are missing, a budget of at most [0-9]+ us would" \
		vcpupin pinned 0 0 --live
	refuses 'pinned: not to all' "$on all CPUs: .*% of CPU 0 are missing" iothreadadd pinned 2
	refuses 'pinned: no vCPU there' "$on the CPUs 0-1: " setvcpus pinned 2 --live
	is 'pinned: it has one vCPU' "$(virsh vcpucount pinned --live --active)" 1
	device away
	refuses 'pinned: not without the device' 'one of them has not that much time left' \
		vcpupin pinned 0 0 --live
	device back
	is 'pinned: it is still on one CPU' "$(cat "$CG$group/cpuset.cpus")" 1
	rmdir "$other"
	works 'pinned: a thread that is on all CPUs' iothreadadd pinned 2
	is 'pinned: it is on all CPUs' "$(cat "$CG$group/cpuset.cpus")" ''
	works 'pinned: no such thread' iothreaddel pinned 2
	is 'pinned: it is on one CPU again' "$(cat "$CG$group/cpuset.cpus")" 1
	works 'pinned: a vCPU on another CPU' setvcpus pinned 2 --live
	is 'pinned: it is on both' "$(cat "$CG$group/cpuset.cpus")" 0-1
	works 'pinned: not any more' vcpupin pinned 1 1 --live
	is 'pinned: it is on one CPU once more' "$(cat "$CG$group/cpuset.cpus")" 1
}

test_pinned_without_reservation() {
	works 'pinned: end the reservation' schedinfo pinned --live --set rt_budget=0
	is 'pinned: nothing is beyond it' "$(cat "$CG$1/cpu.rt_extra")" none
	is 'pinned: it may use all CPUs' "$(cat "$CG$1/cpuset.cpus")" ''
	works 'pinned: to another CPU' vcpupin pinned 0 0 --live
	refuses 'pinned: the first one is too much' 'cannot reserve 19990 us' \
		schedinfo pinned --live --set rt_budget=19990 --set rt_period=20000
	is 'pinned: it still may' "$(cat "$CG$1/cpuset.cpus")" ''
	works 'pinned: back' vcpupin pinned 0 1 --live
}

test_pinned() {
	local group
	domain pinned "$(pinned 1)$(reservation 20000 12000)<rt_extra>fair</rt_extra>" >/dev/null
	virsh setvcpus pinned 1 --config >/dev/null
	virsh vcpupin pinned 1 0 --config >/dev/null
	works 'start, pinned' start pinned
	group=$(group_of pinned)
	is 'pinned: the reservation is there' "$(cat "$CG$group/cpu.rt.max")" '12000 20000'
	is 'pinned: a share is beyond it' "$(cat "$CG$group/cpu.rt_extra")" fair
	is 'pinned: it is on one CPU' "$(cat "$CG$group/cpuset.cpus")" 1
	has 'pinned: the other is free' "$(free_of_host)" '^cpu0 9[0-9]\.'
	has 'pinned: the one is not' "$(free_of_host)" '^cpu1 3[0-9]\.'
	test_pinned_elsewhere "$group"
	test_pinned_without_reservation "$group"
	works 'destroy, pinned' destroy pinned
}

# Only the device knows that it is the partition that is full.
test_refused_by_partition() {
	echo '5000 20000' >"$CG/machine/cpu.rt.max" || not_ok 'a reservation of /machine'
	refuses 'partition is full' '35.[0-9]+% of CPU [01] are missing in the reservation of the group above' \
		start guest
	device away
	refuses 'partition is full, without the device' '35.[0-9]+% of CPU [01] are missing, ' start guest
	device back
	echo max >"$CG/machine/cpu.rt.max"
}

test_destroy() {
	works 'destroy' destroy guest
	is 'no group is left' "$(find "$CG" -name '*qemu*')" ''
	has 'all bandwidth is free again' "$(free_of_host)" '^cpu0 9[0-9]\.'
}

run_tests() {
	start_daemon "$BUILD/src/virtqemud" -d
	test_bad_xml
	test_start || return
	test_live
	test_live_extra
	test_refused
	works 'hot-plug a NIC' attach-device guest /run/nic.xml --live
	is 'vhostsched of two' "$(vhost_policies guest | paste -sd ,)" 'SCHED_FIFO 2,SCHED_FIFO 2'
	test_destroy
	test_refused_by_partition
	test_pinned
	works 'start again, after that' start guest
	works 'destroy again' destroy guest
}
