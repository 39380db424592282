#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tool with real KVM guests, in a machine of the lab with --kvm: their threads
# are QEMU's, the vCPU, the vhost worker, KVM's, the kernel thread kvm-pit, and the
# irq threads of a network card (82574, driver e1000e) that one has by VFIO.
# kvm.sh SCHED-VM JSON KERNEL

here=${0%/*}
tool=$1
json=$2
kernel=$3
WORK=$(mktemp -d)
# shellcheck source=tap.sh
. "$here/tap.sh"

root=/sys/fs/cgroup
base=$root/sched_vm

value() {
	"$json" "$WORK/output" "$1"
}

clean_up() {
	:
}

# Busy on both CPUs; the card's gateway answers without end.
guest_init() {
	cat <<-'EOF'
	#!/bin/busybox sh
	/bin/busybox mkdir -p /sys
	/bin/busybox mount -t sysfs sysfs /sys
	for net in /sys/class/net/*; do
		case $(/bin/busybox readlink "$net/device/driver") in
		*/e1000e) card=${net##*/} ;;
		esac
	done
	/bin/busybox ip addr add 10.0.2.15/24 dev "$card"
	/bin/busybox ip link set "$card" up
	until /bin/busybox ping -c 1 -W 1 10.0.2.2; do :; done
	echo 'the card works' >/dev/console
	(while :; do /bin/busybox ping -c 1 -W 1 10.0.2.2 >/dev/null; done) &
	while :; do :; done &
	while :; do :; done
	EOF
}

# The card changes its driver, as Documentation/driver-api/vfio.rst has it.
card_prepare() {
	for card in /sys/bus/pci/devices/*; do
		[ "$(cat "$card/device")" != 0x10d3 ] || break
	done
	echo "$card" >"$WORK/card"
	echo vfio-pci >"$card/driver_override"
	echo "${card##*/}" >"$card/driver/unbind"
	echo "${card##*/}" >/sys/bus/pci/drivers_probe
	[ -c /dev/vfio/"$(basename "$(readlink "$card/iommu_group")")" ] || fail "no VFIO group"
}

guest_prepare() {
	mkdir -p "$WORK/initramfs/bin" "$WORK/initramfs/dev"
	cp /bin/busybox "$WORK/initramfs/bin/"
	guest_init >"$WORK/initramfs/init"
	chmod +x "$WORK/initramfs/init"
	(cd "$WORK/initramfs" && find . | cpio -o -H newc) >"$WORK/initrd"
	ip tuntap add tap0 mode tap vnet_hdr
	ip link set tap0 up
}

guest_start() {
	qemu-system-x86_64 -name guest=vm1,debug-threads=on -accel kvm -cpu qemu64 -smp 2 -m 96 \
		-nodefaults -no-user-config -display none -no-reboot -serial "file:$WORK/console" \
		-kernel "$kernel" -initrd "$WORK/initrd" \
		-append "console=ttyS0 panic=-1 random.trust_cpu=on" \
		-netdev tap,id=net,ifname=tap0,script=no,downscript=no,vhost=on \
		-device virtio-net-pci,netdev=net,romfile=,disable-modern=on \
		-device "vfio-pci,host=$(basename "$(cat "$WORK/card")"),romfile=" \
		-object iothread,id=io0 </dev/null >"$WORK/qemu" 2>&1 &
	pid=$!
	echo $pid >"$WORK/pid"
}

# True if it works, false if it is gone.
guest_wait() {
	for _ in $(seq 90); do
		if grep -q 'the card works' "$WORK/console" 2>/dev/null; then
			return 0
		fi
		[ -d "/proc/$pid" ] || return 1
		sleep 1
	done
	tail -n 20 "$WORK/qemu" "$WORK/console"
	fail "the guest does not come up"
}

# Without any of its CPUs, a cpuset has all of the cgroup above.
no_reservation_on_other_cpus() {
	mkdir $root/half
	echo '+cpu +cpuset' >$root/cgroup.subtree_control
	echo 0 >$root/half/cpuset.cpus
	expect 1 'CPU 1 is not available' \
		"$tool" create a --cgroup /half --budget 1ms --period 20ms --cpus 1
	[ ! -e $root/half/a ] || fail "a is there"
	expect 0 'of the CPUs 0-1, those that are available: 0' \
		"$tool" create a --cgroup /half --budget 1ms --period 20ms --cpus 0-1
	expect 1 'CPU 1 is not' "$tool" set a --cgroup /half --budget 2ms --cpus 1
	same "$(cat $root/half/a/cpuset.cpus)" 0-1
	same "$(cat $root/half/a/cpu.rt.max)" "1000 20000"
	"$tool" remove a --cgroup /half
	rmdir $root/half
}

