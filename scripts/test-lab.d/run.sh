# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of scripts/lab run: what can be tested without a kernel (test_*), and what
# boots one (boot_*).

test_options_are_checked() {
	make_repo
	expect 125 "unknown option '--nonsense'" scripts/lab run --nonsense 1 -- true
	expect 125 'no command' scripts/lab run --time virtual
	expect 125 'put -- before the command' scripts/lab run true
	expect 125 'not a positive number' scripts/lab run --cpus 0 -- true
	expect 125 '--turns x: not a positive number' scripts/lab run --time virtual --turns x -- true
	expect 125 '--turns needs --time virtual' scripts/lab run --turns 20 -- true
	expect 125 'real or virtual' scripts/lab run --time fast -- true
	expect 125 'needs --time real' scripts/lab run --time virtual --kvm -- true
	expect 125 'needs a value' scripts/lab run --cpus
	expect 125 "no kind of kernel 'fast'" scripts/lab kernel --kernel fast
	expect 125 "no kind of kernel 'fast'" scripts/lab kernel fast
	expect 125 -- '--kernel needs a kind' scripts/lab kernel --kernel
	expect 125 "unknown option '--fast'" scripts/lab kernel --fast
	expect 125 'takes no command; scripts/lab run \[options\] -- foo does' scripts/lab shell foo
	expect 125 'takes no command; scripts/lab run \[options\] -- foo does' scripts/lab shell -- foo
	expect 125 "no command 'boot'" scripts/lab boot
}

# A shell's own words about it name a line, and nothing that one could do.
test_missing_values_are_said() {
	local cmd
	cd "$TOP"
	for cmd in "demo/run.sh --kernel" "demo/run.sh --requests" "bench/run.sh --kernel" "bench/run.sh --only" \
		"demo/host.sh --requests" "demo/host.sh --connections" "demo/host.sh --period" \
		"bench/host.sh --only" "bench/host.sh --rounds" "bench/host.sh --seconds" "bench/host.sh --period" \
		"papers/run.sh --only" "papers/run.sh --sets" "papers/kernel/run.sh --kernel" "libvirt/hook/install --root"; do
		# shellcheck disable=SC2086
		expect 2 'error: --[a-z]+ needs a value \(.*/.* --help\)' $cmd
		same "$(grep -c . "$WORK/output")" 1
	done
	expect 125 'needs a value \(scripts/shrink --help\)' scripts/shrink --cpus
}

# Before packages are looked for, anything is built, or results are removed.
test_values_are_checked_first() {
	local cmd
	cd "$TOP"
	while read -r cmd; do
		# shellcheck disable=SC2086
		expect 2 'error: --[a-z]+ takes ' $cmd </dev/null
		same "$(grep -c . "$WORK/output")" 1
	done <<-'EOF'
		demo/run.sh --requests x
		demo/run.sh --connections 0
		demo/run.sh --plain --period 1.5
		bench/run.sh --only nosuch
		bench/run.sh --only suggest,steal
		bench/run.sh --rounds -1
		bench/run.sh --seconds 0.0
		bench/run.sh --rounds 2 --period 10ms
		demo/host.sh --requests 12x
		bench/host.sh --seconds 1s
		papers/run.sh --sets x
	EOF
	bench/host.sh --only 'steal suggest' --rounds 3 --seconds 0.5 --period 20 --check
	demo/host.sh --requests 330 --connections 8 --period 40 --plain --check
}

# What a compiler says of that is far up in a log.
test_a_full_disk_is_named() {
	make_repo
	# shellcheck disable=SC2016
	local lab='LAB_TOP=$1; . scripts/lab.d/common.sh; lab_init; step "building" "$2" sh -c "$3"'
	expect 125 'building: the disk is full: make room, or set XDG_CACHE_HOME to another disk; log: ' \
		bash -c "$lab" - . "$WORK/step" 'echo "cc: error: No space left on device"; echo more; exit 1'
	expect 125 'error: building failed \(status 3\); log: ' bash -c "$lab" - . "$WORK/step" 'exit 3'
	expect 125 'cannot write /dev/no/log: is the disk full\?' bash -c "$lab" - . /dev/no/log true
}

test_every_command_has_help() {
	make_repo
	local c
	for c in deps tree kernel run shell export lines path clean; do
		expect 0 "usage: scripts/lab $c" scripts/lab $c --help
	done
	expect 0 'release +our option on' scripts/lab help
}

