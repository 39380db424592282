# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The two guests: network, cgroups, QEMU. Sourced by host.sh, and by that of bench/,
# which has other guests.

CGROUPS=/sys/fs/cgroup/guests
NETWORK=10.44.0
LOGS=/tmp/${ME:-demo}	# of QEMU, the guests' consoles, the clients
BOOT_TRIES=3
BOOT_SECONDS=90

# By number of guest. The neighbour is the bigger one, as it happens in life.
VCPUS=([1]=1 [2]=4)
GUESTS=(1 2)
declare -A QEMU_PID=()

address() {
	echo "$NETWORK.1$1"
}

guests_prepare() {
	local i
	[ -c /dev/kvm ] || die "no /dev/kvm: this needs scripts/lab run --kvm"
	[ -c /dev/vhost-net ] || die "no /dev/vhost-net: the kernel lacks CONFIG_VHOST_NET"
	mkdir -p "$LOGS" "$CGROUPS"
	[ "$PLAIN" = yes ] || [ -e "$CGROUPS/cpu.rt.max" ] ||
		die "$(uname -r) has no cpu.rt.max: a kernel without CONFIG_DEADLINE_GROUP_SCHED (--plain leaves the reservation out)"
	traced_write "$GUEST_CPU" "$CGROUPS/cpuset.cpus"
	traced ip link add br0 type bridge
	traced ip addr add "$NETWORK.1/24" dev br0
	traced ip link set br0 up
	for i in "${GUESTS[@]}"; do
		traced ip tuntap add "tap$i" mode tap vnet_hdr
		traced ip link set "tap$i" master br0 up
		traced mkdir "$CGROUPS/vm$i"
	done
}

# Why some of these options:
# -cpu qemu64: the guest must not have XSAVE where AMD-V is emulated.
# disable-modern=on: a modern virtio device is driven by memory-mapped writes,
# which KVM emulates. If the guest has had an exception since it was entered, KVM
# on QEMU's emulated AMD-V believes to be in the middle of its delivery, and gives
# the guest up ("KVM internal error. Suberror: 3"). Ports have no such trouble.
guest_command() {
	COMMAND=(qemu-system-x86_64 -name "guest$1,debug-threads=on"
		-accel kvm -cpu qemu64 -smp "${VCPUS[$1]}" -m 128
		-nodefaults -no-user-config -display none -no-reboot
		-serial "file:$LOGS/guest$1.console"
		-kernel "$BUILD/bzImage" -initrd "$BUILD/initramfs.cpio"
		-append "console=ttyS0 quiet panic=-1 random.trust_cpu=on address=$(address "$1")"
		-netdev "tap,id=net,ifname=tap$1,script=no,downscript=no,vhost=on"
		-device "virtio-net-pci,netdev=net,mac=52:54:00:44:00:0$1,romfile=,disable-modern=on")
	guest_devices "$1"
}

# More words of the COMMAND of guest $1.
guest_devices() {
	:
}

guest_start() {
	local -a COMMAND
	guest_command "$1"
	(
		traced_write 0 "$CGROUPS/vm$1/cgroup.procs"
		traced exec "${COMMAND[@]}" </dev/null >"$LOGS/guest$1.log" 2>&1
	) &
	QEMU_PID[$1]=$!
}

guest_answers() {
	"$BUILD/client" -n 1 -t 1000 "$(address "$1")" 80 /100k 2>/dev/null
}

guest_is_dead() {
	! kill -0 "${QEMU_PID[$1]}" 2>/dev/null ||
		grep -q "KVM internal error" "$LOGS/guest$1.log"
}

guest_wait() {
	local end=$((SECONDS + BOOT_SECONDS))
	until guest_answers "$1"; do
		if guest_is_dead "$1" || [ $SECONDS -ge $end ]; then
			return 1
		fi
		sleep 0.2
	done
}

# Emulated hardware is not perfect: a guest that does not come up has more tries.
guest_up() {
	local try
	for ((try = 1; ; try++)); do
		guest_wait "$1" && break
		cp "$LOGS/guest$1".* "$OUT/"
		[ $try -lt $BOOT_TRIES ] ||
			die "guest $1 does not come up: see guest$1.log and guest$1.console"
		say "guest $1 did not come up ($(head -n 1 "$LOGS/guest$1.log")); once more"
		guest_stop "$1"
		guest_start "$1"
	done
	say "guest $1 (${VCPUS[$1]} vCPUs) answers"
}

# guests_start GUEST...
guests_start() {
	local i
	say "booting $# guests on CPU $GUEST_CPU"
	for i; do
		guest_start "$i"
	done
	for i; do
		guest_up "$i"
		guest_adopt_kthreads "$i"
	done
	fact guest_boot_s $SECONDS
}

# KVM makes the thread of a guest's PIT in the root cgroup. It can be moved.
guest_adopt_kthreads() {
	local dir
	for dir in /proc/[0-9]*; do
		if [ "$(cat "$dir/comm" 2>/dev/null)" = "kvm-pit/${QEMU_PID[$1]}" ]; then
			traced_write "${dir#/proc/}" "$CGROUPS/vm$1/cgroup.procs"
		fi
	done
}

# The policy of thread $1, in words.
policy() {
	local -a names=(OTHER FIFO RR BATCH ISO IDLE DEADLINE EXT)
	local n
	n=$(awk '$1 == "policy" { print $3 }' "/proc/$1/sched")
	echo "SCHED_${names[${n:-0}]}"
}

# All threads of guest $1: those in its cgroup, and those of its QEMU, wherever.
# Columns: thread, name, policy, CPUs, cgroup, the capsule that serves it.
guest_threads() {
	local tid dir capsule
	cat "$CGROUPS/vm$1/cgroup.threads" <(ls "/proc/${QEMU_PID[$1]}/task") | sort -nu |
		while read -r tid; do
			dir=/proc/$tid
			capsule=$(awk '$1 == "dl_group" { print $3 }' "$dir/sched")
			printf '%s\t' "$tid" "$(cat "$dir/comm")" "$(policy "$tid")" \
				"$(awk '$1 == "Cpus_allowed_list:" { print $2 }' "$dir/status")" \
				"$(sed -n 's/^0:://p' "$dir/cgroup")"
			printf '%s\n' "${capsule:--}"
		done
}

guest_stop() {
	local pid=${QEMU_PID[$1]:-}
	[ -n "$pid" ] || return 0
	kill "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	unset "QEMU_PID[$1]"
}

guests_stop() {
	local i
	for i in "${GUESTS[@]}"; do
		guest_stop "$i"
	done
}

# What is left over would show here: a cgroup that is in use cannot be removed. A
# kernel thread may take a moment longer than its QEMU to end.
guests_remove() {
	local i try
	for i in "${GUESTS[@]}"; do
		ip link del "tap$i"
		for ((try = 1; try < 20; try++)); do
			rmdir "$CGROUPS/vm$i" 2>/dev/null && continue 2
			sleep 0.1
		done
		rmdir "$CGROUPS/vm$i" ||
			die "cgroup vm$i is still in use by: $(tr '\n' ' ' <"$CGROUPS/vm$i/cgroup.threads")"
	done
	ip link del br0
}