# Where AMD-V is emulated, one now and then is reset while it boots, without a word. It
# is in no capsule then, so this says nothing about them: take another.
the_guest_boots() {
	guest_prepare
	card_prepare
	for try in 1 2 3; do
		guest_start
		! guest_wait || return 0
		echo "note: guest $try of 3 was reset, and ended, while it booted"
		tail -n 3 "$WORK/qemu" "$WORK/console"
	done
	fail "no guest comes up"
}

all_its_threads_are_adopted() {
	pid=$(cat "$WORK/pid")
	mkdir $root/home
	echo "$pid" >$root/home/cgroup.procs
	expect 0 'are served by vm' \
		"$tool" adopt vm --qemu vm1 --budget 20ms --period 50ms
	for name in qemu-system-x86 'CPU 0/KVM' 'CPU 1/KVM' 'IO io0' "vhost-" "kvm-pit/$pid" \
		kvm-nx-lpage; do
		grep -E -e "^ *[0-9]+ +$name" "$WORK/output" | grep -q 'inside$' ||
			fail "$name is not inside"
	done
	same "$(cat /proc/"$(pgrep -x "kvm-pit/$pid")"/cgroup)" 0::/sched_vm/vm
	expect 0 '' "$tool" adopt vm --pid "$pid" --json
	same "$(value pid)" "$pid"
	! grep -q '"inside" *: *false' "$WORK/output" || fail "a thread is outside"
}

# Each of the two CPUs gives 20 of 50 ms, and two busy vCPUs take all of it.
it_is_served() {
	expect 0 '' "$tool" top --once --interval 4s --json vm
	for cpu in 0 1; do
		used=$(value capsules.0.cpus.$cpu.used_percent)
		between "${used%.*}" 70 105
	done
	same "$(value capsules.0.escaped)" '[ ]'
}

# Each vector that the guest uses has a thread, which nobody can move to a cgroup.
its_card_is_inside() {
	card=$(cat "$WORK/card")
	irqs=$(ls "$card/msi_irqs")
	threads=0
	expect 0 '' "$tool" show vm --threads
	for irq in $irqs; do
		[ -n "$(cat "/sys/kernel/irq/$irq/actions")" ] || continue
		grep -qw "$irq" $base/vm/cpu.rt_irqs || fail "irq $irq is not bound"
		threads=$((threads + $(grep -c -E " irq/$irq-vfio-msi.* irq +inside, bound" "$WORK/output")))
	done
	[ $threads -ge 2 ] || fail "$threads irq threads"
	before=$(card_interrupts)
	sleep 3
	[ "$(card_interrupts)" -gt "$before" ] || fail "the card does nothing"
}

card_interrupts() {
	awk '/vfio-msi/ { n += $2 + $3 } END { print n + 0 }' /proc/interrupts
}

who_leaves_has_escaped() {
	pit=$(pgrep -x "kvm-pit/$(cat "$WORK/pid")")
	echo "$pit" >$root/cgroup.procs
	expect 0 '1 thread of its processes is outside' "$tool" show vm
	expect 0 "^ *$pit +kvm-pit/.* in another cgroup" "$tool" show vm --threads
	expect 0 '' "$tool" show vm --json
	same "$(value escaped.0.tid)" "$pit"
	expect 0 'are served by vm' "$tool" adopt vm --qemu vm1
	expect 0 '' "$tool" show vm --json
	same "$(value escaped)" '[ ]'
}

it_is_recorded() {
	expect 0 'slices' "$tool" record vm -o "${LAB_OUT:-$WORK}/vm.json" --time 1s
	grep -q 'CPU 0/KVM' "${LAB_OUT:-$WORK}/vm.svg" || fail "the vCPU is not in the picture"
	grep -q 'throttle' "${LAB_OUT:-$WORK}/vm.json" || fail "it never ran dry"
}

it_goes_home() {
	pid=$(cat "$WORK/pid")
	expect 1 'are inside' "$tool" remove vm
	"$tool" remove vm --force
	same "$(cat "/proc/$pid/cgroup")" 0::/home
	pgrep '^irq/.*-vfio' >/dev/null || fail "the card's threads are gone"
	same "$(cat /proc/"$(pgrep -x "kvm-pit/$pid")"/cgroup)" 0::/
	[ ! -e $base/vm ] || fail "vm is there"
}