# Lines that are complaints, and lines of every boot that are not.
test_log_complaints() {
	make_repo
	local line
	while IFS= read -r line; do
		grep -q -E -f scripts/lab.d/complaints.list <<<"$line" || fail "not seen: $line"
	done <<'EOF'
[    1.0] WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:10 foo+0x1/0x2
[    1.0] WARNING: possible circular locking dependency detected
[    1.0] WARNING: suspicious RCU usage
[    1.0] BUG: sleeping function called from invalid context at x.c:1
[    1.0] BUG: KASAN: slab-use-after-free in foo+0x1/0x2
[    1.0] BUG: KCSAN: data-race in a / b
[    1.0] BUG: scheduling while atomic: swapper/0/0x00000002
[    1.0] kernel BUG at kernel/sched/core.c:10!
[    1.0] Oops: 0000 [#1] PREEMPT_RT SMP
[    1.0] rcu: INFO: rcu_preempt self-detected stall on CPU
[    1.0] INFO: task foo:12 blocked for more than 120 seconds.
[    1.0] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
[    1.0] ODEBUG: free active (active state 0) object type: hrtimer
[    1.0] Kernel panic - not syncing: Attempted to kill init!
[    1.0] UBSAN: shift-out-of-bounds in x.c:1:2
EOF
	! grep -E -f scripts/lab.d/complaints.list <<'EOF' || fail "a harmless line is taken for a complaint"
[    0.0] Command line: console=ttyS0 panic=-1
[    0.0] Booting kernel with debug options
[    0.0] CONFIG_DEBUG is on; DEBUG: x
[    0.0] kmemleak: Kernel memory leak detector initialized (mem pool available: 15000)
[    0.0] Spectre V2 : Mitigation: none
[    1.0] sched: DL replenish lagged too much
[    0.0] rcu: Preemptible hierarchical RCU implementation.
EOF
}

test_initramfs_is_the_same_each_time() {
	make_repo
	local i
	for i in 1 2; do
		(
			LAB_TOP=$REPO LAB_LIB=$REPO/scripts/lab.d
			# shellcheck source=scripts/lab.d/common.sh
			. "$LAB_LIB/common.sh"
			load initramfs
			initramfs_begin "$WORK/stage$i"
			initramfs_add bash
			mkdir -p "$WORK/some/folder"
			ln -sfn folder "$WORK/some/link"
			printf '#!/usr/bin/env awk -f\n' >"$WORK/some/folder/script"
			initramfs_add "$WORK/some/link"
			initramfs_finish "$WORK/initrd$i"
		)
		sleep 1.1
	done
	cmp "$WORK/initrd1" "$WORK/initrd2"
	cpio -t --quiet <"$WORK/initrd1" >"$WORK/list"
	for i in usr/bin/bash lib64 "${WORK#/}/some/link" "${WORK#/}/some/folder/script" usr/bin/busybox; do
		grep -qxF "$i" "$WORK/list" || fail "$i is not in it"
	done
	grep -q 'libc.so.6$' "$WORK/list"
	grep -q 'ld-linux-x86-64.so.2$' "$WORK/list"
	grep -q 'bin/[a-z]*awk$' "$WORK/list"
}

test_initramfs_tells_not_where_a_folder_was() {
	make_repo
	local i
	for i in a another; do
		(
			LAB_TOP=$REPO LAB_LIB=$REPO/scripts/lab.d
			# shellcheck source=scripts/lab.d/common.sh
			. "$LAB_LIB/common.sh"
			load initramfs
			initramfs_begin "$WORK/stage-$i"
			mkdir -p "$WORK/$i/clone"
			printf '#!/usr/bin/awk -f\n' >"$WORK/$i/clone/script"
			initramfs_add_at "$WORK/$i/clone" /tests
			initramfs_finish "$WORK/initrd-$i"
		)
	done
	cmp "$WORK/initrd-a" "$WORK/initrd-another"
	cpio -t --quiet <"$WORK/initrd-a" >"$WORK/list"
	grep -qxF tests/script "$WORK/list"
	grep -q 'bin/[a-z]*awk$' "$WORK/list"
	expect 125 'there is no folder' scripts/lab run --no-build --kernel "$WORK/list" \
		--time virtual --add "$WORK/none=/tests" -- true
	expect 125 'in real time, everything is where it is' scripts/lab run --no-build \
		--kernel "$WORK/list" --time real --add "$WORK=/tests" -- true
}

# What logcheck says of $WORK/log goes to $WORK/err.
complain() {
	(
		LAB_TOP=$REPO LAB_LIB=$REPO/scripts/lab.d
		# shellcheck source=scripts/lab.d/common.sh
		. "$LAB_LIB/common.sh"
		load logcheck
		! logcheck "$WORK/log" || fail "no complaint"
	) 2>"$WORK/err"
}

# What a CI that keeps a few lines must know: which function, and who called it.
test_complaint_says_where() {
	make_repo
	cat >"$WORK/log" <<'EOF'
[    1.0] RIP: 0010:elsewhere+0x1/0x2
[    2.0] WARNING: kernel/sched/core.c:10 at foo+0x1/0x2, CPU#1: sh/96
[    2.0] RIP: 0010:foo+0x1/0x2
[    2.0] Call Trace:
[    2.0]  <TASK>
[    2.0]  ? guessed+0x3/0x4
[    2.0]  bar+0x3/0x4
[    2.0]  baz+0x5/0x6
[    2.0]  </TASK>
[    3.0] later+0x1/0x2
EOF
	complain
	grep -q 'the kernel complained (2 lines' "$WORK/err"
	grep -qxF '  in foo+0x1/0x2, called by bar+0x3 baz+0x5' "$WORK/err"
}

# A panic is no exception: there is no RIP.
test_complaint_without_rip() {
	make_repo
	cat >"$WORK/log" <<'EOF'
[    2.0] Kernel panic - not syncing: sysrq triggered crash
[    2.0] Call Trace:
[    2.0]  <TASK>
[    2.0]  vpanic+0x2be/0x300
[    2.0]  panic+0x5/0x6
[    2.0]  </TASK>
EOF
	complain
	grep -qxF '  in vpanic+0x2be, called by panic+0x5' "$WORK/err"
}

# Each word that lab path prints is one that it takes.
test_path_takes_what_it_prints() {
	make_repo
	local name path
	scripts/lab path | while read -r name path; do
		same "$(scripts/lab path "$name")" "$path"
	done
	# Kinds of kernel, as all commands take them.
	same "$(scripts/lab path --kernel release)" "$(scripts/lab path release)"
	expect 125 "no kind of kernel 'fast'" scripts/lab path --kernel fast
	expect 125 -- '--kernel needs a kind' scripts/lab path --kernel
}

# The mirror of a machine whose QEMU is of version $1; it gives one of version $2.
make_qemu_mirror() {
	rm -rf "$WORK/asked" "$WORK/deb" "$WORK/qemu-bin"
	mkdir -p "$WORK/qemu-bin"
	make_qemu "$WORK/qemu-bin" "$1"
	mkdir -p "$WORK/deb/DEBIAN" "$WORK/deb/usr/bin"
	printf 'Package: qemu-system-x86\nVersion: %s\nArchitecture: all\nMaintainer: A Tester <tester@example.org>\nDescription: test\n' \
		"$2" >"$WORK/deb/DEBIAN/control"
	make_qemu "$WORK/deb/usr/bin" "$2"
	dpkg-deb -b "$WORK/deb" "$WORK/qemu.deb" >/dev/null
	cat >"$WORK/qemu-bin/apt-get" <<-EOF
		#!/bin/sh
		case "\$*" in
		indextargets*) echo "http://mirror.example.org/ \$(. /etc/os-release && echo "\$VERSION_CODENAME")" ;;
		*download*) echo "\$*" >>"$WORK/asked"; cp "$WORK/qemu.deb" . ;;
		esac
	EOF
	chmod +x "$WORK/qemu-bin/apt-get"
	PATH=$WORK/qemu-bin:$PATH
}

