#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tool on a kernel with deadline groups, in a machine of the lab (as root, in
# a machine that may be ruined): lab.sh SCHED-VM JSON NAPI FAKEDEV PTY LOAD [plan | others].
# JSON prints one value of a JSON file (tests/json.c), NAPI has a tap device
# (tests/napi.c), FAKEDEV plays /dev/sched_vm (tests/fakedev.c), PTY is a
# terminal where somebody presses Ctrl-C (tests/pty.c), LOAD has a demand that is known
# (tests/load.c). plan: what belongs to plan and suggest; others: all but that.

here=${0%/*}
tool=$1
json=$2
napi=$3
fakedev=$4
pty=$5
load=$6
part=${7-}
WORK=$(mktemp -d)
# A kernel with lockdep and KASAN takes about ten times as long for everything.
slow=1
[ ! -e /proc/lockdep_stats ] || slow=10

# shellcheck source=tap.sh
. "$here/tap.sh"
# shellcheck source=lab-adopt.sh
. "$here/lab-adopt.sh"
# shellcheck source=lab-watch.sh
. "$here/lab-watch.sh"
# shellcheck source=lab-suggest.sh
. "$here/lab-suggest.sh"

root=/sys/fs/cgroup
base=$root/sched_vm

# For what goes on beside.
pause() {
	sleep "$(awk "BEGIN { print $1 * $slow }")"
}

# In hundredths of a second.
uptime() {
	sed 's/^\([0-9]*\)\.\([0-9]*\) .*/\1\2/' /proc/uptime
}

value() {
	"$json" "$WORK/output" "$1"
}

# Its number in $pid.
hog() {
	sh -c 'while :; do :; done' &
	pid=$!
}

end() {
	kill "$1"
	wait "$1" || true
}

clean_up() {
	# What a test that failed has left running is not to be seen by the next one.
	! killall -q sched-vm || pause 1
	for cg in $base $root/user $root/by-hand $root/machine $root/home; do
		[ ! -d "$cg" ] || echo 1 >"$cg/cgroup.kill"
		find "$cg" -depth -type d -exec rmdir {} +
	done
	sysctl -w kernel.sched_rt_runtime_us=1000000
	rm -rf "$WORK/root"
}

has_device() {
	[ -c /dev/sched_vm ] || skip "this kernel has no /dev/sched_vm"
}

create_writes_what_was_said() {
	expect 0 '' "$tool" create a --budget 4ms --period 20ms
	same "$(cat $base/a/cpu.rt.max)" "4000 20000"
	same "$(cat $base/a/cpu.rt_scope)" all
	expect 0 '' "$tool" create b --budget 1.5ms --period 10ms --deadline 5ms --cpus 0 --scope rt
	same "$(cat $base/b/cpu.rt.max)" "1500 10000 5000"
	same "$(cat $base/b/cpu.rt_scope)" rt
	same "$(cat $base/b/cpuset.cpus)" 0
	"$tool" remove a
	"$tool" remove b
	[ ! -e $base/a ] && [ ! -e $base/b ]
}

create_says_what_is_wrong() {
	expect 2 'needs a --budget' "$tool" create a
	expect 1 'budget, 30ms, is more than the period' "$tool" create a --budget 30ms --period 20ms
	expect 1 'budget, 5us, is less than' "$tool" create a --budget 5us --period 20ms
	! grep -q cure "$WORK/output" || fail "a cure for a number"
	expect 1 'deadline, 30ms, is longer' \
		"$tool" create a --budget 5ms --period 20ms --deadline 30ms
	expect 1 'period must be from' "$tool" create a --budget 5ms --period 20s
	[ ! -e $base/a ] || fail "a is there"
	"$tool" create a --budget 4ms --period 20ms
	expect 1 'there is a capsule a already' "$tool" create a --budget 4ms --period 20ms
	"$tool" remove a
	expect 1 "no capsule 'a'" "$tool" remove a
}

# What cgroups do not allow, and a capsule that nobody could enter.
create_says_what_is_in_the_way() {
	mkdir $root/by-hand
	for limit in descendants depth; do
		echo 0 >$root/by-hand/cgroup.max.$limit
		expect 1 'cannot make' "$tool" create a --cgroup /by-hand --budget 1ms
		grep -q "cure: .*cgroup.max.$limit" "$WORK/output" || fail "no cure"
		echo max >$root/by-hand/cgroup.max.$limit
	done
	mkdir $root/by-hand/threads
	echo threaded >$root/by-hand/threads/cgroup.type
	expect 1 'not supported' "$tool" create a --cgroup /by-hand/threads --budget 1ms
	grep -q 'cure: it would be below a threaded one' "$WORK/output" || fail "no cure"
	[ ! -e $root/by-hand/threads/a ] || fail "a is there"
}

