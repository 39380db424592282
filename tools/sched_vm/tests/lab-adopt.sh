# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of adopt: guests that run, real and played. Sourced by lab.sh.
#
# Variables are those of lab.sh: folders and numbers, without blanks.
# shellcheck disable=SC2154,SC2086

adopt_takes_and_returns() {
	mkdir $root/home
	hog
	echo $pid >$root/home/cgroup.procs
	expect 1 'needs a --budget' "$tool" adopt g --pid $pid
	expect 0 '1 of 1 thread is served by g' \
		"$tool" adopt g --pid $pid --budget 4ms --period 20ms
	same "$(cat /proc/$pid/cgroup)" 0::/sched_vm/g
	expect 0 '' "$tool" adopt g --pid $pid --json
	same "$(value threads.0.inside)" true
	"$tool" remove g --force
	same "$(cat /proc/$pid/cgroup)" 0::/home
	end $pid
	expect 1 'no process' "$tool" adopt g --pid $pid --budget 4ms
	expect 1 'no process' "$tool" adopt g --qemu nobody --budget 4ms
	expect 1 'no QEMU process' "$tool" adopt g --domain nobody --budget 4ms
	expect 2 'one of' "$tool" adopt g --budget 4ms
	mkdir $base/empty
	expect 1 'no reservation yet' "$tool" adopt empty --pid 1
	expect 2 'cannot be the name' "$tool" adopt .x --pid $$ --budget 4ms
	rmdir $base/empty
	rmdir $root/home
}

# Nothing would be reserved.
adopt_wants_a_budget() {
	mkdir -p $root/machine/guest
	echo +cpu >$root/machine/cgroup.subtree_control
	hog
	echo $pid >$root/machine/guest/cgroup.procs
	for budget in 0 max; do
		expect 2 'budget above 0' "$tool" adopt g --pid $pid --budget $budget
		expect 2 'budget above 0' "$tool" adopt g --pid $pid --in-place --budget $budget
	done
	"$tool" create a --budget 4ms --period 20ms
	expect 2 'budget above 0' "$tool" adopt a --pid $pid --budget max
	same "$(cat $base/a/cpu.rt.max)" "4000 20000"
	same "$(cat /proc/$pid/cgroup)" 0::/machine/guest
	echo $pid >$base/a/cgroup.procs
	"$tool" set a --budget max
	expect 0 '^a: no reservation .served as usual.$' "$tool" show a --threads
	! grep -q 'outside' "$WORK/output" || fail "outside of nothing"
	expect 0 '^a +max .* - .* 1 +none$' "$tool" list
	end $pid
	"$tool" remove a
}

# Who waits may be killed: then it is said what is left.
adopt_removes_at_exit() {
	hog
	expect 0 'is served by g' \
		"$tool" adopt g --pid $pid --budget 4ms --period 20ms --remove-at-exit
	grep -q '^g: 4ms in every 20ms on CPU 0, 20.0 % of it$' "$WORK/output" || fail "no summary"
	pause 0.2
	end $pid
	pause 3
	[ ! -e $base/g ] || fail "g is there"
	hog
	"$tool" adopt g --pid $pid --budget 4ms --period 20ms
	expect 0 ' 1 +active$' "$tool" list
	end $pid
	pause 0.2
	expect 0 ' 0 +gone$' "$tool" list
	expect 0 "^its process $pid .* is gone" "$tool" show g
	expect 0 'keeps 20.0 % of CPU 0 for a guest that is gone' "$tool" doctor
	"$tool" remove g
}

# It waits for that one, and not for another of the same name.
adopt_removes_no_other_at_exit() {
	hog
	"$tool" adopt g --pid $pid --budget 4ms --period 20ms --remove-at-exit
	"$tool" remove g --force
	"$tool" create g --budget 4ms --period 20ms
	pause 3
	[ -e $base/g ] || fail "g is not there"
	! pidof sched-vm-wait || fail "it still waits"
	end $pid
	"$tool" remove g
	for _ in 1 2 3 4 5; do
		expect 0 '' "$tool" run --name x --budget 4ms --period 20ms true
	done
}