make_qemu() {
	printf '#!/bin/sh\necho "QEMU emulator version %s (Test)"\n' "$2" >"$1/qemu-system-x86_64"
	chmod +x "$1/qemu-system-x86_64"
}

qemu_chosen() {
	(
		LAB_TOP=$REPO LAB_LIB=$REPO/scripts/lab.d
		# shellcheck source=scripts/lab.d/common.sh
		. "$LAB_LIB/common.sh"
		lab_init
		load qemu
		qemu_choose "$1"
		echo "$QEMU"
	)
}

test_old_qemu_is_replaced() {
	make_repo
	make_qemu_mirror 7.2.22 10.0.2
	local i new=$WORK/cache/sched_vm/qemu/usr/bin/qemu-system-x86_64
	same "$(qemu_chosen one)" qemu-system-x86_64
	[ ! -e "$WORK/asked" ] || fail "one CPU at a time needs no other"
	for i in 1 2; do
		same "$(qemu_chosen several)" "$new"
	done
	same "$(wc -l <"$WORK/asked")" 1
	grep -q -- 'qemu-system-x86/[a-z]*-backports ' "$WORK/asked"
	same "$(SCHED_VM_QEMU=/bin/true qemu_chosen several)" /bin/true
	SCHED_VM_QEMU=/bin/none expect 125 "'/bin/none' is not installed" qemu_chosen several
	make_qemu "$WORK/qemu-bin" 8.1.0
	same "$(qemu_chosen several)" qemu-system-x86_64
}