# 95 % are free: 60 and 35 fit, and not one more.
create_says_what_would_fit() {
	"$tool" create a --budget 12ms --period 20ms
	expect 1 'CPU [0-9]+ lacks 5.0[0-9] %' "$tool" create b --budget 8ms --period 20ms
	[ ! -e $base/b ] || fail "b is there"
	grep -q -E -e 'cure: --budget (7|6.99[0-9]*)ms would fit' "$WORK/output" ||
		fail "no cure"
	# shellcheck disable=SC2046
	"$tool" create b --period 20ms \
		$(sed -n 's/.*cure: \(--budget [^ ]*\) .*/\1/p' "$WORK/output")
	"$tool" remove b
	expect 1 'lacks' "$tool" create b --budget 8ms --period 20ms --json
	same "$(value errno)" 16
	period=$(value min_period_us)
	between "$period" 22850 22900
	"$tool" create b --budget 8ms --period "${period}us"
	"$tool" remove b
	"$tool" remove a
}

check_agrees_with_the_kernel() {
	"$tool" create a --budget 12ms --period 20ms
	expect 0 '^longest gap 26.236ms; at least 0us in any P, 6.872ms in 2 P, 27.548ms in 5 P$' \
		"$tool" check --budget 6.9ms --period 20ms
	expect 0 '' "$tool" check --budget 6.9ms --period 20ms --json
	same "$(value gap_us) $(value supply_p_us) $(value supply_2p_us) $(value supply_5p_us)" \
		"26236 0 6872 27548"
	expect 0 'fits' "$tool" check --budget 6.9ms --period 20ms
	expect 1 'does not fit' "$tool" check --budget 7.1ms --period 20ms
	expect 0 'fits' "$tool" check a --budget 18.9ms
	expect 1 'does not fit' "$tool" check a --budget 19.1ms
	expect 1 'more than the period' "$tool" check a --budget 21ms
	same "$(cat $base/a/cpu.rt.max)" "12000 20000"
	same "$(find $base -mindepth 1 -type d)" $base/a
	"$tool" remove a
}

# With fewer CPUs, but these times.
the_manual_is_right() {
	"$tool" create vm1 --budget 4ms --period 20ms
	expect 1 'CPU 0 lacks 15.0[0-9] %' "$tool" check --budget 18ms --period 20ms --cpus 0
	grep -q -E -e '--budget (15|14.99[0-9]*)ms would fit, so would --period 24' "$WORK/output"
	"$tool" remove vm1
}

# Where nothing is turned on yet. A failure half-way leaves nothing behind, either.
check_and_doctor_change_nothing() {
	[ ! -d $base ] || rmdir $base
	was=$(cat $root/cgroup.subtree_control)
	for controller in $was; do
		echo "-$controller" >$root/cgroup.subtree_control
	done
	for cmd in "check --budget 4ms --period 20ms" "doctor" \
		"check --budget 4ms --period 20ms --cgroup /by-hand/a/b"; do
		# shellcheck disable=SC2086
		expect 0 '' "$tool" $cmd
		same "$(cat $root/cgroup.subtree_control)" ""
		[ ! -e $base ] && [ ! -e $root/by-hand ] || fail "a cgroup is left"
	done
	mkdir $root/by-hand
	echo 1 >$root/by-hand/cgroup.max.descendants
	expect 1 'cannot make the cgroup /by-hand/a/check-' \
		"$tool" check --budget 4ms --cgroup /by-hand/a
	same "$(cat $root/cgroup.subtree_control)" ""
	same "$(find $root/by-hand -mindepth 1 -type d)" ""
	for controller in $was; do
		echo "+$controller" >$root/cgroup.subtree_control
	done
}

# Without the device, too.
check_knows_which_cpus_there_are() {
	"$tool" create a --budget 12ms --period 20ms --cpus 0
	expect 1 'CPU 7 is not available' "$tool" check --budget 1ms --period 20ms --cpus 7
	expect 1 'CPU 7 is not available' "$tool" check a --budget 1ms --cpus 7
	expect 0 'those that are available: 0' "$tool" check a --budget 13ms --cpus 0,7
	expect 0 'fits' "$tool" check a --budget 13ms --cpus 0
	"$tool" remove a
}