# Nobody waits any more then: the capsule stays, and that is said.
who_waits_may_be_killed() {
	hog
	"$tool" adopt g --pid $pid --budget 4ms --period 20ms --remove-at-exit
	pause 0.2
	killall -KILL sched-vm-wait || fail "nobody waits"
	end $pid
	pause 2
	expect 0 '^g .* 0 +gone$' "$tool" list
	expect 0 'g keeps 20.0 % of CPU 0 for a guest that is gone' "$tool" doctor
	"$tool" remove g
	"$tool" run --name x --budget 4ms --period 20ms sleep 1000 &
	tool_pid=$!
	pause 0.5
	killall -KILL sched-vm-wait || fail "nobody waits"
	kill -KILL $tool_pid
	wait $tool_pid || true
	kill "$(cat $base/x/cgroup.procs)"
	pause 2
	expect 0 '^x .* 0 +gone$' "$tool" list
	expect 0 'x keeps 20.0 % of CPU 0 for a guest that is gone' "$tool" doctor
	"$tool" remove x
}

adopt_leaves_no_empty_capsule() {
	expect 1 'process 2 is a thread of the kernel' "$tool" adopt g --pid 2 --budget 4ms --period 20ms
	[ ! -e $base/g ] || fail "g is there"
	"$tool" create g --budget 4ms --period 20ms
	expect 1 'process 2 is a thread of the kernel' "$tool" adopt g --pid 2 --budget 5ms --cpus 0 --scope rt
	same "$(cat $base/g/cpu.rt.max)" "4000 20000"
	same "$(cat $base/g/cpu.rt_scope)" all
	"$tool" remove g
}

# Two guests may have the same name, but not here.
adopt_refuses_a_name_that_is_taken() {
	mkdir -p $root/machine/one $root/machine/two
	echo +cpu >$root/machine/cgroup.subtree_control
	hog
	one=$pid
	echo $pid >$root/machine/one/cgroup.procs
	hog
	echo $pid >$root/machine/two/cgroup.procs
	expect 0 'served by g' "$tool" adopt g --pid $one --in-place --budget 4ms --period 20ms
	expect 1 'there is a capsule g already' "$tool" adopt g --pid $pid --in-place --budget 4ms --period 20ms
	same "$(cat $root/machine/two/cpu.rt_budget_us)" max
	expect 0 'served by g' "$tool" adopt g --pid $one --in-place --budget 5ms
	expect 1 'there is a capsule g already' "$tool" create g --budget 4ms --period 20ms
	"$tool" remove g
	"$tool" create g --budget 4ms --period 20ms
	expect 1 'there is a capsule g already' "$tool" adopt g --pid $pid --in-place --budget 4ms --period 20ms
	"$tool" remove g
	end $one
	end $pid
}

adopt_in_place_reserves_where_it_is() {
	mkdir -p $root/machine/guest
	echo +cpu >$root/machine/cgroup.subtree_control
	hog
	echo $pid >$root/machine/guest/cgroup.procs
	expect 0 'served by g' "$tool" adopt g --pid $pid --in-place --budget 4ms --period 20ms
	same "$(cat $root/machine/guest/cpu.rt.max)" "4000 20000"
	same "$(cat /proc/$pid/cgroup)" 0::/machine/guest
	expect 0 'cgroup: /machine/guest' "$tool" show g
	other=$pid
	hog
	echo $pid >$root/machine/guest/cgroup.procs
	expect 1 'has others in it' "$tool" adopt h --pid $pid --in-place --budget 4ms --period 20ms
	"$tool" remove g
	same "$(cat $root/machine/guest/cpu.rt_budget_us)" max
	expect 1 "no capsule 'g'" "$tool" show g
	end $pid
	end $other
	rmdir $root/machine/guest $root/machine
}