test_old_qemu_without_another() {
	make_repo
	make_qemu_mirror 7.2.22 8.0.5
	expect 0 'may break kernels with several CPUs' qemu_chosen several
	same "$(qemu_chosen several)" qemu-system-x86_64
	same "$(wc -l <"$WORK/asked")" 1
	[ ! -e "$WORK/cache/sched_vm/qemu" ] || fail "the old one was kept"
}

# --- with a kernel ---

lab_run() {
	"$TOP/scripts/lab" run --no-build --kernel "$BOOT_KERNEL" --timeout 120 "$@"
}

boot_output_and_status() {
	local time rc
	for time in virtual real; do
		rc=0
		lab_run --time $time -- sh -c 'echo out; echo err >&2; echo "a  b" >/dev/stdout; exit 3' \
			>"$WORK/out" 2>"$WORK/err" || rc=$?
		cat "$WORK/err"
		same $rc 3
		same "$(cat "$WORK/out")" $'out\na  b'
		same "$(grep -v '^lab: ' "$WORK/err")" err
	done
}

boot_arguments_pass_unchanged() {
	# shellcheck disable=SC2016
	same "$(lab_run --time virtual -- printf '<%s>' "a 'b'" '$HOME "x"' '' '*')" \
		"<a 'b'><\$HOME \"x\"><><*>"
}

boot_the_system_is_complete() {
	local time
	cat >"$WORK/system.sh" <<'EOF'
set -e
for m in proc sysfs devtmpfs debugfs tracefs cgroup2 devpts; do grep -q " $m " /proc/mounts; done
for m in /run /tmp /dev/shm; do grep -q "^tmpfs $m tmpfs" /proc/mounts; done
grep -qw cpu /sys/fs/cgroup/cgroup.subtree_control
grep -qw cpuset /sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/x
[ -e /sys/fs/cgroup/x/cpu.max ]
echo ok
EOF
	for time in virtual real; do
		same "$(lab_run --time $time --add "$WORK/system.sh" -- sh "$WORK/system.sh")" ok
	done
}

boot_out_comes_back() {
	local time
	for time in virtual real; do
		rm -rf "$WORK/result"
		# shellcheck disable=SC2016
		lab_run --time $time --out "$WORK/result" -- sh -c 'mkdir $LAB_OUT/d; echo x >$LAB_OUT/d/f; echo y >'"$WORK"'/result/g'
		same "$(cat "$WORK/result/d/f" "$WORK/result/g")" $'x\ny'
	done
}

boot_virtual_time_repeats() {
	local i
	cat >"$WORK/measure.sh" <<'EOF'
cyclictest -q -m -p 90 -i 1000 -l 500 -t 1
hackbench -g 1 -l 50
cat /proc/uptime /proc/interrupts
EOF
	for i in 1 2; do
		lab_run --time virtual --add cyclictest --add hackbench --add "$WORK/measure.sh" \
			--log "$WORK/log$i" -- sh "$WORK/measure.sh" >"$WORK/measured$i"
	done
	cat "$WORK/measured1"
	cmp "$WORK/measured1" "$WORK/measured2"
	cmp "$WORK/log1" "$WORK/log2"
}

boot_a_warning_fails_the_run() {
	expect 99 'WARNING: a test' lab_run --time virtual -- sh -c 'echo "WARNING: a test" >/dev/kmsg'
}

boot_a_panic_fails_the_run() {
	expect 99 'Kernel panic' lab_run --time virtual -- sh -c 'echo c >/proc/sysrq-trigger'
}

boot_a_reboot_is_no_success() {
	expect 125 'ended before the command did' lab_run --time virtual -- sh -c 'echo b >/proc/sysrq-trigger; sleep 9'
}

boot_timeout() {
	local start=$SECONDS
	expect 124 'timeout' lab_run --timeout 8 --time real -- sleep 1000
	[ $((SECONDS - start)) -lt 20 ] || fail "it took $((SECONDS - start)) s"
	! pgrep -f "$WORK" || fail "something is still running"
}

boot_nothing_outlives_a_killed_lab() {
	"$TOP/scripts/lab" run --no-build --kernel "$BOOT_KERNEL" --log "$WORK/killed.log" -- sleep 1000 &
	while [ ! -s "$WORK/killed.log" ]; do sleep 0.2; done
	pgrep -f "$WORK/killed.log" >/dev/null
	kill $!
	wait $! || true
	sleep 1
	! pgrep -f "$WORK/killed.log" || fail "something is still running"
}

boot_left_behind_processes_do_not_hang_it() {
	same "$(lab_run --time virtual -- sh -c 'sleep 100000 & echo done')" "done"
}