# As libvirt lays a guest out, without systemd.
in_place_like_libvirt() {
	pid=$(cat "$WORK/pid")
	mkdir -p $root/machine/qemu-1-vm1.libvirt-qemu
	cg=$root/machine/qemu-1-vm1.libvirt-qemu
	echo '+cpu +cpuset' >$root/machine/cgroup.subtree_control
	echo "$pid" >$cg/cgroup.procs
	for child in emulator vcpu0 vcpu1; do
		mkdir $cg/$child
		echo threaded >$cg/$child/cgroup.type
	done
	echo '+cpu +cpuset' >$cg/cgroup.subtree_control
	for task in /proc/"$pid"/task/*; do
		child=emulator
		case $(cat "$task/comm") in
		'CPU 0/KVM') child=vcpu0 ;;
		'CPU 1/KVM') child=vcpu1 ;;
		esac
		echo "${task##*/}" >$cg/$child/cgroup.threads
	done
	mkdir -p /run/libvirt/qemu
	echo "$pid" >/run/libvirt/qemu/vm1.pid
	expect 0 'served by dom \(/machine/qemu-1-vm1.libvirt-qemu\)' \
		"$tool" adopt dom --domain vm1 --budget 20ms --period 50ms
	same "$(cat $cg/cpu.rt.max)" '20000 50000'
	same "$(cat "/proc/$pid/cgroup")" 0::/machine/qemu-1-vm1.libvirt-qemu/emulator
	expect 0 '"escaped"' "$tool" show dom --json
	same "$(value escaped)" '[ ]'
	"$tool" remove dom
	same "$(cat $cg/cpu.rt_budget_us)" max
	same "$(cat /proc/"$(pgrep -x "kvm-pit/$pid")"/cgroup)" 0::/
}

