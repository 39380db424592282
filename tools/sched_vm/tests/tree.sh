#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the tool makes of a machine: a made-up tree of cgroups, with real processes, and
# what else a machine has to be asked. Needs no kernel of ours, and changes nothing.
# tree.sh SCHED-VM JSON FAKEDEV PTY THREADS [other|wait|top|threads]: a part of them, as most wait.
#
# Variables are folders and numbers, without blanks; those of wait_for are its own.
# shellcheck disable=SC2016,SC2086,SC2030,SC2031,SC2012,SC2231

here=${0%/*}
tool=$1
json=$2
fakedev=$3
pty=$4
threads=$5
part=$6
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tap.sh
. "$here/tap.sh"
# shellcheck source=machine.sh
. "$here/machine.sh"

# What is lacking is said first, and the same by all.
all_say() {
	for cmd in list top "top a" free "monitor --time 100ms" "monitor a --time 100ms" "create a --budget 1ms" "check --budget 1ms" "run --budget 1ms true" \
		"show a" "set a --scope rt" "remove a" "record a" "suggest a" "suggest --pid $$" \
		"adopt a --pid $$ --budget 1ms" \
		$1; do
			expect 1 "^sched-vm: $2" fake $cmd
		same "$(grep -c '^sched-vm' "$WORK/output")" 1
		grep -q "^  cure: .*$3" "$WORK/output" || fail "no cure"
	done
	expect 1 "^WRONG +$2" fake doctor
	same "$(grep -E -c 'deadline groups|controller|/dev/sched_vm' "$WORK/output")" \
		"$(sed -n 1,2p "$WORK/output" | grep -E -c 'deadline groups|controller|/dev/sched_vm')"
}

without_the_kernel_nothing_helps() {
	machine
	echo '  1 rtc' | file /proc/misc
	echo CONFIG_A=y | file "/boot/config-$(uname -r)"
	mkdir "$WORK/bin"
	printf '#!/bin/sh\nexit 1\n' >"$WORK/bin/zcat"
	chmod +x "$WORK/bin/zcat"
	PATH=$WORK/bin:$PATH
	find "$root" -name 'cpu.rt*' -delete
	all_say "" 'this kernel has no deadline groups' CONFIG_DEADLINE_GROUP_SCHED
	# Where v1 has the controller, to give it back would be in vain.
	echo cpuset >"$root/cgroup.controllers"
	printf '\ncpu\t1\t1\t1\n' | file /proc/cgroups
	all_say "" 'this kernel has no deadline groups' CONFIG_DEADLINE_GROUP_SCHED
	mount=
	all_say "" 'this kernel has no deadline groups' CONFIG_DEADLINE_GROUP_SCHED
}

without_the_controller_its_owner_is_named() {
	machine
	echo cpuset >"$root/cgroup.controllers"
	printf '\ncpu\t1\t1\t1\n' | file /proc/cgroups
	all_say "" 'cgroup v1 has the cpu controller' cgroup_no_v1=all
	printf '\ncpu\t0\t1\t0\n' | file /proc/cgroups
	all_say "" 'the cpu controller of cgroup v2 is off' cgroup_disable=
	printf '\ncpu\t0\t1\t1\n' | file /proc/cgroups
	all_say "" 'the cpu controller of cgroup v2 is off' Delegate=
	mount=
	all_say "" 'cgroup v2 is not mounted' mount
}

the_root_is_no_capsule() {
	machine
	for cmd in show remove "set --budget 1ms" record "adopt --pid $$ --budget 1ms"; do
			expect 1 'the root cgroup cannot be a capsule' fake $cmd /
	done
	expect 2 'has .. in it' fake create a --cgroup /sched_vm/../.. --budget 1ms
}

# What the kernel has there is no name of a capsule, nor are there other CPUs than it says.
names_and_cpus_are_looked_at() {
	machine
	process
	touch "$root/sched_vm/cpu.max"
	expect 1 'cpu.max is a file of cgroups' fake create cpu.max --budget 1ms
	expect 1 'cpu.max is a file of cgroups' fake run --name cpu.max --budget 1ms true
	expect 1 'cpu.max is no cgroup' fake adopt cpu.max --pid $pid --budget 1ms
	for cmd in "remove cpu.max" "set cpu.max --budget 1ms" "check cpu.max --budget 1ms" "show cpu.max"; do
		expect 1 "no capsule 'cpu.max'" fake $cmd
	done
	for cmd in "create v" "adopt v --pid $pid"; do
		expect 1 'CPU 7 is not there' fake $cmd --budget 1ms --cpus 0,7
		grep -q 'cure: the machine has the CPUs 0-1' "$WORK/output" || fail "no cure"
		[ ! -e "$root/sched_vm/v" ] || fail "it is made"
	done
}

# in CGROUP: where $pid is, and nothing of it is taken from there
stays_in() {
	echo "0::$1" | file "/proc/$pid/cgroup"
	expect 1 "process $pid is in $2: without it, $3 would lose it" \
		fake adopt web --pid $pid
	grep -q -e "cure: $4--in-place .*--force" "$WORK/output" || fail "no cure"
	same "$(cat "$root/sched_vm/web/cgroup.procs")" ""
}

goes_from() {
	echo "0::$1" | file "/proc/$pid/cgroup"
	: >"$root/sched_vm/web/cgroup.procs"
	expect 1 "$2" fake adopt web --pid $pid
	same "$(cat "$root/sched_vm/web/cgroup.procs")" $pid
	# A program hears of it, too.
	expect 1 '' fake adopt web --pid $pid --json
	same "$(value taken_from)" "$3"
	expect 1 "$2" fake adopt web --pid $pid
}

# systemd ends a unit that is empty, and libvirt finds its guest no more.
adopt_takes_nothing_from_its_owner() {
	machine
	process
	group sched_vm/web 4000 20000
	stays_in '/machine.slice/machine-qemu\x2d1\x2dweb.scope/libvirt/emulator' \
		'machine-qemu.x2d1.x2dweb.scope' 'libvirt and systemd' '--domain DOMAIN or '
	stays_in /machine/qemu-1-web.libvirt-qemu/emulator qemu-1-web.libvirt-qemu \
		'libvirt and systemd' '--domain DOMAIN or '
	stays_in /qemu.slice/100.scope 100.scope 'libvirt and systemd' '--domain DOMAIN or '
	stays_in /system.slice/vm@web.service vm@web.service systemd ''
	stays_in /system.slice/docker-1234.scope/init docker-1234.scope systemd ''
	mkdir -p "$root/mine/sub"
	note "$root/mine" delegate 1
	stays_in /mine/sub mine systemd ''
	goes_from /user.slice/user-0.slice/session-3.scope "process $pid is taken out of session-3.scope" \
		session-3.scope
	goes_from /user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope \
		"process $pid is taken out of user@1000.service" user@1000.service
	goes_from /home '0 of 1 thread ' ''
	! grep -q 'is taken out' "$WORK/output" || fail "it says so of nobody"
	echo '0::/system.slice/vm@web.service' | file "/proc/$pid/cgroup"
	expect 1 'is taken out of vm@web.service' fake adopt web --pid $pid --force
	# In its own unit it may move.
	group system.slice/vm@web.service/capsules/web 4000 20000
	expect 1 '0 of 1 thread ' fake adopt web --pid $pid \
		--cgroup /system.slice/vm@web.service/capsules
	same "$(cat "$root/system.slice/vm@web.service/capsules/web/cgroup.procs")" $pid
}

# guest NAME [CGROUP]: a process that was started so, and is called like QEMU, in $pid
guest() {
	bash -c 'exec -a qemu-system-x86_64 "$@"' - "$threads" 1 -name "guest=$1,debug-threads=on" >"$WORK/ready" &
	pid=$!
	echo $pid >>"$WORK/pids"
	wait_for '[ -s "$WORK/ready" ]'
	echo "0::${2:-/}" | file "/proc/$pid/cgroup"
}

# By the name that QEMU was given, or libvirt. Others test with guests, too.
guests_are_found_by_name() {
	machine
	group sched_vm/web 4000 20000
	unit='/machine.slice/machine-qemu\x2d1\x2dweb.scope'
	mkdir -p "$root$unit"
	echo 'cpuset cpu' | tee "$root/machine.slice/cgroup.controllers" >"$root/machine.slice/cgroup.subtree_control"
	group "$unit" max 100000
	guest web-$$ "$unit"
	expect 1 "process $pid is in machine-qemu.*: without it, libvirt" fake adopt web --qemu web-$$
	grep -q -e "cure: --domain web-$$ or --in-place" "$WORK/output" || fail "no cure"
	expect 1 "no process was started with -name web" fake adopt web --qemu web
	rm "$WORK/root/proc/$pid/cgroup"
	inside $pid "$unit"
	expect 0 'threads are served by vm ' fake adopt vm --domain web-$$ --budget 4ms --period 20ms
	grep -q '^4000 20000 ' "$root$unit/cpu.rt.max" || fail "nothing is reserved"
	echo 999999999 | file "/run/libvirt/qemu/web-$$.pid"
	expect 0 'threads are served by vm ' fake adopt vm --domain web-$$ --budget 4ms
	one=$pid
	guest web-$$
	for cmd in "adopt web" suggest; do
		expect 1 "2 processes were started with -name web-$$: $one $pid" fake $cmd --qemu web-$$
		same "$(grep -c '^sched-vm' "$WORK/output")" 1
		expect 1 '' fake $cmd --qemu web-$$ --json
		same "$(value cure)" '--pid tells which'
		same "$(grep -c '"error"' "$WORK/output")" 1
	done
	# libvirt knows which one it means.
	echo $one | file "/run/libvirt/qemu/web-$$.pid"
	expect 0 'threads are served by vm ' fake adopt vm --domain web-$$ --budget 4ms
}

# named PATH BUDGET PERIOD [PID...]: as the tool makes it
named() {
	group "$@"
	note "$root/$1" sched_vm.name "${1##*/}"
}

