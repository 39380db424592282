# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The elements of <cputune>: virsh save, and virsh restore if it fits.

IMAGE=/run/guest.save

# A reservation that has nothing to do with libvirt.
other() {
	mkdir "$CG/other"
	echo "$1" >"$CG/other/cpu.rt.max" || not_ok 'another reservation'
}

test_save() {
	domain guest "$(reservation 20000 6000)<vhostsched scheduler='fifo' priority='2'/>" >/dev/null
	works 'start' start guest
	wait_up guest
	works 'schedinfo --live' schedinfo guest --live --set rt_budget=12000 --set rt_deadline=19000
	works 'save' save guest $IMAGE
	is 'no group is left' "$(find "$CG" -name '*qemu*')" ''
	has 'all bandwidth is free' "$(free_of_host)" '^cpu0 9[0-9]\.'
}

test_restore() {
	local group
	works "$1" restore $IMAGE
	group=$(group_of guest)
	is 'the reservation is there again' "$(cat "$CG$group/cpu.rt.max")" '12000 20000 19000'
	all_served guest "$group"
	is 'vhostsched' "$(vhost_policies guest)" 'SCHED_FIFO 2'
	between 'share of two CPUs with 60 % each' "$(share "$group" 10)" 80 125
}

# libvirt removes nothing, so the image can be restored later.
test_restore_refused() {
	local sum
	works 'save again' save guest $IMAGE
	sum=$(md5sum <$IMAGE)
	other '12000 20000'
	refuses 'restore: does not fit' \
		'cannot reserve 12000 us of CPU time in every 20000 us with a deadline of 19000 us: .*% of CPU [01] are missing' \
		restore $IMAGE
	is 'nothing of it is left' "$(find "$CG" -name '*qemu*')" ''
	is 'it does not run' "$(virsh domstate guest)" 'shut off'
	is 'the image is as it was' "$(md5sum <$IMAGE)" "$sum"
	rmdir "$CG/other"
}

run_tests() {
	start_daemon "$BUILD/src/virtqemud" -d
	test_save
	test_restore 'restore'
	test_restore_refused
	test_restore 'restore, when it fits again'
	works 'destroy' destroy guest
	is 'no group is left in the end' "$(find "$CG" -name '*qemu*')" ''
}