check_is_exact_with_the_device() {
	has_device
	expect 0 '' "$tool" check --budget 6.9ms --period 20ms --json
	same "$(value exact)" true
	expect 1 '' "$tool" check --budget 19.9ms --period 20ms --json
	same "$(value exact)" true
	fits=$(value max_budget_us)
	expect 0 '' "$tool" check --budget "${fits}us" --period 20ms
	expect 1 '' "$tool" check --budget $((fits + 1))us --period 20ms
}

# A file of FAKE_ROOT, from standard input: what is read in place of the real one.
fake_file() {
	mkdir -p "$WORK/root${1%/*}"
	cat >"$WORK/root$1"
}

# What it makes of the kernel's answers. The device is only played, and so are the
# CPUs 0 and 1 that all cgroups have.
fake() {
	for cg in "" /sched_vm; do
		echo 0-1 | fake_file "$root$cg/cpuset.cpus.effective"
	done
	env LD_PRELOAD="$fakedev" FAKE_ROOT="$WORK/root" FAKE_FREE=500000,250000 "$tool" "$@"
}

dry_runs_are_understood() {
	expect 0 '/dev/sched_vm, version 1, features 0x2' fake doctor
	expect 0 '^5ms in 20ms fits$' fake check --budget 5ms --period 20ms
	expect 1 'does not fit: CPU 1 lacks 5.00 %' fake check --budget 6ms --period 20ms --cpus 0-1
	grep -q -x -e '--budget 5ms would fit, so would --period 24ms, so would --cpus 0' \
		"$WORK/output" || fail "no cure"
	expect 0 'fits' fake check --budget 6ms --period 20ms --cpus 0
	expect 1 'does not fit: CPU 1 lacks 5.00 %' fake check --budget 6ms --period 20ms --cpus 1
	grep -q -x -e '--budget 5ms would fit, so would --period 24ms, so would --cpus 0' \
		"$WORK/output" || fail "no other CPU"
	expect 0 'of the CPUs 0,7, those that are available: 0' \
		fake check --budget 6ms --period 20ms --cpus 0,7
	expect 1 'none of the CPUs 7-9 is available' \
		fake check --budget 6ms --period 20ms --cpus 7-9
	grep -q 'the cgroup above has the CPUs 0-1' "$WORK/output" || fail "no cure"
	expect 1 '' fake check --budget 6ms --period 20ms --cpus 7 --json
	same "$(value fits)" false
	expect 1 'no capsule above has anything to hand out' \
		env FAKE_RESULT=6 LD_PRELOAD="$fakedev" FAKE_FREE=0 \
		"$tool" check --budget 6ms --period 20ms
	grep -q 'a capsule that is delegated' "$WORK/output" || fail "no cure"
	expect 1 '' fake check --budget 11ms --period 20ms --deadline 15ms --cpus 0-1 --json
	same "$(value exact)" true
	same "$(value cpu)" 1
	same "$(value missing_ppm)" 483334
	same "$(value max_budget_us)" 3750
	same "$(value fitting_cpus)" '[ ]'
	! value min_period_us || fail "a longer period does not help a fixed deadline"
	expect 1 'than the period' fake check --budget 21ms --period 20ms
	same "$(find $base -mindepth 1 -type d)" ""
}

# The kernel refuses, so it is asked why.
refusals_are_explained_by_the_dry_run() {
	"$tool" create a --budget 12ms --period 20ms
	expect 1 'CPU 0 lacks 10.00 %' env LD_PRELOAD="$fakedev" FAKE_FREE=300000,900000 \
		"$tool" create b --budget 8ms --period 20ms --cpus 0
	grep -q 'cure: --budget 6ms would fit' "$WORK/output" || fail "no cure"
	"$tool" remove a
}