# By its name on the command line, as QEMU has it. A shell is no QEMU.
adopt_finds_a_guest_by_name() {
	cp "$napi" "$WORK/qemu-like"
	sh -c 'while :; do :; done' sh -name guest=vm1,debug-threads=on &
	other=$!
	pause 0.1
	expect 1 'no process was started with' "$tool" adopt vm --qemu vm1 --budget 4ms
	"$WORK/qemu-like" tap8 -name guest=vm1,debug-threads=on &
	pid=$!
	pause 0.2
	expect 0 'served by vm' "$tool" adopt vm --qemu vm1 --budget 4ms --period 20ms
	same "$(cat /proc/$pid/cgroup)" 0::/sched_vm/vm
	end $other
	"$WORK/qemu-like" tap9 -name vm1 &
	other=$!
	pause 0.2
	expect 1 "2 processes were started with -name vm1: $pid $other" \
		"$tool" adopt vm --qemu vm1
	same "$(cat /proc/$other/cgroup)" 0::/
	end $pid
	end $other
	"$tool" remove vm
}

# libvirt did not remove it, and somebody else has the number now.
adopt_knows_an_old_pid_file() {
	mkdir -p /run/libvirt/qemu
	sleep 100 &
	pid=$!
	echo $pid >/run/libvirt/qemu/vm1.pid
	expect 1 "no QEMU process of a libvirt domain 'vm1'" \
		"$tool" adopt g --domain vm1 --budget 4ms --period 20ms
	end $pid
	rm /run/libvirt/qemu/vm1.pid
}

adopt_takes_napi_threads() {
	"$napi" tap7 &
	pid=$!
	pause 0.2
	ip link set tap7 up
	echo 1 >/sys/class/net/tap7/threaded
	expect 0 '2 of 2 threads are served by g' \
		"$tool" adopt g --pid $pid --budget 4ms --period 20ms
	grep -q -E '^ *[0-9]+ +napi/tap7-[0-9]+ +napi +inside$' "$WORK/output" || fail "no NAPI thread"
	expect 0 'napi/tap7-[0-9]+ +napi +inside$' "$tool" show g --threads
	same "$(grep -c ' napi/tap7-' "$WORK/output")" 1
	expect 0 '' "$tool" show g --json
	same "$(value nr_threads)" 2
	end $pid
	"$tool" remove g --force
}

# Like kernel threads by their names, and nothing else.
adopt_takes_no_impostors() {
	"$napi" tap7 &
	pid=$!
	pause 0.2
	for name in "vhost-$pid" "kvm-pit/$pid" napi/tap7-8193; do
		sh -c "printf %s $name >/proc/self/comm; while :; do sleep 1; done" &
		echo $! >>"$WORK/impostors"
	done
	pause 0.2
	same "$(cat /proc/$!/comm)" napi/tap7-8193
	expect 0 '1 of 1 thread is served by g' \
		"$tool" adopt g --pid $pid --budget 4ms --period 20ms
	end $pid
	while read -r impostor; do
		same "$(cat "/proc/$impostor/cgroup")" 0::/
		end "$impostor"
	done <"$WORK/impostors"
	"$tool" remove g --force
}

# The same name, but another device, which is ours.
adopt_knows_network_namespaces() {
	"$napi" tap7 &
	ours=$!
	pause 0.2
	ip link set tap7 up
	echo 1 >/sys/class/net/tap7/threaded
	unshare -n "$napi" tap7 &
	pid=$!
	pause 0.2
	expect 0 '1 of 1 thread is served by g' \
		"$tool" adopt g --pid $pid --budget 4ms --period 20ms
	grep -q 'another network namespace' "$WORK/output" || fail "no warning"
	end $pid
	end $ours
	"$tool" remove g --force
}

fake_files() {
	env LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" "$tool" "$@"
}