# By numbers in names, parts below what they are parts of, in columns that people see.
list_is_in_order() {
	machine
	process
	named sched_vm/guest-10 4000 20000 $pid
	named sched_vm/guest-2 4000 20000
	named sched_vm/größe 1000 20000
	named sched_vm/机器 1000 20000
	named sched_vm/guest-10/part 2000 20000
	named sched_vm/off max 20000
	expect 0 '' fake list
	same "$(awk 'NR > 1 && !/^.in/ { printf "%s ", $1 }' "$WORK/output")" \
		'größe guest-2 guest-10 part off 机器 '
	grep -q '^  part  .*(10.0 %)' "$WORK/output" || fail "no part"
	grep -q '^guest-10 .* 20.0 % .* 1  active$' "$WORK/output" || fail "not active"
	grep -q '^off  *max .* -  .* 0  none$' "$WORK/output" || fail "off is not there"
	# As wide as people see it: 机器 takes four columns.
	same "$(sed -n 's/^机器\( *\)1ms.*/\1/p' "$WORK/output" | wc -c)" \
		"$(($(sed -n 's/^größe\( *\)1ms.*/\1/p' "$WORK/output" | wc -c) + 1))"
	expect 0 '' fake list --json
	same "$(value capsules.2.name)" guest-10
	same "$(value capsules.2.state)" active
	same "$(value capsules.2.irqs)" '[ ]'
	same "$(value capsules.2.deadline_us)" max
}