# By the dry run, before anything is tried: else the kernel would have counted it.
changes_are_refused_at_once() {
	has_device
	"$tool" create b --budget 12ms --period 20ms
	"$tool" create a --budget 4ms --period 20ms
	expect 1 'CPU 0 lacks 5.0[0-9] %' "$tool" set a --cpus 0 --budget 8ms
	grep -q 'cure: --budget ' "$WORK/output" || fail "no cure"
	expect 1 'CPU 0 lacks 5.0[0-9] %' "$tool" set a --cpu-budget 0=3ms --cpu-budget 0=8ms
	grep -q -E 'cure: --cpu-budget 0=(7|6.99[0-9]*)ms would fit' "$WORK/output" || fail "no cure"
	expect 1 '' "$tool" set a --cpu-budget 0=8ms --json
	same "$(value errno)" 16
	expect 0 '' "$tool" set a --budget 8ms --cpu-budget 0=6ms
	same "$(cat $base/a/cpu.rt_cpu_budget_us)" "0 6000"
	grep -q -x 'refused 0' $base/a/cpu.rt_events || fail "the kernel was asked"
	# The dry run knows nothing of an exception beside another one.
	expect 1 'CPU 0 lacks [0-9.]* %' "$tool" set a --cpu-budget 0=9ms
	grep -q -E 'cure: --cpu-budget 0=(7|6.99[0-9]*)ms would fit' "$WORK/output" || fail "no cure"
	expect 0 '' "$tool" set a --budget 4ms --cpu-budget 0=max
	"$tool" remove a
	"$tool" remove b
}

# What was made is said, and what it is after a change.
what_was_made_is_said() {
	expect 0 '^a: 4ms in every 20ms on .*, 20.0 % of' "$tool" create a --budget 4ms --period 20ms
	expect 0 '^a: 5ms in every 20ms on .*, 25.0 % of' "$tool" set a --budget 5ms
	expect 1 'on CPU 0, the budget, 21ms, is more' "$tool" set a --cpu-budget 0=21ms
	expect 1 'CPU .*1.* is not there' "$tool" set a --cpu-budget 1=2ms
	"$tool" remove a
}

# Less than what capsules below have: which is the least that fits?
capsules_below_are_named() {
	has_device
	"$tool" create par --budget 10ms --period 20ms
	echo +cpu >$base/par/cgroup.subtree_control
	mkdir $base/par/kid
	echo '4000 20000' >$base/par/kid/cpu.rt.max
	expect 1 'capsules below have .* more on CPU 0' "$tool" set par --budget 2ms
	grep -q 'cure: --budget 4ms is the least that fits' "$WORK/output" || fail "no cure"
	expect 1 '' "$tool" check par --budget 2ms --period 20ms --json
	same "$(value min_budget_us)" 4000
	expect 0 '^0 .* par 50.0 %' "$tool" free
	rmdir $base/par/kid
	"$tool" remove par
}

# By what inotify says of the kernel's files.
events_are_told() {
	"$tool" monitor --json --count 3 >"$WORK/events" &
	monitor=$!
	pause 0.5
	"$tool" create a --budget 4ms --period 20ms
	hog
	echo $pid >$base/a/cgroup.procs
	tries=0
	while [ "$(wc -l <"$WORK/events")" -lt 3 ] && [ $tries -lt 50 ]; do
		tries=$((tries + 1))
		pause 0.1
	done
	cat "$WORK/events"
	end $pid
	kill $monitor || wait $monitor
	same "$(grep -c . "$WORK/events")" 3
	head -n 1 "$WORK/events" | grep -q '"made"' || fail "nothing was made"
	grep -q '"throttled"' "$WORK/events" || fail "nothing was used up"
	"$tool" remove a
}

user() {
	sh "$WORK/user.sh" "$tool" "$@"
}

# The cgroup above all capsules takes no processes.
what_is_left_is_moved() {
	# shellcheck disable=SC2016
	expect 0 '' user run --budget 2ms --period 20ms sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!'
	left=$(cat "$WORK/output")
	same "$(cat "/proc/$left/cgroup")" 0::/user/session
	same "$(find $root/user/sched_vm -mindepth 1 -type d)" ""
	user create a --budget 2ms --period 20ms
	echo "$left" >$root/user/sched_vm/a/cgroup.procs
	# Where it runs itself is in the capsule that goes.
	echo $$ >$root/cgroup.procs
	expect 0 '' sh -c "echo \$\$ >$root/user/sched_vm/a/cgroup.procs
		exec setpriv --reuid 1000 --regid 1000 --clear-groups $tool remove a --force"
	same "$(cat "/proc/$left/cgroup")" 0::/user/sched_vm/outside
	kill "$left"
	pause 0.1
}

# denied ARGUMENT...: with what helps
denied() {
	expect 1 'Permission denied' user "$@"
	grep -q 'cure: run as root, or ' "$WORK/output" || fail "no cure"
}