# A device with two vectors, of which the guest uses the first, a bridge in the same
# group, and a device without MSI whose line others have, too. In $pid who has them.
# The first irq is a real one, in $irq, with a thread.
vfio_guest() {
	irq=$(ps -o comm | sed -n 's|^irq/\([0-9]*\)-.*|\1|p' | head -n 1)
	[ -n "$irq" ] || skip "this machine has no irq threads"
	[ -e "$1/cpu.rt_irqs" ] || skip "this kernel has no cpu.rt_irqs"
	for card in one bridge shared; do
		: | fake_file /sys/kernel/iommu_groups/99/devices/$card
	done
	: | fake_file "/sys/bus/pci/devices/one/msi_irqs/$irq"
	: | fake_file /sys/bus/pci/devices/one/msi_irqs/9001
	: | fake_file /sys/bus/pci/devices/bridge/msi_irqs/9002
	echo 9003 | fake_file /sys/bus/pci/devices/shared/irq
	echo 'vfio-msi[0](0000:00:02.0)' | fake_file "/sys/kernel/irq/$irq/actions"
	echo | fake_file /sys/kernel/irq/9001/actions
	echo pcieport | fake_file /sys/kernel/irq/9002/actions
	echo 'vfio-intx(0000:00:03.0),uhci_hcd:usb1' | fake_file /sys/kernel/irq/9003/actions
	mkdir -p /dev/vfio
	: >/dev/vfio/99
	sh -c 'exec 9</dev/vfio/99; while :; do sleep 1; done' &
	pid=$!
	pause 0.2
}

adopt_takes_only_irqs_of_the_guest() {
	"$tool" create g --budget 4ms --period 20ms
	vfio_guest $base/g
	expect 0 "irq/$irq-" fake_files adopt g --pid $pid
	! grep -q 'irq 900[123] stay outside' "$WORK/output" || fail "it wants them all"
	same "$(cat $base/g/cpu.rt_irqs)" "$irq"
	expect 0 "irq/$irq-.* irq +inside, bound" fake_files show g --threads
	same "$(awk '{ print $1 }' "$WORK/output" | sort | uniq -d | grep -c '^[1-9][0-9]')" 0
	"$tool" set g --irq "-$irq"
	for actions in "vfio-msi[0](0000:00:02.0),ahci" "acpi"; do
		echo "$actions" | fake_file "/sys/kernel/irq/$irq/actions"
		expect 0 '1 of 1 thread ' fake_files adopt g --pid $pid
		same "$(cat $base/g/cpu.rt_irqs)" ""
	done
	end $pid
	"$tool" remove g --force
}

# Other CPUs than those of the capsule: there it cannot be served.
adopt_knows_where_irqs_are_delivered() {
	"$tool" create g --budget 4ms --period 20ms
	vfio_guest $base/g
	expect 0 "irq/$irq-.* irq +inside, bound$" fake_files adopt g --pid $pid
	tid=$(sed -n "s|^ *\([0-9]*\) .* irq *inside, bound\$|\1|p" "$WORK/output" | head -n 1)
	# Without what says that the capsule serves it, as the kernel would not there.
	sed '/^dl_group/d' "/proc/$tid/sched" | fake_file "/proc/$tid/sched"
	sed 's/^Cpus_allowed_list:.*/Cpus_allowed_list:\t5-6/' "/proc/$tid/status" |
		fake_file "/proc/$tid/status"
	expect 1 "^ *$tid .*irq is delivered on other CPUs" fake_files adopt g --pid $pid
	grep -q -x "cure: echo 0 > /proc/irq/$irq/smp_affinity_list" "$WORK/output" ||
		fail "no cure"
	expect 1 '' fake_files adopt g --pid $pid --json
	grep -q "\"cure\" *: *\"echo 0 > /proc/irq/$irq/smp" "$WORK/output" || fail "no cure"
	end $pid
	"$tool" remove g --force
}

threads_are_named_cleanly() {
	sh -c 'printf "\033[2J\377\nx" >/proc/self/comm; while :; do sleep 1; done' &
	pid=$!
	pause 0.2
	expect 0 '[?]\[2J[?][?]x +process +inside$' \
		"$tool" adopt g --pid $pid --budget 4ms --period 20ms
	expect 0 '' "$tool" adopt g --pid $pid --json
	same "$(value threads.0.comm)" '?[2J??x'
	end $pid
	"$tool" remove g --force
}