# Two users may call theirs the same.
names_are_told_apart() {
	machine
	for cg in user-1 user-2; do
		named $cg/web 4000 20000
	done
	expect 0 '^/user-1/web ' fake list
	same "$(grep -c '^web' "$WORK/output")" 0
	for cmd in show remove "set --budget 1ms"; do
		expect 1 "2 capsules have the name 'web': /user-1/web, /user-2/web" fake $cmd web
	done
	grep -q 'cure: .* --cgroup' "$WORK/output" || fail "no cure"
	expect 0 '^web: 4ms' fake show web --cgroup /user-2
	expect 0 'cgroup: /user-1/web$' fake show /user-1/web
	named sched_vm/web 4000 20000
	expect 0 'cgroup: /sched_vm/web$' fake show web
}

supply() {
	echo "$(value "$1gap_us") $(value "$1supply_p_us") $(value "$1supply_2p_us") $(value "$1supply_5p_us")"
}

# What plan promises of a reservation, show and check say of it, with whatever is lost and owed.
a_promise_is_the_same_everywhere() {
	machine
	cp -a "$root/sched_vm" "$WORK/new"
	for costs in "" "--overhead 0 --debt 0" "--overhead 50us --debt 200us"; do
		# shellcheck disable=SC2086
		expect 0 '' fake plan --task 4ms/20ms --task 3ms/50ms --period 8ms --deadline 6ms --json $costs
		promised=$(supply taken.) budget=$(value taken.budget_us)
		named sched_vm/web "$budget" 8000
		echo 6000 >"$root/sched_vm/web/cpu.rt_deadline_us"
		# shellcheck disable=SC2086
		expect 0 '' fake show web --json $costs
		same "$(supply '')" "$promised"
		# shellcheck disable=SC2086
		FAKE_FREE=900000,900000 FAKE_NEW=$WORK/new expect 0 '' \
			fake check --budget "${budget}us" --period 8ms --deadline 6ms --json $costs
		same "$(supply '')" "$promised"
	done
	rm -rf "$WORK/new"
	expect 2 'up to 1s' fake show web --debt 2s
	expect 2 'up to 1s' fake check --budget 1ms --overhead max
}

what_is_reserved_is_said() {
	machine
	named sched_vm/web 4000 20000
	echo '1 6000' >"$root/sched_vm/web/cpu.rt_cpu_budget_us"
	printf '24\n25\n' >"$root/sched_vm/web/cpu.rt_irqs"
	expect 0 '^web: 4ms in every 20ms on each of the CPUs 0-1, 20.0 % of each$' fake show web
	grep -q '^but 6ms on CPU 1$' "$WORK/output" || fail "no exception"
	grep -q '^longest gap 32.036ms; at least 0us in any P, 3.972ms in 2 P, 15.948ms in 5 P$' "$WORK/output" ||
		fail "no supply"
	expect 0 '^web +4ms\* ' fake list
	grep -q '^(\*: another one on some CPUs' "$WORK/output" || fail "what is that star?"
	echo '0-1 6000' >"$root/sched_vm/web/cpu.rt_cpu_budget_us"
	expect 0 '^but 6ms on the CPUs 0-1$' fake show web
	# On each CPU there is what there is where it has least; others count only where it may be.
	printf '1 2000\n2 1000\n' >"$root/sched_vm/web/cpu.rt_cpu_budget_us"
	expect 0 '^longest gap 36.036ms; at least 0us in any P, 1.972ms in 2 P, 7.948ms in 5 P$' fake show web
	grep -q '^(of each budget 8us lost to switches, up to 20us owed)$' "$WORK/output" || fail "by what it was counted"
	expect 0 '^longest gap 36ms; at least 0us in any P, 2ms in 2 P, 8ms in 5 P$' \
		fake show web --overhead 0 --debt 0
	expect 0 '^nothing to count on' fake show web --debt 1s
	expect 0 '' fake show web --json
	same "$(value gap_us) $(value supply_5p_us)" "36036 7948"
	echo '0-1 6000' >"$root/sched_vm/web/cpu.rt_cpu_budget_us"
	expect 0 '^longest gap 28.036ms;' fake show web
	echo '1 6000' >"$root/sched_vm/web/cpu.rt_cpu_budget_us"
	expect 0 '' fake show web --json
	same "$(value cpu_budgets.0.budget_us)" 6000
	same "$(value cpu_budgets.0.cpus.0)" 1
	same "$(value irqs.1)" 25
	named sched_vm/off max 20000
	echo '1 6000' >"$root/sched_vm/off/cpu.rt_cpu_budget_us"
	expect 0 '^off: no reservation .served as usual.$' fake show off
	! grep -q '^but' "$WORK/output" || fail "but from nothing"
	expect 0 '"gap_us": null' fake show off --json
	expect 0 '^off +max ' fake list
	named sched_vm/web/part max 20000
	expect 0 '^part: no reservation .served by /sched_vm/web.$' fake show /sched_vm/web/part
	named sched_vm/zero 0 20000
	expect 0 '^zero: no reservation, and no SCHED_FIFO' fake show zero
	expect 0 '^CPU +USAGE +PERIODS +THROTTLED +FOR +OVERRUNS +WORST +MISSES +MIGRATIONS$' fake show web
	echo 'spilled_usec 1500' >>"$root/sched_vm/web/cpu.rt_stat"
	expect 0 ' SPILLED$' fake show web
	grep -q '^all .* 1.5ms$' "$WORK/output" || fail "nothing spilled"
}