# As systemd delegates a subtree to a user.
delegated_subtree() {
	mkdir -p $root/user/session
	echo +cpu >$root/user/cgroup.subtree_control
	for cg in user user/session; do
		for file in "" /cgroup.procs /cgroup.subtree_control /cgroup.threads; do
			chown 1000:1000 "$root/$cg$file"
		done
	done
	cat >"$WORK/user.sh" <<-END
		echo \$\$ >$root/user/session/cgroup.procs
		exec setpriv --reuid 1000 --regid 1000 --clear-groups "\$@"
	END
	expect 1 'not permitted.*' user create a --budget 2ms --period 20ms
	grep -q 'a capsule that is delegated' "$WORK/output" || fail "no cure"
	echo '10000 20000' >$root/user/cpu.rt.max
	expect 0 '' user create a --budget 2ms --period 20ms
	same "$(cat $root/user/sched_vm/a/cpu.rt.max)" "2000 20000"
	expect 0 '^ +a +2ms +20ms +max +0 +.10.0 %. ' user list
	expect 1 'takes CAP_SYS_NICE' user check --budget 199us --period 20ms
	expect 1 'not permitted' user create tiny --budget 199us --period 20ms
	expect 0 '^0::/user/sched_vm/run-' \
		user run --budget 2ms --period 20ms cat /proc/self/cgroup
	denied create b --cgroup /other --budget 2ms
	"$tool" create theirs --budget 2ms --period 20ms
	denied set /sched_vm/theirs --budget 1ms
	denied remove /sched_vm/theirs
	same "$(cat $base/theirs/cpu.rt.max)" '2000 20000'
	"$tool" remove theirs
	denied adopt a --pid 1
	expect 0 '' user remove a
	expect 1 'cannot trace|no reservation|no capsule' user record a
	what_is_left_is_moved
	denied adopt b --pid 1 --budget 2ms --period 20ms
	[ ! -e $root/user/sched_vm/b ] || fail "b is there"
	find $root/user -depth -type d -exec rmdir {} +
}

set_changes_only_what_was_said() {
	"$tool" create a --budget 4ms --period 20ms --deadline 10ms
	"$tool" set a --budget 5ms
	same "$(cat $base/a/cpu.rt.max)" "5000 20000 10000"
	"$tool" set a --deadline max --period 40ms
	same "$(cat $base/a/cpu.rt.max)" "5000 40000"
	"$tool" set a --cpu-budget 0=6ms
	same "$(cat $base/a/cpu.rt_cpu_budget_us)" "0 6000"
	"$tool" set a --extra fair
	same "$(cat $base/a/cpu.rt_extra)" fair
	expect 0 'and a normal share' "$tool" show a
	"$tool" set a --extra none
	"$tool" set a --cpu-budget 0=max --scope rt
	same "$(cat $base/a/cpu.rt_cpu_budget_us)" ""
	same "$(cat $base/a/cpu.rt_scope)" rt
	expect 1 'lacks' "$tool" set a --budget 39.9ms
	same "$(cat $base/a/cpu.rt.max)" "5000 40000"
	expect 2 'nothing to change' "$tool" set a
	"$tool" set a --budget max
	same "$(cat $base/a/cpu.rt_budget_us)" max
	expect 0 '' "$tool" show a --json
	same "$(value stat.0.budget_us)" max
	"$tool" remove a
}

set_changes_all_or_nothing() {
	# The first turns cpuset on.
	"$tool" create b --budget 1ms --period 20ms --cpus 0
	"$tool" remove b
	"$tool" create a --budget 4ms --period 20ms --cpu-budget 0=5ms
	for what in "--budget 19.9ms --cpu-budget 0=19.9ms" "--cpu-budget 0=6ms --period 5ms" \
		"--budget 3ms --cpu-budget 0=6ms --irq +9999"; do
		# shellcheck disable=SC2086
		expect 1 '' "$tool" set a --cpus 0 --scope rt $what
		same "$(cat $base/a/cpu.rt.max)" "4000 20000"
		same "$(cat $base/a/cpu.rt_cpu_budget_us)" "0 5000"
		same "$(cat $base/a/cpu.rt_scope)" all
		same "$(cat $base/a/cpuset.cpus)" ""
	done
	"$tool" remove a
}

# The kernel takes one file after the other, and must agree each time.
set_finds_an_order_that_fits() {
	"$tool" create a --budget 19.9ms --period 20ms --cpu-budget 0=4ms
	"$tool" remove a
	"$tool" create a --budget 4ms --period 200ms --cpu-budget 0=150ms
	same "$(cat $base/a/cpu.rt_cpu_budget_us)" "0 150000"
	"$tool" set a --period 20ms --cpu-budget 0=10ms
	same "$(cat $base/a/cpu.rt.max)" "4000 20000"
	same "$(cat $base/a/cpu.rt_cpu_budget_us)" "0 10000"
	"$tool" set a --period 200ms --cpu-budget 0=150ms
	same "$(cat $base/a/cpu.rt.max)" "4000 200000"
	same "$(cat $base/a/cpu.rt_cpu_budget_us)" "0 150000"
	"$tool" remove a
}

