# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# systemd's layout: systemd and machined run in namespaces of their own, and make
# machine.slice/machine-qemu\x2d1\x2dNAME.scope for libvirt, which makes libvirt/
# below. Then that of the hook: a slice for each partition.

# shellcheck source=libvirt/test/e2e.d/hook.sh
. "$HERE/e2e.d/hook.sh"

# The group of a partition, in systemd's layout.
partition() {
	echo "/machine.slice/machine-$1.slice"
}

# Threads of the kernel are not in systemd's PID namespace, so there are none to move.
test_kthreads() {
	:
}

# The least of a system: the bus, and machined. Prints the PID of systemd.
start_systemd() {
	local units=/etc/systemd/system unit pid
	for unit in systemd-udevd systemd-logind; do
		ln -sf /dev/null $units/$unit.service
	done
	printf '[Unit]\nWants=dbus.service systemd-machined.service\n' >$units/lab.target
	unshare --pid --fork --mount --propagation shared --mount-proc \
		env -i container=lab PATH="$PATH" /lib/systemd/systemd --system --unit=lab.target \
		--log-target=console </dev/null >"$OUT/systemd.log" 2>&1 &
	for _ in $(seq 60); do
		pid=$(pgrep -P $!)
		[ -z "$pid" ] || nsenter -t "$pid" -p -m busctl status org.freedesktop.machine1 \
			>/dev/null 2>&1 && break
		sleep 1
	done
	echo "$pid"
}

test_scope() {
	local scope='/machine.slice/machine-qemu\x2d1\x2dguest.scope'
	domain guest "$(reservation 20000 12001)" >/dev/null
	works 'start' start guest
	has 'machined knows it' "$(machinectl --no-legend list)" '^qemu-1-guest +vm +libvirt-qemu'
	is 'systemd made its scope' "$(systemctl show -P ControlGroup "${scope##*/}")" "$scope"
	is 'its group' "$(group_of guest)" "$scope/libvirt"
	is 'the reservation is there' "$(cat "$CG$scope/libvirt/cpu.rt.max")" '12001 20000'
	wait_up guest
	all_served guest "$scope/libvirt"
	between 'share of two CPUs with 60 % each' "$(share "$scope/libvirt" 10)" 80 125
	systemctl daemon-reload
	systemctl set-property --runtime "${scope##*/}" CPUWeight=50
	is 'systemd leaves the reservation alone' "$(cat "$CG$scope/libvirt/cpu.rt.max")" '12001 20000'
	works 'schedinfo --live' schedinfo guest --live --set rt_budget=4000
	is 'the reservation has changed' "$(cat "$CG$scope/libvirt/cpu.rt.max")" '4000 20000'
	works 'schedinfo --live, back' schedinfo guest --live --set rt_budget=12001
}

test_scope_refused() {
	local text
	domain second "$(reservation 1000000 600000)" >/dev/null
	text=$(virsh start second)
	has 'a second domain does not fit' "$text" \
		'cannot reserve 600000 us of CPU time in every 1000000 us: .*% of CPU [01] are missing'
	has 'the device said so' "$text" 'at most [0-9]*(0[1-9]|[1-9][0-9]) us would fit'
	is 'nothing of it is left' "$(find "$CG" -name '*second*')" ''
}

test_scope_destroy() {
	works 'destroy' destroy guest
	is 'no scope is left' "$(find "$CG" -name '*.scope' ! -name init.scope)" ''
	is 'machined has forgotten it' "$(machinectl --no-legend list)" ''
	has 'all bandwidth is free again' "$(free_of_host)" '^cpu0 9[0-9]\.'
}

# Slices belong to systemd, which must not undo what the hook does to one.
test_slice() {
	domain hooked "$(pinned 1)" "$(metadata 20000 12000)" /machine/hooked >/dev/null
	works 'hook: start in a slice' start hooked
	is 'hook: systemd knows the slice' \
		"$(systemctl show -P ControlGroup machine-hooked.slice)" "$(partition hooked)"
	systemctl daemon-reload
	systemctl set-property --runtime machine-hooked.slice CPUWeight=50
	is 'hook: systemd leaves the reservation alone' \
		"$(cat "$CG$(partition hooked)/cpu.rt.max")" '12000 20000'
	is 'hook: and its CPUs' "$(cat "$CG$(partition hooked)/cpuset.cpus")" 1
	works 'hook: destroy in a slice' destroy hooked
	is 'hook: nothing is left of the slice' "$(find "$CG" -name '*hooked*')" ''
	is 'hook: systemd has forgotten the slice' \
		"$(systemctl show -P ActiveState machine-hooked.slice)" inactive
}

# Stopping a slice kills who is in it.
test_slice_with_others() {
	works 'hook: start in a slice again' start hooked
	systemd-run --quiet --unit=other --slice=machine-hooked.slice sleep 1000
	works 'hook: destroy beside another' destroy hooked
	is 'hook: the other still runs' "$(systemctl is-active other.service)" active
	# systemd may have taken the controller away
	has 'hook: without a reservation' \
		"$(cat "$CG$(partition hooked)/cpu.rt.max" 2>/dev/null || echo max)" '^max'
	systemctl stop other.service machine-hooked.slice
}

run_inside() {
	MACHINE=machine.slice
	start_daemon systemd-run --quiet --unit=virtqemud -p KillMode=process \
		-E LIBVIRT_LOG_OUTPUTS -E LIBVIRT_LOG_FILTERS "$BUILD/src/virtqemud"
	test_scope
	test_scope_refused
	test_scope_destroy
	test_hook
	test_hook_pinned
	test_slice
	test_slice_with_others
}

run_tests() {
	local pid
	if [ -n "${INSIDE:-}" ]; then
		run_inside
		return
	fi
	say 'starting systemd ...'
	pid=$(start_systemd)
	[ -n "$pid" ] || { not_ok 'systemd runs' "$(tail -n 5 "$OUT/systemd.log")"; return; }
	INSIDE=yes exec nsenter -t "$pid" -p -m "$0" "$BUILD" "$OUT" "$MODE"
}
