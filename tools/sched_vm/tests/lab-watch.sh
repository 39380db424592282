# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of top, record and doctor. Sourced by lab.sh.
#
# Variables are those of lab.sh: folders and numbers, without blanks.
# shellcheck disable=SC2154,SC2086

top_sees_the_budget_used() {
	"$tool" create a --budget 4ms --period 20ms
	hog
	echo $pid >$base/a/cgroup.procs
	sleep 1
	expect 0 '^a +0 +4ms/20ms' "$tool" top --once
	expect 0 '' "$tool" top --once --json a
	same "$(value capsules.0.name)" a
	# As many as the interval had, to a tenth.
	periods=$(($(value interval_ns) / 20000000))
	between $periods 49 $((55 * slow))
	between "$(value capsules.0.cpus.0.nr_throttled)" $((periods * 9 / 10)) $((periods * 11 / 10))
	between "$(value capsules.0.cpus.0.usage_usec)" $((periods * 3600)) $((periods * 4400))
	between "$(value capsules.0.cpus.0.replenish_latency_nsec)" 0 $((5000000 * slow))
	same "$(value capsules.0.escaped)" '[ ]'
	end $pid
	expect 1 "no capsule 'nosuch'" "$tool" top nosuch --once --json
	"$tool" remove a
}

# Nothing of it is inside any more. Another process with its number is not it.
who_left_has_escaped() {
	hog
	"$tool" adopt a --pid $pid --budget 4ms --period 20ms
	echo $pid >$root/cgroup.procs
	expect 0 '^1 thread of its processes is outside' "$tool" show a --threads
	grep -q -E "^ *$pid .*in another cgroup" "$WORK/output" || fail "it is not listed"
	expect 1 '1 thread of processes in a is outside' "$tool" doctor
	stat=$(sed 's/^\([0-9]* (.*) .\( -*[0-9]*\)\{18\}\) [0-9]*/\1 1/' /proc/$pid/stat)
	[ "$stat" != "$(cat /proc/$pid/stat)" ] || fail "no other start"
	echo "$stat" | fake_file /proc/$pid/stat
	expect 0 '' fake_files show a
	! grep -q -E '(is|are) outside' "$WORK/output" || fail "it is not the same process"
	# That was forgotten. Once more, and it goes to another capsule.
	"$tool" adopt a --pid $pid
	echo $pid >$root/cgroup.procs
	expect 1 '' "$tool" doctor
	"$tool" adopt b --pid $pid --budget 1ms --period 20ms
	expect 0 '' "$tool" doctor
	"$tool" remove b --force
	same "$(cat /proc/$pid/cgroup)" 0::/
	"$tool" remove a
	end $pid
}

# Where it has been left, too.
who_left_its_place_has_escaped() {
	mkdir -p $root/machine/guest
	echo +cpu >$root/machine/cgroup.subtree_control
	hog
	echo $pid >$root/machine/guest/cgroup.procs
	"$tool" adopt g --pid $pid --in-place --budget 4ms --period 20ms
	echo $pid >$root/cgroup.procs
	expect 0 '' "$tool" show g --json
	same "$(value escaped.0.tid)" $pid
	"$tool" remove g
	expect 0 '' "$tool" show /machine/guest --json
	same "$(value escaped)" '[ ]'
	end $pid
}

# A SCHED_DEADLINE thread has its own reservation.
top_sees_who_escaped() {
	"$tool" create a --budget 4ms --period 20ms
	chrt -d -T 1000000 -P 10000000 0 sleep 100 &
	pid=$!
	pause 0.2
	echo $pid >$base/a/cgroup.procs
	expect 0 '' "$tool" top --once --json
	same "$(value capsules.0.escaped.0.why)" "SCHED_DEADLINE has its own reservation"
	expect 1 'outside of it' "$tool" doctor
	end $pid
	pause 0.2
	"$tool" remove a
}

# Who wants that serves no others: listed, not counted.
scope_lets_nobody_escape() {
	hog
	expect 0 '0 of 1 thread are served by a' \
		"$tool" adopt a --pid $pid --budget 4ms --period 20ms --scope rt
	grep -q -E "^ *$pid .*the scope is rt$" "$WORK/output" || fail "it is not listed"
	expect 0 "^ *$pid .*the scope is rt$" "$tool" show a --threads
	! grep -q -E '(is|are) outside' "$WORK/output" || fail "it is counted"
	expect 0 '' "$tool" top --once --interval 100ms --json
	same "$(value capsules.0.escaped)" '[ ]'
	expect 0 '' "$tool" doctor
	chrt -f -p 1 $pid
	expect 0 '1 of 1 thread is served by a' "$tool" adopt a --pid $pid
	end $pid
	"$tool" remove a
}