set_turns_cpuset_on() {
	"$tool" create a --budget 4ms --period 20ms
	[ ! -e $base/a/cpuset.cpus ] || fail "cpuset is on already"
	expect 0 '' "$tool" set a --cpus 0
	same "$(cat $base/a/cpuset.cpus)" 0
	"$tool" remove a
}

list_and_show() {
	expect 0 'no capsules' "$tool" list
	"$tool" create a --budget 4ms --period 20ms
	mkdir $root/by-hand
	echo "1000 10000" >$root/by-hand/cpu.rt.max
	expect 0 '^/by-hand +1ms +10ms' "$tool" list
	grep -q -E '^a +4ms +20ms +max +0 +20.0 % +all +0 +empty' "$WORK/output" || fail "a is not in the list"
	expect 0 '' "$tool" list --json
	same "$(value capsules.1.name)" a
	same "$(value capsules.1.budget_us)" 4000
	same "$(value capsules.1.deadline_us)" max
	same "$(value capsules.0.cgroup)" /by-hand
	hog
	before=$(uptime)
	echo $pid >$base/a/cgroup.procs
	sleep 1
	expect 0 '4ms in every 20ms' "$tool" show a --threads
	grep -q -E "^ *$pid +sh +process +inside" "$WORK/output" || fail "no thread"
	expect 0 '' "$tool" show a --json
	periods=$((($(uptime) - before) / 2))
	between "$(value total.nr_throttled)" 40 $((periods + 1))
	between "$(value total.usage_usec)" 180000 $(((periods + 1) * 4200))
	same "$(value nr_threads)" 1
	end $pid
	"$tool" remove a
	"$tool" remove /by-hand
	same "$(cat $root/by-hand/cpu.rt_budget_us)" max
	rmdir $root/by-hand
}

no_odd_bytes() {
	[ -z "$(LC_ALL=C tr -d '\n -~' <"$WORK/output")" ] || fail "odd bytes"
}

# Whoever has a subtree names cgroups as he likes.
list_shows_names_cleanly() {
	odd=$root/by-hand/$(printf 'a\033[2J\377')
	mkdir -p "$odd"
	echo +cpu >$root/by-hand/cgroup.subtree_control
	echo "1000 10000" >"$odd/cpu.rt.max"
	expect 0 '^/by-hand/a[?]\[2J[?] +1ms +10ms' "$tool" list
	sleep 100 &
	pid=$!
	echo $pid >"$odd/cgroup.procs"
	for cmd in list "show ${odd#"$root"}" "top --once --interval 100ms"; do
		# shellcheck disable=SC2086
		expect 0 '' "$tool" $cmd --json
		no_odd_bytes
	done
	same "$(value capsules.0.cgroup)" '/by-hand/a?[2J?'
	expect 0 'cgroup: /by-hand/a[?]\[2J[?]$' "$tool" show "${odd#"$root"}"
	expect 0 'served by' "$tool" adopt g --pid $pid --in-place
	no_odd_bytes
	expect 0 '' "$tool" adopt g --pid $pid --in-place --json
	no_odd_bytes
	echo $pid >$root/cgroup.procs
	end $pid
	expect 1 'does not fit' "$tool" create b --cgroup "${odd#"$root"}/x/y" --budget 9ms --period 10ms
	no_odd_bytes
}

remove_moves_threads_only_if_told() {
	"$tool" create a --budget 4ms --period 20ms
	hog
	echo $pid >$base/a/cgroup.procs
	expect 1 '1 process is inside' "$tool" remove a
	mkdir $base/a/below
	expect 1 'a: Device or resource busy' "$tool" remove a --force
	grep -q 'cgroups below it must go first' "$WORK/output" || fail "no cure"
	same "$(cat /proc/$pid/cgroup)" 0::/sched_vm/a
	rmdir $base/a/below
	"$tool" remove a --force
	[ ! -e $base/a ] || fail "a is there"
	same "$(cat /proc/$pid/cgroup)" 0::/
	end $pid
}