# The one that waits for $WORK's tree, in $waiter
find_waiter() {
	for dir in /proc/[0-9]*; do
		waiter=${dir#/proc/}
		[ "$(cat $dir/comm 2>&1)" != sched-vm-wait ] ||
			! tr '\0' '\n' <$dir/environ | grep -q -x "FAKE_ROOT=$WORK/root" || return 0
	done
	return 1
}

# Who waits means the cgroup that it was told, and not another one of that path.
the_waiter_leaves_others_alone() {
	machine
	process
	group machine max 100000
	echo 'cpuset cpu' >"$root/machine/cgroup.subtree_control"
	group machine/web 4000 20000 $pid
	expect 0 'is served by web' fake adopt web --pid $pid --in-place --remove-at-exit
	wait_for find_waiter
	mv "$root/machine/web" "$root/machine/old"
	group machine/web 4000 20000
	wait_for '[ ! -d /proc/$waiter ]'
	same "$(cat "$root/machine/web/cpu.rt_budget_us")" 4000
	# And that one it does mean.
	rm -r "$root/machine/old"
	echo $pid >"$root/machine/web/cgroup.procs"
	ls /proc/$pid/task >"$root/machine/web/cgroup.threads"
	echo 'populated 1' >"$root/machine/web/cgroup.events"
	expect 0 'is served by web' fake adopt web --pid $pid --in-place --remove-at-exit
	wait_for find_waiter
	echo 'populated 0' >"$root/machine/web/cgroup.events"
	wait_for '[ ! -d /proc/$waiter ]'
	same "$(cut -c-3 "$root/machine/web/cpu.rt_budget_us")" max
}

# A guest that is gone keeps its reservation: that must not be overlooked.
the_gone_are_named() {
	machine
	process
	named sched_vm/web 4000 20000
	note "$root/sched_vm/web" sched_vm.guest "$pid 1 qemu-system-x86"
	expect 0 ' 0 +gone$' fake list
	expect 0 "^its process $pid .qemu-system-x86. is gone$" fake show web
	expect 0 '^note +web keeps 20.0 % of the CPUs 0-1 for a guest that is gone' fake doctor
	grep -q 'cure: sched-vm remove web$' "$WORK/output" || fail "no cure"
	note "$root/sched_vm/web" sched_vm.guest \
		"$pid $(sed 's/.*) //' /proc/$pid/stat | cut -d' ' -f20) sleep"
	expect 0 ' 0 +empty$' fake list
}

# On a machine as it comes, nothing is wrong, and sixty of a kind are one.
doctor_does_not_cry_wolf() {
	machine
	echo 200000 | file /sys/module/kvm/parameters/halt_poll_ns
	for i in $(seq 60); do
		named "sched_vm/guest-$i" 100 20000
	done
	expect 0 '^note +KVM polls for up to 200000 ns' fake doctor
	grep -q '^note  *guest-1 reserves on all 2 CPUs$' "$WORK/output" || fail "not said of the first"
	grep -q '^ *the same with guest-2, guest-3, guest-4 and 56 others$' "$WORK/output" ||
		fail "not said of the others"
	grep -q 'cure: sched-vm set guest-1 --cpus' "$WORK/output" || fail "no cure"
	same "$(grep -c 'reserves on' "$WORK/output")" 1
}

doctor_names_the_right_culprit() {
	machine
	named sched_vm/web 4000 20000
	note "$root/sched_vm/web" sched_vm.made $(($(date +%s) - 7300))
	counters sched_vm/web 100 2 5
	expect 1 '^WRONG +web got its budget too late 5 times in the 2h since it was made' fake doctor
	! grep -q virtual "$WORK/output" || fail "it is not virtual"
	echo 'flags : fpu hypervisor lm' | file /proc/cpuinfo
	echo ACME | file /sys/class/dmi/id/sys_vendor
	expect 0 '^note +web got its budget too late 5 times' fake doctor
	grep -q 'this machine is a virtual one (ACME)' "$WORK/output" || fail "not virtual"
	expect 0 'on a virtual machine, ACME: ' fake show web
}

# Counters are since the capsule was made: without when that was, five are many or few.
doctor_tells_the_age_of_counters() {
	machine
	named sched_vm/web 4000 20000
	counters sched_vm/web 100 2 5
	while read -r ago unit; do
		note "$root/sched_vm/web" sched_vm.made $(($(date +%s) - ago))
		expect 1 "^WRONG +web got its budget too late 5 times in the ${unit} since it was made" fake doctor
	done <<-EOF
		7 [0-9]*s
		119 (119s|2min)
		125 2min
		7100 118min
		7300 2h
		864000 240h
	EOF
	# A clock that was set back since, and a cgroup that others made.
	note "$root/sched_vm/web" sched_vm.made $(($(date +%s) + 1000))
	expect 1 'web got its budget too late 5 times since it was made$' fake doctor
	rm -r "$root/sched_vm/web"
	named sched_vm/db 4000 20000
	counters sched_vm/db 100 2 1
	expect 1 'db got its budget too late 1 time since it was made$' fake doctor
}

# systemd's daemon-reload does that to a cpuset that it does not know.
doctor_sees_a_cpuset_that_was_emptied() {
	machine
	named sched_vm/web 4000 20000
	note "$root/sched_vm/web" sched_vm.cpus 1
	expect 1 '^WRONG +web reserves on the CPUs 0-1, not on 1 only' fake doctor
	grep -q 'cure: sched-vm set web --cpus 1; AllowedCPUs=' "$WORK/output" || fail "no cure"
	echo 1 >"$root/sched_vm/web/cpuset.cpus.effective"
	expect 0 '' fake doctor
}

# isolcpus= and taskset: the rest is reserved for nobody.
doctor_sees_what_nobody_can_use() {
	machine
	process
	taskset -p 1 $pid
	named sched_vm/web 4000 20000 $pid
	expect 0 '^note +web has 20.0 % of CPU 1, where none of its threads may run' fake doctor
	expect 0 'none of its threads may run on CPU 1 .*: 20.0 % there is reserved for nobody$' \
		fake adopt web --pid $pid
	process
	taskset -p 2 $pid
	echo $pid >>"$root/sched_vm/web/cgroup.threads"
	expect 0 '' fake doctor
	! grep -q 'may run' "$WORK/output" || fail "one may"
}

# Busy first, as much as there is room for, and in columns that stay where they are.
top_fits_the_screen() {
	machine
	for i in $(seq 40); do
		named "sched_vm/guest-$i" 100 20000
	done
	(while :; do
		n=$((n + 100))
		counters sched_vm/guest-33 $n $n 0
		sleep 0.03
	done) &
	echo $! >>"$WORK/pids"
	for size in 40x30 120x30 20x8; do
		# In an interval without a count it is as idle as all others, and not to be seen.
		PTY_SIZE=$size PTY_WAIT=guest-33 PTY_KEYS=q fake_pty top -d 100ms
		pictures ${size%x*} ${size#*x} guest-33
		same "$(grep '^guest' "$WORK/picture" | head -n 1 | cut -c-8)" guest-33
		[ $size = 20x8 ] || grep -q 'by used' "$WORK/picture" || fail "by what?"
		[ $size = 20x8 ] || tail -n 1 "$WORK/picture" | grep -q 't threads  */' || fail "no keys"
	done
}

# Of the CPUs, too, the rest is a number.
top_counts_the_cpus_that_it_leaves_out() {
	machine
	named sched_vm/web 4000 20000
	for cpus in 0-7 0-63; do
		echo $cpus >"$root/cpuset.cpus.effective"
		for file in online possible; do
			echo $cpus | file /sys/devices/system/cpu/$file
		done
		seq 0 63 | sed 's/.*/cpu& 75.00/' >"$root/sched_vm/cpu.rt_free"
		PTY_SIZE=40x30 PTY_WAIT=CPU: PTY_KEYS=q fake_pty top -d 100ms
		pictures 40 30
		same "$(grep -c '^ *[0-9]*: ' "$WORK/picture")" 7
		[ $cpus = 0-63 ] || grep -q '^ *and 1 more CPU: sched-vm free$' "$WORK/picture" ||
			fail "not one"
		[ $cpus = 0-7 ] || grep -q '^ *and 57 more CPUs: sched-vm free$' "$WORK/picture" ||
			fail "not 57"
		grep -q '^web' "$WORK/picture" || fail "they leave no room"
	done
}

# On a terminal, its picture and colours, to $WORK/output.
fake_pty() {
	TERM=xterm env LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" FAKE_MOUNT="$mount" \
		"$pty" "$tool" "$@" >"$WORK/output" || fail "it ended with $?"
}

# pictures COLUMNS ROWS [TEXT]: the last one with that, in $WORK/picture, is no larger
pictures() {
	esc=$(printf '\033')
	tr -d '\r' <"$WORK/output" | sed "s/$esc\[H/\n@@\n/g; s/$esc\[[0-9]*;1H/\n/g" |
		sed "s/$esc\[[?0-9;]*[a-zA-Z]//g" |
		awk -v text="$3" '
			function end() { if (!text || index(now, text)) last = now; now = "" }
			/^@@/ { end(); next }
			{ now = now $0 "\n" }
			END { end(); printf "%s", last }' >"$WORK/picture"
	sed -i '/^$/d' "$WORK/picture"
	cat "$WORK/picture"
	same "$(awk -v most="$1" 'length > most' "$WORK/picture")" ""
	between "$(wc -l <"$WORK/picture")" 4 "$2"
}

top_takes_keys() {
	machine
	process
	named sched_vm/web 4000 20000 $pid
	named sched_vm/db 4000 20000
	counters sched_vm/web 1000 5 7
	export PTY_WAIT=CPU:
	PTY_KEYS=q fake_pty top -d 100ms
	PTY_KEYS=hq PTY_WAIT=m fake_pty top -d 100ms
	PTY_KEYS=sq fake_pty top -d 100ms
	grep -q 'by used' "$WORK/output" && grep -q 'by name' "$WORK/output" || fail "not sorted anew"
	PTY_KEYS=tq fake_pty top -d 100ms
	pictures 80 24
	grep -q "^web *$pid  sleep" "$WORK/picture" || fail "no threads"
	PTY_KEYS=$(printf '/db\nq') fake_pty top -d 100ms
	grep -q ', with db' "$WORK/output" || fail "no filter"
	! grep -q "$(printf '[^a-z]q\r')" "$WORK/output" || fail "keys are echoed"
	# It leaves the terminal as it was.
	same "$(tail -c 14 "$WORK/output" | tr -d '\033')" '[?25h[?1049l'
}

colours_can_be_had_or_not() {
	machine
	named sched_vm/web 4000 20000
	(while :; do
		n=$((n + 100))
		counters sched_vm/web $n $n $n
		sleep 0.03
	done) &
	echo $! >>"$WORK/pids"
	export PTY_SIZE=120x30 PTY_KEYS=q
	PTY_WAIT=$(printf '\033[31m') fake_pty top -d 100ms
	grep -q "$(printf '\033')\[33m" "$WORK/output" || fail "what was throttled has no colour"
	grep -q "$(printf '\033')\[31m" "$WORK/output" || fail "what was late has no colour"
	# Counts are hundreds.
	NO_COLOR=1 PTY_WAIT='00 ' fake_pty top -d 100ms
	! grep -q "$(printf '\033')\[3[13]m" "$WORK/output" || fail "it has colours"
}

top_writes_files() {
	machine
	named 'sched_vm/a"b' 4000 20000
	named sched_vm/off max 20000
	expect 0 '^a"b +0 +4ms/20ms +0.0 %' fake top -b -n 2 -d 100ms
	same "$(grep -c '^NAME' "$WORK/output")" 2
	same "$(grep -c '^off' "$WORK/output")" 0
	expect 0 '^time,name,cpu,budget_us' fake top --csv -n 2 -d 100ms
	same "$(grep -c '^time' "$WORK/output")" 1
	same "$(grep -c '^20..-.*,"a""b",[01],4000,20000,0.0,0,0,0,0,0,,0*$' "$WORK/output")" 4
	expect 0 '' fake top -n 1 -d 100ms --json
	same "$(value capsules.0.cpus.1.used_percent)" 0.0
	expect 2 'csv or --json' fake top --csv --json
	# Who reads no more wants to know nothing of it.
	fake top -b -d 100ms 2>"$WORK/errors" | head -n 1
	same "$(cat "$WORK/errors")" ""
}

# Of a thousand threads that are where they belong, none is opened.
top_opens_no_thread() {
	machine
	"$threads" 50 >"$WORK/ready" &
	pid=$!
	echo $pid >>"$WORK/pids"
	wait_for '[ -s "$WORK/ready" ]'
	named sched_vm/web 4000 20000 $pid
	FAKE_LOG=$WORK/log.opened fake top --csv -n 2 -d 100ms >/dev/null
	for tid in /proc/$pid/task/*; do
		[ "${tid##*/}" = $pid ] || printf '/proc/%s/\n/task/%s/\n' "${tid##*/}" "${tid##*/}"
	done >"$WORK/names"
	same "$(grep -c . "$WORK/names")" 100
	! grep -F -f "$WORK/names" "$WORK/log.opened" || fail "these are opened"
	! grep "^folder /proc/$pid/task" "$WORK/log.opened" || fail "nor need they be listed"
	between "$(grep -c '^folder /proc$' "$WORK/log.opened")" 1 2
	expect 0 ',0$' fake top --csv -n 1 -d 100ms
	# One that is elsewhere is found all the same.
	tid=$(ls /proc/$pid/task | tail -n 1)
	sed -i "/^$tid$/d" "$root/sched_vm/web/cgroup.threads"
	echo 0::/ | file "/proc/$tid/cgroup"
	: | file "/proc/$tid/sched"
	expect 0 ',1$' fake top --csv -n 1 -d 100ms
	expect 0 '' fake top --json -n 1 -d 100ms
	same "$(value capsules.0.escaped.0.tid)" "$tid"
	same "$(value capsules.0.escaped.0.why)" "in another cgroup"
}

# looks_cost [OPTION]: ms for each time that top looks, by what the kernel charged, in $cost
looks_cost() {
	sh -c '"$@" >/dev/null; times' sh env LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" \
		FAKE_MOUNT="$mount" "$tool" top --csv -n 4 -d 200ms "$@" >"$WORK/times"
	cost=$(awk 'END { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); s += t[1] * 60 + t[2] }
		printf "%d", s * 1000 / 4 }' "$WORK/times")
	echo "note: top${1:+ $1} costs $cost ms for each time that it looks"
}

# Sixty guests, five thousand threads: at most 5 % of a CPU. With --threads, each is read,
# since the busiest come first, whichever these are.
top_costs_little() {
	machine
	for i in $(seq 60); do
		"$threads" 83 >"$WORK/ready.$i" &
		echo $! >>"$WORK/pids"
		named "sched_vm/guest-$i" 100 20000
	done
	wait_for '[ $(find "$WORK" -name "ready.*" -size +0 | wc -l) = 60 ]'
	i=0
	while read -r pid; do
		i=$((i + 1))
		echo "$pid" >"$root/sched_vm/guest-$i/cgroup.procs"
		ls "/proc/$pid/task" >"$root/sched_vm/guest-$i/cgroup.threads"
	done <"$WORK/pids"
	between "$(cat "$root"/sched_vm/guest-*/cgroup.threads | wc -l)" 5000 6000
	looks_cost
	between "$cost" 0 50
	looks_cost --threads
	between "$cost" 0 250
}

# From the first interval on; a key shows the same interval again, and /proc is not walked for it.
top_knows_what_threads_used() {
	machine
	(while :; do :; done) &
	pid=$!
	echo $pid >>"$WORK/pids"
	named sched_vm/web 4000 20000 $pid
	expect 0 '^time,name,tid,comm,cpu,used_percent' fake top --threads --csv -n 1 -d 300ms
	between "$(tail -n 1 "$WORK/output" | sed 's/.*,//; s/[.].*//')" 5 110
	expect 0 "^web +$pid +.* [1-9][0-9.]* %$" fake top --threads --once -d 300ms
	export PTY_SIZE=80x24 PTY_WAIT=CPU: PTY_KEYS=bsbq
	FAKE_LOG=$WORK/log.walks fake_pty top --threads -d 300ms
	pictures 80 24
	grep -E -q "^web +$pid +.* [1-9][0-9.]* %" "$WORK/picture" || fail "it used nothing"
	same "$(grep -c '^folder /proc$' "$WORK/log.walks")" 1
	# Who is seen for the first time has no share yet.
	(while :; do :; done) &
	other=$!
	echo $other >>"$WORK/pids"
	(sleep 0.5
	echo $other >>"$root/sched_vm/web/cgroup.threads") &
	expect 0 "^20.*,$other,\".*\",[0-9]+,$" fake top --threads --csv -n 3 -d 300ms
}

# As show does: it is why budgets are late.
top_names_a_hypervisor() {
	machine
	named sched_vm/web 4000 20000
	# By its flag, or by the time that it gave to others.
	echo 'cpu  1 2 3 4 5 6 7 8 0 0' | file /proc/stat
	echo ACME | file /sys/class/dmi/id/sys_vendor
	expect 0 'on a virtual machine, ACME: ' fake top -b -n 2 -d 100ms
	same "$(grep -c ACME "$WORK/output")" 1
	expect 0 'on a virtual machine, ACME: ' fake top --once -d 100ms
	export PTY_SIZE=80x24 PTY_WAIT=CPU: PTY_KEYS=q
	fake_pty top -d 100ms
	pictures 80 24
	grep -q '^On a virtual machine, ACME: ' "$WORK/picture" || fail "it is not named"
}

# Who looks at nothing sees nothing, for ever.
without_a_reservation_nothing_is_watched() {
	machine
	named sched_vm/web 4000 20000
	named sched_vm/off max 20000
	named sched_vm/zero 0 20000
	for cmd in "top --once -d 100ms" "top -b -n 1 --threads -d 100ms" "monitor --time 100ms" record; do
		for name in off zero; do
			expect 1 "^sched-vm: $name has no reservation" fake $cmd $name
			same "$(grep -c '^sched-vm' "$WORK/output")" 1
			grep -q '^  cure: sched-vm set' "$WORK/output" || fail "no cure"
		done
	done
	for cmd in "top --once -d 100ms" "monitor --time 100ms"; do
		expect 1 'off has no reservation' fake $cmd web off
		expect 0 '' fake $cmd web
	done
}

# Time, interval, and for each CPU what is reserved by deadlines, used, and free.
top_has_a_head() {
	machine
	named sched_vm/web 4000 20000
	echo 10000 >"$root/sched_vm/web/cpu.rt_deadline_us"
	printf 'cpu0 55.00\ncpu1 75.00\n' >"$root/sched_vm/cpu.rt_free"
	export PTY_SIZE=80x24 PTY_WAIT=CPU:
	PTY_KEYS=q fake_pty top -d 100ms
	pictures 80 24
	grep -E -q '^[0-9:]{8}, every 100ms, 1 capsule, by used$' "$WORK/picture" || fail "no first line"
	grep -E -q '^ +0:  40.0   0.0  55.0 +1:  40.0   0.0  75.0$' "$WORK/picture" || fail "no CPUs"
	PTY_KEYS=hq PTY_WAIT=m fake_pty top -d 100ms
	pictures 80 24 'this help'
	for key in q h s b t /; do
		grep -q "^$key  " "$WORK/picture" || fail "h does not tell of $key"
	done
	# Nothing of it is cut on 40 columns, or on 24 rows.
	for size in 40x30 80x24; do
		PTY_SIZE=$size PTY_KEYS=hq PTY_WAIT=m fake_pty top -d 100ms
		pictures ${size%x*} ${size#*x} 'this help'
		! grep -q '~' "$WORK/picture" || fail "the help is cut"
		grep -q '^WORST  *the worst overrun$' "$WORK/picture" || fail "it is not whole"
	done
	# What is idle goes, and comes back.
	PTY_KEYS=bbq fake_pty top -d 100ms
	pictures 80 24 'busy ones'
	! grep -q '^web' "$WORK/picture" || fail "an idle one is shown"
	pictures 80 24
	grep -q '^web' "$WORK/picture" || fail "it does not come back"
}

# A number that grows moves nothing that stands beside it.
top_keeps_its_columns() {
	machine
	named sched_vm/web 4000 20000
	counters sched_vm/web 1 0 0
	(for n in 2 3 4 5 6; do
		counters sched_vm/web $n $n $n
		sleep 0.1
	done
	while :; do
		n=$((n + 100000))
		counters sched_vm/web $n $n $n
		sleep 0.03
	done) &
	echo $! >>"$WORK/pids"
	export PTY_SIZE=120x30 PTY_KEYS=q NO_COLOR=1
	PTY_WAIT='00000 ' fake_pty top -d 100ms
	tr -d '\r' <"$WORK/output" | sed "s/$(printf '\033')\[[0-9;]*[a-zA-Z]//g" |
		grep -E '^(NAME|web)' >"$WORK/lines"
	cat "$WORK/lines"
	same "$(awk '{ print length }' "$WORK/lines" | sort -u | wc -l)" 1
}

free_says_who_has_what() {
	machine
	named sched_vm/web 4000 20000
	named sched_vm/web/part 2000 20000
	printf 'cpu0 70.00\ncpu1 40.00\n' >"$root/sched_vm/cpu.rt_free"
	for cpu in 0 1; do
		echo 50000000 | file /sys/kernel/debug/sched/fair_server/cpu$cpu/runtime
		echo 1000000000 | file /sys/kernel/debug/sched/fair_server/cpu$cpu/period
	done
	expect 0 '^0 +70.00 % +web 20.0 %, fair server 5.0 %, nobody, by sched_rt_runtime_us 5.0 %$' fake free
	grep -q '^1  *40.00 % .* others, as SCHED_DEADLINE 30.0 %$' "$WORK/output" || fail "CPU 1"
	! grep -q part "$WORK/output" || fail "a part is counted twice"
	# Who may not look there guesses nothing.
	: | file /sys/kernel/debug/sched/fair_server/cpu1/period
	expect 0 '^1 +40.00 % .*, fair server and others 35.0 %$' fake free
	printf 'cpu0 70.00\ncpu1 70.00\n' >"$root/sched_vm/cpu.rt_free"
	: | file /sys/kernel/debug/sched/fair_server/cpu0/period
	expect 0 '^0-1 +70.00 %' fake free
	expect 0 '^1 +70.00 %' fake free --cpus 1
	! grep -q warning "$WORK/output" || fail "all of it is there"
	for cpus in 7 0,7; do
		expect 1 'CPU 7 is not there' fake free --cpus $cpus
		grep -q 'cure: the machine has the CPUs 0-1' "$WORK/output" || fail "no cure"
	done
	# There, but offline.
	echo 0-7 | file /sys/devices/system/cpu/possible
	expect 1 'CPU 7 is not available' fake free --cpus 7
	expect 0 'of the CPUs 0,7, those that are available: 0$' fake free --cpus 0,7
	expect 0 '' fake free --json
	same "$(value cpus.1.free_percent)" 70.0
	same "$(value cpus.1.holders.0.name)" web
	same "$(value cpus.1.holders.0.percent)" 20.0
}

events() {
	printf 'throttled %d\noverrun 0\ndeadline_miss %d\nrefused %d\n' "$2" "$3" "$4" \
		>"$root/$1/cpu.rt_events"
}

# When it watches, and not before: it says so by what it tells of another.
monitor_tells_events() {
	machine
	named sched_vm/web 4000 20000
	events sched_vm/web 5 0 0
	(exec env LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" FAKE_MOUNT="$mount" \
		"$tool" monitor --json --count 5) >"$WORK/events" &
	monitor=$!
	echo $monitor >>"$WORK/pids"
	wait_for 'cat /proc/$monitor/fdinfo/* 2>/dev/null | grep -q "^inotify wd"'
	events sched_vm/web 8 0 0
	wait_for '[ -s "$WORK/events" ]'
	events sched_vm/web 8 1 2
	wait_for '[ "$(wc -l <"$WORK/events")" -ge 3 ]'
	named sched_vm/db 4000 20000
	wait_for '[ "$(wc -l <"$WORK/events")" -ge 4 ]'
	rm -r "$root/sched_vm/db"
	wait $monitor
	cat "$WORK/events"
	while read -r line; do
		echo "$line" >"$WORK/output"
		echo "$(value name) $(value event) $(value count) $(value total)"
	done <"$WORK/events" >"$WORK/told"
	same "$(tr '\n' ',' <"$WORK/told")" \
		'web throttled 3 8,web deadline_miss 1 1,web refused 2 2,db made 0 0,db removed 0 0,'
	expect 0 '' fake monitor --time 100ms
	same "$(cat "$WORK/output")" ""
}

# Each of two CPUs has room for one of two budgets.
plan_knows_where_each_is() {
	machine
	cp -a "$root/sched_vm" "$WORK/new"
	export FAKE_FREE=480000,480000 FAKE_NEW="$WORK/new"
	expect 0 'it fits here now, on CPUs 0-1$' fake plan --task 8ms/20ms --task 80ms/220ms --vcpus 2
	grep -q "^libvirt's lines have the largest budget on each CPU: 88.77 % in all$" "$WORK/output" ||
		fail "libvirt's"
	grep -q '^sched-vm create .* --cpus 0-1 --cpu-budget [01]=962us$' "$WORK/output" || fail "not the others"
	grep -q -E '^# and pin each vCPU to a CPU of its own: vCPU 0 to CPU [01], 1 to CPU [01]$' "$WORK/output" ||
		fail "where it is to be pinned"
}

# More capsules than may be watched: the events of these come later, but they come.
monitor_tells_of_all() {
	unshare -Ur sh -c 'echo 1 >/proc/sys/user/max_inotify_watches' || skip "no user namespaces"
	machine
	for name in a b c; do
		named sched_vm/$name 4000 20000
	done
	(exec unshare -Ur sh -c 'echo 1 >/proc/sys/user/max_inotify_watches; exec "$@"' - \
		env FAKE_LOG="$WORK/log.monitor" LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" FAKE_MOUNT="$mount" \
		"$tool" monitor --count 3) >"$WORK/events" 2>"$WORK/errors" &
	monitor=$!
	echo $monitor >>"$WORK/pids"
	wait_for '[ -s "$WORK/errors" ]'
	grep -q 'cannot watch b, .*fs.inotify.max_user_watches' "$WORK/errors" || fail "no cure"
	wait_for 'grep -q "^file .*/c/cpu.rt_events" "$WORK/log.monitor"'
	sleep 0.2
	for name in a b c; do
		events sched_vm/$name 8 0 0
	done
	wait_for '[ "$(wc -l <"$WORK/events")" -ge 3 ]'
	wait $monitor
	same "$(sed 's/^[^ ]* //' "$WORK/events" | sort | tr '\n' ,)" \
		'a throttled 8, 8 in all,b throttled 8, 8 in all,c throttled 8, 8 in all,'
	same "$(grep -c . "$WORK/errors")" 1
}

top_tests="top_fits_the_screen top_counts_the_cpus_that_it_leaves_out top_takes_keys colours_can_be_had_or_not top_writes_files
	top_opens_no_thread top_names_a_hypervisor top_has_a_head top_keeps_its_columns
	without_a_reservation_nothing_is_watched"
threads_tests="top_costs_little top_knows_what_threads_used"
wait_tests="the_waiter_leaves_others_alone monitor_tells_events monitor_tells_of_all"
other_tests="without_the_kernel_nothing_helps without_the_controller_its_owner_is_named
	the_root_is_no_capsule names_and_cpus_are_looked_at adopt_takes_nothing_from_its_owner guests_are_found_by_name list_is_in_order
	names_are_told_apart a_promise_is_the_same_everywhere what_is_reserved_is_said the_gone_are_named doctor_does_not_cry_wolf
	doctor_names_the_right_culprit doctor_tells_the_age_of_counters doctor_sees_a_cpuset_that_was_emptied
	doctor_sees_what_nobody_can_use free_says_who_has_what plan_knows_where_each_is"

case $part in
top) run $top_tests ;;
threads) run $threads_tests ;;
wait) run $wait_tests ;;
other) run $other_tests ;;
*) run $other_tests $wait_tests $top_tests $threads_tests ;;
esac