record_draws_what_happened() {
	"$tool" create a --budget 4ms --period 20ms
	hog
	echo $pid >$base/a/cgroup.procs
	expect 0 'threads' "$tool" record a -o "$WORK/a.json" --raw "$WORK/a.raw" --time 1s --json
	same "$(value svg)" "$WORK/a.svg"
	same "$(value threads)" 1
	same "$(value lost_events)" 0
	between "$(value slices)" 45 1000
	between "$(grep -c ' throttle ' "$WORK/a.raw")" 45 52
	between "$(grep -c ' replenish ' "$WORK/a.raw")" 45 52
	# Fifty budgets of 4 ms: what the slices add up to.
	us=$(awk '$3 == "switch" { if ($5 == p) { t = $1 } else if ($4 == p && t) { sum += $1 - t } }
		  END { printf "%d", sum / 1000 }' p=$pid "$WORK/a.raw")
	between "$us" 185000 205000
	[ -z "$(ls /sys/kernel/tracing/instances)" ] || fail "an instance is left"
	expect 0 'slices' "$tool" record --from "$WORK/a.raw" -o "$WORK/b.json"
	cmp "$WORK/a.json" "$WORK/b.json"
	cmp "$WORK/a.svg" "$WORK/b.svg"
	[ -z "${LAB_OUT:-}" ] || cp "$WORK/a.json" "$WORK/a.svg" "$WORK/a.raw" "$LAB_OUT"
	end $pid
	"$tool" remove a
}

# In memory that does not grow with the time: events of four seconds would be a megabyte.
record_keeps_nothing_in_memory() {
	"$tool" create a --budget 500us --period 1ms
	hog
	busy=$pid
	echo $busy >$base/a/cgroup.procs
	"$tool" record a -o "$WORK/a.json" --time 60s &
	recorder=$!
	wait_for_record
	was=$(awk '/^RssAnon/ { print $2 }' /proc/$recorder/status)
	pause 4
	between "$(awk '/^RssAnon/ { print $2 }' /proc/$recorder/status)" 0 $((was + 512))
	same "$(find "$WORK" -name '.sched-vm*')" ""
	kill -TERM $recorder
	wait $recorder
	grep -q replenish "$WORK/a.json" || fail "nothing is recorded"
	end $busy
	"$tool" remove a
}

# What the tool needs of memory does not depend on the kernel: once is enough.
record_tests=
[ $slow != 1 ] || record_tests=record_keeps_nothing_in_memory

# Until it records, and for some time.
wait_for_record() {
	for _ in $(seq 100); do
		[ -z "$(ls /sys/kernel/tracing/instances)" ] || break
		pause 0.1
	done
	pause 0.5
}

no_instance_is_left() {
	"$tool" create a --budget 4ms --period 20ms
	hog
	busy=$pid
	echo $busy >$base/a/cgroup.procs
	"$tool" top --interval 100ms --json 2>"$WORK/complaint" | head -n 1
	same "$(cat "$WORK/complaint")" ""
	same "$(ls /sys/kernel/tracing/instances)" ""
	"$tool" record a -o "$WORK/a.json" --time 60s &
	wait_for_record
	kill -TERM $!
	wait $!
	[ -s "$WORK/a.json" ] || fail "what was recorded is lost"
	same "$(ls /sys/kernel/tracing/instances)" ""
	"$tool" record a -o "$WORK/a.json" --time 60s &
	wait_for_record
	kill -KILL $!
	wait $! || true
	same "$(ls /sys/kernel/tracing/instances)" sched-vm-$!
	"$tool" record a -o "$WORK/a.json" --time 100ms
	same "$(ls /sys/kernel/tracing/instances)" ""
	end $busy
	"$tool" remove a
}

# What others do on other CPUs is not even looked at.
record_shows_that_it_goes_on() {
	mkdir -p /dev/pts
	grep -q ' /dev/pts ' /proc/mounts || mount -t devpts devpts /dev/pts
	"$tool" create a --budget 4ms --period 20ms
	expect 1 'not one event in 2.5' "$pty" "$tool" record a -o "$WORK/none.json" --time 2.5s
	grep -a -q 'recording: 1 of 2 s.*recording: 2 of 2 s' "$WORK/output" || fail "no progress"
	[ ! -e "$WORK/none.json" ] || fail "something is written"
	hog
	echo $pid >$base/a/cgroup.procs
	busy=$pid
	expect 0 '' "$tool" record a -o "$WORK/a.json" --time 1.5s
	! grep -q recording "$WORK/output" || fail "progress without a terminal"
	"$tool" record a -o "$WORK/a.json" --time 60s &
	wait_for_record
	same "$(cat /sys/kernel/tracing/instances/*/events/sched/sched_switch/filter)" 'CPU & CPUS{0}'
	kill -TERM $!
	wait $!
	end $busy
	"$tool" remove a
}

record_says_what_is_wrong() {
	expect 1 "no capsule 'a'" "$tool" record a
	mkdir -p $base/a
	expect 1 'no reservation' "$tool" record a
	rmdir $base/a
	"$tool" create a --budget 4ms --period 20ms
	for file in "-o /no/such/folder/a.json" "-o $WORK/x.json --raw /no/such/folder/a"; do
		expect 1 'cannot write' timeout 5 "$tool" record a --time 60s $file
	done
	"$tool" remove a
}

doctor_knows_this_kernel() {
	expect 0 'the kernel has deadline groups' "$tool" doctor
	sysctl -w kernel.sched_rt_runtime_us=500000
	expect 0 'may have 50 %' "$tool" doctor
	sysctl -w kernel.sched_rt_runtime_us=-1
	expect 1 '^WRONG +sched_rt_runtime_us is -1' "$tool" doctor
	sysctl -w kernel.sched_rt_runtime_us=1000000
	expect 0 '' "$tool" doctor --json
	same "$(value findings.0.id)" kernel
	same "$(value findings.0.verdict)" ok
	poll=/sys/module/kvm/parameters/halt_poll_ns
	[ -w $poll ] || return 0
	was=$(cat $poll)
	echo 200000 >$poll
	expect 0 'KVM polls for up to 200000 ns' "$tool" doctor
	echo "$was" >$poll
}

without_zcat() {
	env PATH="$WORK/bin:$PATH" LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" "$tool" "$@"
}

doctor_finds_the_configuration() {
	config=/boot/config-$(uname -r)
	mkdir "$WORK/bin"
	printf '#!/bin/sh\nexit 1\n' >"$WORK/bin/zcat"
	chmod +x "$WORK/bin/zcat"
	expect 0 'whether budgets are ended by a timer is not known' without_zcat doctor
	printf 'CONFIG_A=y\nCONFIG_SCHED_HRTICK=y\nCONFIG_B=y\n' | fake_file "$config"
	expect 0 '^ok +budgets are ended by a timer' without_zcat doctor
	printf 'CONFIG_A=y\n# CONFIG_SCHED_HRTICK is not set\n' | fake_file "$config"
	expect 1 '^WRONG +no SCHED_HRTICK' without_zcat doctor
}

# An irq of the guest's devices, or a long deadline, does nothing for the host's.
doctor_knows_what_serves_the_host() {
	irq=$(awk -F: '/^ *[1-9][0-9]*:/ { print $1 + 0; exit }' /proc/interrupts)
	"$tool" create a --budget 4ms --period 20ms
	[ -e $base/a/cpu.rt_irqs ] || skip "this kernel has no cpu.rt_irqs"
	# It is a part of the other's 4 ms.
	echo +cpu >$base/a/cgroup.subtree_control
	mkdir $base/a/part
	echo "1000 20000" >$base/a/part/cpu.rt.max
	expect 0 'note +CPU 0: the host.s irq threads may wait for 4ms and more' "$tool" doctor
	"$tool" create b --budget 100us --period 10ms --irq "+$irq"
	expect 0 'note +CPU 0: the host' "$tool" doctor
	"$tool" set b --period 1ms
	expect 0 'ok +CPU 0: irq threads are bound to a capsule' "$tool" doctor
	sleep 100 &
	pid=$!
	echo $pid >$base/b/cgroup.procs
	expect 0 'note +CPU 0: the host' "$tool" doctor
	end $pid
}

doctor_wants_the_fair_server() {
	file=/sys/kernel/debug/sched/fair_server/cpu0/runtime
	echo 0 | fake_file $file
	expect 1 '^WRONG +no fair server on CPU 0: ' fake_files doctor
	grep -q 'cure: echo 50000000 > /sys/kernel/debug' "$WORK/output" || fail "no cure"
	echo 50000000 | fake_file $file
	expect 0 '^ok +the fair server keeps time' fake_files doctor
}

doctor_looks_at_the_layout() {
	[ -d $base ] || mkdir $base
	for controllers in cpu cpuset 'cpuset cpu'; do
		echo 'cpuset cpu' | fake_file "$root/cgroup.controllers"
		echo "$controllers" | fake_file "$root/sched_vm/cgroup.controllers"
		fake_files doctor >"$WORK/output" || true
		case $controllers in
		cpu) grep -q 'has no cpuset: capsules have all CPUs' "$WORK/output" ;;
		cpuset) grep -q 'has no cpu controller yet' "$WORK/output" ;;
		*) grep -q '/sched_vm has cpu and cpuset' "$WORK/output" ;;
		esac || fail "with $controllers"
	done
	# shellcheck disable=SC2016
	expect 1 '^WRONG +cgroup v2 is not mounted' unshare -m sh -c \
		'umount -l /sys/fs/cgroup && "$1" doctor' - "$tool"
	grep -q 'high-resolution timers are on' "$WORK/output" || fail "nothing else is looked at"
}