# A period that is not the default's, exceptions that only fit into that.
remove_by_path_leaves_nothing_behind() {
	mkdir -p $root/machine/guest
	echo +cpu >$root/machine/cgroup.subtree_control
	cg=$root/machine/guest
	echo "4000 200000 180000" >$cg/cpu.rt.max
	echo "0 150000" >$cg/cpu.rt_cpu_budget_us
	echo rt >$cg/cpu.rt_scope
	expect 0 '' "$tool" remove /machine/guest
	same "$(cat $cg/cpu.rt.max)" "max 100000"
	same "$(cat $cg/cpu.rt_cpu_budget_us)" ""
	same "$(cat $cg/cpu.rt_scope)" all
}

# Kernel threads go home, but a process stays.
remove_by_path_ends_what_adopt_did() {
	"$tool" create g --budget 4ms --period 20ms
	"$napi" tap7 &
	pid=$!
	pause 0.2
	ip link set tap7 up
	echo 1 >/sys/class/net/tap7/threaded
	expect 0 '2 of 2 threads are served by g' "$tool" adopt g --pid $pid
	kthread=$(sed -n 's|^ *\([0-9]*\) *napi/tap7.*|\1|p' "$WORK/output")
	same "$(cat "/proc/$kthread/cgroup")" 0::/sched_vm/g
	irq=$(awk -F: '/^ *[1-9][0-9]*:/ { print $1 + 0; exit }' /proc/interrupts)
	[ ! -e $base/g/cpu.rt_irqs ] || "$tool" set g --irq "+$irq"
	expect 0 '' "$tool" remove /sched_vm/g
	same "$(cat "/proc/$kthread/cgroup")" 0::/
	same "$(cat /proc/$pid/cgroup)" 0::/sched_vm/g
	[ ! -e $base/g/cpu.rt_irqs ] || same "$(cat $base/g/cpu.rt_irqs)" ""
	end $pid
}

run_passes_the_status_on() {
	rc=0
	"$tool" run --budget 4ms --period 20ms -- sh -c 'exit 7' || rc=$?
	same $rc 7
	rc=0
	"$tool" run --budget 4ms --period 20ms -- sh -c 'kill -9 $$' || rc=$?
	same $rc 137
	rc=0
	"$tool" run --budget 4ms --period 20ms -- /no/such/program || rc=$?
	same $rc 127
	: >"$WORK/program"
	rc=0
	"$tool" run --budget 4ms --period 20ms -- "$WORK/program" || rc=$?
	same $rc 126
	expect 0 '^0::/sched_vm/x$' "$tool" run --name x --budget 4ms --period 20ms cat /proc/self/cgroup
	expect 0 'dl_group : /sched_vm/run-' "$tool" run --budget 4ms --period 20ms cat /proc/self/sched
	same "$(find $base -mindepth 1 -type d)" ""
}

run_passes_signals_on() {
	"$tool" run --name x --budget 4ms --period 20ms -- sh -c 'trap "exit 5" TERM; while :; do :; done' &
	tool_pid=$!
	pause 1
	kill -TERM $tool_pid
	rc=0
	wait $tool_pid || rc=$?
	same $rc 5
	[ ! -e $base/x ] || fail "x is there"
}

# At every moment from its start on.
run_leaves_no_capsule_when_killed() {
	step=$((slow > 1 ? 1500 * slow : 300))
	for us in $(seq 0 $step $((24000 * slow))); do
		"$tool" run --name x --budget 4ms --period 20ms -- sleep 1000 &
		tool_pid=$!
		usleep "$us"
		kill -TERM $tool_pid
		rc=0
		wait $tool_pid || rc=$?
		[ $rc -eq 143 ] || fail "$rc after $us us"
		[ ! -e $base/x ] || fail "x is there after $us us"
	done
}

# Somebody else waits then, until nobody is inside.
run_leaves_no_capsule_when_shot() {
	"$tool" run --name x --budget 4ms --period 20ms -- sleep 1000 &
	tool_pid=$!
	pause 0.5
	kill -KILL $tool_pid
	wait $tool_pid || true
	pause 0.5
	same "$(cat "/proc/$(cat $base/x/cgroup.procs)/comm")" sleep
	kill "$(cat $base/x/cgroup.procs)"
	pause 3
	[ ! -e $base/x ] || fail "x is there"
}

run_leaves_ignored_signals_ignored() {
	rc=0
	# shellcheck disable=SC2016
	(trap '' HUP && exec "$tool" run --budget 4ms --period 20ms -- \
		sh -c 'kill -HUP $$; kill -HUP $PPID; exit 3') || rc=$?
	same $rc 3
}