# The lines of its section 8, typed by somebody who is not in a hurry. How this
# machine was made and booted is not repeated.
the_documentation_is_right() {
	awk '/^ *scripts\/lab shell/ { on = 1; next }
	     on && NF == 0 { exit }
	     on { print; if (/&$/) print "sleep 5" }' "$here"/../../../Documentation/scheduler/sched-deadline-group.rst \
		>"$WORK/lines"
	echo 'kill $!' >>"$WORK/lines"
	between "$(grep -c . "$WORK/lines")" 8 12
	PATH=${tool%/*}:$PATH expect 0 'served by web' sh "$WORK/lines"
	for text in 'ok +the kernel has deadline groups' '^4ms in 20ms fits' \
		'^web: 4ms in every 20ms' 'longest gap 32.036ms'; do
		grep -q -E -e "$text" "$WORK/output" || fail "'$text' is not there"
	done
	! grep -q '^WRONG' "$WORK/output" || fail "doctor finds something wrong"
	tr -s ' ' <"$WORK/output" >"$WORK/output.squeezed"
	# What it shows of doctor, and the heading of show, is what they print.
	sed -n 's/^   \(ok  \|note\|CPU  \)/\1/p' "$here"/../../../Documentation/scheduler/sched-deadline-group.rst |
		grep -v 'KVM polls\|may have' >"$WORK/shown"
	between "$(grep -c . "$WORK/shown")" 9 11
	while IFS= read -r text; do
		grep -q -F -e "$(echo "$text" | tr -s ' ')" "$WORK/output.squeezed" || fail "'$text' is not there"
	done <"$WORK/shown"
	"$tool" remove web --force
}

# Its three commands (this guest's card has interrupts on the other CPU, too), from "my guest runs these tasks" to a reservation that is seen to hold.
the_readme_is_right() {
	sed '1,/^## Which Q and P/d; /^## /,$d' "$here"/../../../README.md | sed -n 's/^    \(sched-vm .*\)/\1/p' |
		sed 's/  .*//; s/--qemu web/--qemu vm1/' >"$WORK/three"
	same "$(cut -d ' ' -f 2 "$WORK/three" | tr '\n' ' ')" 'plan adopt show '
	cat "$WORK/pid" >$root/home/cgroup.procs
	PATH=${tool%/*}:$PATH expect 0 'it fits here now, on CPU' sh "$WORK/three"
	for text in 'are served by web' 'longest gap' '^web: '; do
		grep -q -e "$text" "$WORK/output" || fail "'$text' is not there"
	done
	"$tool" remove web --force
}

# And what comes after a guest of one's own is started, in its first lines for the lab.
the_readme_takes_a_guest() {
	sed '1,/^## A guest of your own/d; /^## /,$d' "$here"/../../../README.md | sed -n 's/^    \(sched-vm .*\)/\1/p' |
		sed 's/  .*//; s/--qemu web/--qemu vm1/' >"$WORK/two"
	same "$(cut -d ' ' -f 2 "$WORK/two" | tr '\n' ' ')" 'adopt show '
	cat "$WORK/pid" >$root/home/cgroup.procs
	PATH=${tool%/*}:$PATH expect 0 'are served by web' sh "$WORK/two"
	for text in '^web: 20ms in every 100ms' 'longest gap'; do
		grep -q -e "$text" "$WORK/output" || fail "'$text' is not there"
	done
	"$tool" remove web --force
}

# The line that plan prints makes what it has promised, on the CPUs that it has named.
plan_knows_the_place() {
	"$tool" create full --budget 60ms --period 100ms --cpus 0
	expect 0 'it fits here now, on CPU 1$' "$tool" plan a --task 2ms/20ms
	sh -c "PATH=${tool%/*}:$PATH; $(grep '^sched-vm create a ' "$WORK/output")"
	same "$(cat $base/a/cpuset.cpus)" 1
	"$tool" remove a
	# One budget is less: it has a line of its own, and where it is.
	expect 0 'it fits here now, on CPUs 0-1' \
		"$tool" plan a --task 12ms/20ms --task 2ms/20ms --period 4ms --vcpus 2
	line=$(grep '^sched-vm create a ' "$WORK/output")
	echo "$line" | grep -q -e '--cpus 0-1 --cpu-budget 0=' || fail "$line"
	sh -c "PATH=${tool%/*}:$PATH; $line"
	grep -q '^0 ' $base/a/cpu.rt_cpu_budget_us || fail "CPU 0 has what the other one has"
	"$tool" remove a
	"$tool" create more --budget 60ms --period 100ms --cpus 1
	expect 0 'it does not fit here now: no CPU has .* free' "$tool" plan a --task 10ms/20ms --period 1ms
	expect 0 '' "$tool" plan a --task 10ms/20ms --period 1ms --json
	same "$(value fits)" false
	"$tool" remove more
	same "$(ls -d $base/plan-* 2>/dev/null)" ''
}

# What systemd's daemon-reload does to a cpuset that it does not know, by the kernel's own
# effective CPUs: the reservation is on both then.
doctor_sees_a_cpuset_that_was_emptied() {
	"$tool" create e --budget 4ms --period 20ms --cpus 0
	same "$(cat $base/e/cpuset.cpus)" 0
	"$tool" doctor >"$WORK/output" || true
	! grep -q 'not on 0 only' "$WORK/output" || fail "nobody has emptied it yet"
	echo '' >$base/e/cpuset.cpus
	same "$(cat $base/e/cpuset.cpus.effective)" 0-1
	expect 1 '^WRONG +e reserves on the CPUs 0-1, not on 0 only' "$tool" doctor
	grep -q 'cure: sched-vm set e --cpus 0' "$WORK/output" || fail "no cure"
	"$tool" set e --cpus 0
	"$tool" doctor >"$WORK/output" || true
	! grep -q 'not on 0 only' "$WORK/output" || fail "the cure does not cure"
	"$tool" remove e
}

cpus_are_found() {
	expect 0 'CPUs 0-1' "$tool" create b --cpus auto:2 --budget 1ms --period 20ms
	"$tool" remove b
	expect 0 'on CPU 1' "$tool" create b --cpus auto:1 --budget 1ms --period 20ms
	"$tool" remove b
	expect 0 'on CPU 0' "$tool" create b --cpus auto:1 --fit best --budget 1ms --period 20ms
	"$tool" remove b
	expect 1 'there are no 3 CPUs' "$tool" create b --cpus auto:3 --budget 1ms --period 20ms
	expect 1 '' "$tool" create b --cpus auto:2 --budget 10ms --period 20ms
	[ ! -e $base/b ] || fail "b is there"
	"$tool" remove full
}

# Whatever it says of a guest that is busy all the time: it has found it.
suggest_finds_the_guest() {
	for guest in '--qemu vm1' '--domain vm1'; do
		# shellcheck disable=SC2086
		"$tool" suggest $guest --time 1s >"$WORK/output" 2>&1 || true
		grep -q -i 'period' "$WORK/output" && ! grep -q 'no such\|No such' "$WORK/output" || {
			cat "$WORK/output"
			fail "suggest $guest"
		}
	done
}

poll=/sys/module/kvm/parameters/halt_poll_ns
[ ! -w $poll ] || echo 0 >$poll
[ -c /dev/kvm ] || {
	echo "1..0 # SKIP no /dev/kvm: scripts/lab run --kvm"
	exit 0
}

run no_reservation_on_other_cpus the_guest_boots all_its_threads_are_adopted it_is_served \
	its_card_is_inside who_leaves_has_escaped it_is_recorded it_goes_home in_place_like_libvirt \
	the_documentation_is_right the_readme_is_right the_readme_takes_a_guest plan_knows_the_place \
	doctor_sees_a_cpuset_that_was_emptied cpus_are_found suggest_finds_the_guest