# The terminal tells both.
run_gets_ctrl_c_once() {
	mkdir -p /dev/pts
	grep -q ' /dev/pts ' /proc/mounts || mount -t devpts devpts /dev/pts
	expect 0 'Ctrl-C: 1' "$pty" "$tool" run --budget 4ms --period 20ms -- "$pty"
}

device_is_found() {
	has_device
	expect 0 'ok +/dev/sched_vm, version' "$tool" doctor
	"$tool" create a --budget 4ms --period 20ms
	hog
	echo $pid >$base/a/cgroup.procs
	pause 0.2
	expect 0 '' "$tool" show a --json
	same "$(value stat.0.nr_ready)" 1
	end $pid
	"$tool" remove a
}

irqs_are_bound() {
	"$tool" create a --budget 1ms --period 10ms
	if [ ! -e $base/a/cpu.rt_irqs ]; then
		expect 1 'cannot bind irq' "$tool" set a --irq +1
		"$tool" remove a
		skip "this kernel has no cpu.rt_irqs"
	fi
	irq=$(ps -o comm | sed -n 's|^irq/\([0-9]*\)-.*|\1|p' | head -n 1)
	[ -n "$irq" ] || skip "this machine has no irq threads"
	"$tool" set a --irq "+$irq"
	expect 0 "irqs: $irq" "$tool" show a
	expect 0 "irq/$irq-.* irq +inside, bound" "$tool" show a --threads
	expect 1 'there is no irq 9999' "$tool" set a --irq +9999
	expect 1 'irq 9999 is not bound to it' "$tool" set a --irq -9999
	"$tool" set a --irq "-$irq"
	same "$(cat $base/a/cpu.rt_irqs)" ""
	"$tool" remove a
}

poll=/sys/module/kvm/parameters/halt_poll_ns
[ ! -w $poll ] || echo 0 >$poll
# 95 % of each CPU are free beside the fair server.
echo 1000000 >/proc/sys/kernel/sched_rt_runtime_us

# What these write to the kernel, the selftests input, device, and devfuzz write in a slow one, too.
file_tests="create_writes_what_was_said create_says_what_is_wrong create_says_what_is_in_the_way
	create_says_what_would_fit the_manual_is_right
	check_and_doctor_change_nothing check_knows_which_cpus_there_are check_is_exact_with_the_device
	dry_runs_are_understood refusals_are_explained_by_the_dry_run changes_are_refused_at_once
	what_was_made_is_said capsules_below_are_named set_changes_only_what_was_said
	set_changes_all_or_nothing set_finds_an_order_that_fits list_and_show list_shows_names_cleanly
	run_passes_the_status_on run_passes_signals_on run_leaves_ignored_signals_ignored
	run_gets_ctrl_c_once adopt_wants_a_budget adopt_refuses_a_name_that_is_taken
	adopt_knows_an_old_pid_file threads_are_named_cleanly doctor_finds_the_configuration
	doctor_looks_at_the_layout"
plan_tests="check_agrees_with_the_kernel"
[ $slow = 1 ] || file_tests='' plan_tests=''

tests="$file_tests events_are_told delegated_subtree set_turns_cpuset_on remove_moves_threads_only_if_told
	remove_by_path_leaves_nothing_behind remove_by_path_ends_what_adopt_did
	run_leaves_no_capsule_when_killed run_leaves_no_capsule_when_shot adopt_takes_and_returns
	adopt_removes_at_exit adopt_removes_no_other_at_exit who_waits_may_be_killed
	adopt_leaves_no_empty_capsule adopt_in_place_reserves_where_it_is adopt_finds_a_guest_by_name
	adopt_takes_napi_threads adopt_takes_no_impostors adopt_knows_network_namespaces
	adopt_takes_only_irqs_of_the_guest adopt_knows_where_irqs_are_delivered top_sees_the_budget_used
	top_sees_who_escaped who_left_has_escaped who_left_its_place_has_escaped scope_lets_nobody_escape
	record_draws_what_happened $record_tests no_instance_is_left record_shows_that_it_goes_on
	record_says_what_is_wrong doctor_knows_this_kernel doctor_knows_what_serves_the_host
	doctor_wants_the_fair_server device_is_found irqs_are_bound"
plan_tests="$plan_tests $suggest_tests"
case $part in
plan) tests=$plan_tests ;;
others) ;;
*) tests="$tests $plan_tests" ;;
esac
# shellcheck disable=SC2086
run $tests
