#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Cures that cure: each call that the tool makes fails with each errno that it can have,
# and what is said to help must fit. On a made-up machine, as of tree.sh.
# errors.sh SCHED-VM JSON FAKEDEV THREADS
#
# Variables are folders and numbers, without blanks.
# shellcheck disable=SC2086,SC2034

here=${0%/*}
tool=$1
json=$2
fakedev=$3
threads=$4
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tap.sh
. "$here/tap.sh"
# shellcheck source=machine.sh
. "$here/machine.sh"

# Each failure begins with the same machine: web has all files of a capsule, and a part,
# nocpu has none, and below bare there is no controller yet.
errors_machine() {
	machine
	process
	group sched_vm/web 4000 20000
	group sched_vm/web/part 1000 20000
	group sched_vm/empty 1000 20000
	group sched_vm/full 4000 20000 $pid
	group vm max 100000 $pid
	mkdir "$root/sched_vm/nocpu" "$root/bare"
	echo 'cpuset cpu' >"$root/sched_vm/nocpu/cgroup.controllers"
	echo 'cpuset cpu' >"$root/bare/cgroup.controllers"
	echo 'cpuset cpu' >"$root/sched_vm/cgroup.subtree_control"
	echo '0 6000' >"$root/sched_vm/web/cpu.rt_cpu_budget_us"
	: >"$root/cgroup.procs"
	cp -a "$root/vm" "$WORK/new"
	: >"$WORK/new/cgroup.procs"
	: >"$WORK/script"
	cp -a "$root" "$WORK/before"
}

# cures: lines "WHAT FAILS|WHAT HELPS|COMMAND", as FAKE_FAIL, a pattern, or "none", and
# arguments of the tool.
cures() {
	wrong=0
	while IFS='|' read -r fails helps line; do
		rm -rf "$root"
		cp -a "$WORK/before" "$root"
		rc=0
		FAKE_FAIL=$fails FAKE_NEW=$WORK/new fake $line >"$WORK/output" 2>&1 || rc=$?
		sed -n '/^ *cure: /,$p' "$WORK/output" >"$WORK/cure"
		[ -s "$WORK/cure" ] || echo none >"$WORK/cure"
		if [ $rc -eq 2 ] || ! grep -q -E -e "$helps" "$WORK/cure"; then
			echo "FAIL: $line, with $fails: no '$helps' in"
			cat "$WORK/output"
			wrong=$((wrong + 1))
		fi
	done
	rm -rf "$root" "$WORK/before" "$WORK/new"
	[ $wrong -eq 0 ] || fail "$wrong of them"
}

what_keeps_controllers_off() {
	errors_machine
	cures <<-EOF
		cgroup.subtree_control=EBUSY|processes in it forbid that|create a --cgroup /bare --budget 1ms
		cgroup.subtree_control=EACCES|run as root|create a --cgroup /bare --budget 1ms
		cgroup.subtree_control=EROFS|remount,rw|create a --cgroup /bare --budget 1ms
		cgroup.subtree_control=EOPNOTSUPP|threaded.* another --cgroup|create a --cgroup /bare --budget 1ms
		cgroup.subtree_control=ENOTDIR|it is a file: another --cgroup|create a --cgroup /bare --budget 1ms
		cgroup.subtree_control=ENODEV|try again|create a --cgroup /bare --budget 1ms
		cgroup.subtree_control=ENOENT|try again|create a --cgroup /bare --budget 1ms
		cgroup.subtree_control=ENOMEM|free memory|create a --cgroup /bare --budget 1ms
		|it is a file: another --cgroup|create a --cgroup /cgroup.controllers --budget 1ms
	EOF
}

what_keeps_a_cgroup_from_being_made() {
	errors_machine
	cures <<-EOF
		mkdir=EAGAIN|cgroup.max.descendants or cgroup.max.depth|create a --budget 1ms
		mkdir=ENOSPC|rmdir empty ones|create a --budget 1ms
		mkdir=EACCES|run as root|create a --budget 1ms
		mkdir=EROFS|remount,rw|create a --budget 1ms
		mkdir=ENOTDIR|another --cgroup|create a --budget 1ms
		mkdir=ENAMETOOLONG|a shorter NAME|create a --budget 1ms
		mkdir=EINVAL|another NAME or --cgroup|create a --budget 1ms
		mkdir=EEXIST|another NAME|create a --budget 1ms
		mkdir=EOPNOTSUPP|below a threaded one|create a --budget 1ms
		mkdir=ENODEV|try again|create a --budget 1ms
		mkdir=ENOENT|try again|check --budget 1ms
		mkdir=ENOMEM|free memory|run --budget 1ms true
	EOF
}

what_keeps_a_cpuset_as_it_is() {
	errors_machine
	cures <<-EOF
		cpuset.cpus=EINVAL|another partition: other --cpus|set web --cpus 0
		cpuset.cpus=EBUSY|sched-vm check.*SCHED_DEADLINE|set web --cpus 0
		cpuset.cpus=ENOSPC|other --cpus|set web --cpus 0
		cpuset.cpus=EACCES|run as root|set web --cpus 0
		cpuset.cpus=EROFS|remount,rw|set web --cpus 0
		cpuset.cpus=ENODEV|try again|set web --cpus 0
		cpuset.cpus=ENOMEM|free memory|set web --cpus 0
	EOF
}

# A kernel lacks nothing where a cgroup has no controller.
what_keeps_words_as_they_are() {
	errors_machine
	cures <<-EOF
		cpu.rt_scope=EACCES|run as root|set web --scope rt
		cpu.rt_scope=EROFS|remount,rw|set web --scope rt
		cpu.rt_scope=ENODEV|try again|set web --scope rt
		cpu.rt_scope=ENOMEM|free memory|set web --scope rt
		cpu.rt_scope=EBUSY|handed out all|set web --scope rt
		cpu.rt_scope=EINVAL|boot a newer one|set web --scope rt
		|boot one that has it|set web --extra fair
		|echo .cpu > cgroup.subtree_control|set nocpu --scope rt
		|echo .cpu > cgroup.subtree_control|set nocpu --extra fair
		|echo .cpu > cgroup.subtree_control|set nocpu --irq +1
		|echo .cpu > cgroup.subtree_control|set nocpu --budget 1ms
		|echo .cpu > cgroup.subtree_control|set nocpu --cpu-budget 0=1ms
		|echo .cpu > cgroup.subtree_control|adopt nocpu --pid $pid --budget 1ms
		cpu.rt_scope=EIO@2,cpu.rt.max=EBUSY|echo 'all' > .*/sched_vm/web/cpu.rt_scope|set web --scope rt --budget 5ms
		cpu.rt_cpu_budget_us=EIO@2,cpu.rt.max=EBUSY|^0 6000' > |set web --cpu-budget 0=5ms --budget 5ms
	EOF
}

what_keeps_irqs_away() {
	errors_machine
	cures <<-EOF
		cpu.rt_irqs=EBUSY|list --json.*have all: leave it some|set web --irq +1
		cpu.rt_irqs=EINVAL|leave it outside|set web --irq +1
		cpu.rt_irqs=EPERM|it takes CAP_SYS_NICE|set web --irq +1
		cpu.rt_irqs=EACCES|run as root, or give|set web --irq +1
		cpu.rt_irqs=ENOENT|/proc/interrupts|set web --irq +1
		cpu.rt_irqs=ENOENT|sched-vm show|set web --irq -1
		cpu.rt_irqs=ENOMEM|free memory|set web --irq +1
		cpu.rt_irqs=EROFS|remount,rw|set web --irq +1
		cpu.rt_irqs=ENODEV|try again|set web --irq +1
	EOF
}

what_keeps_a_reservation_as_it_is() {
	errors_machine
	cures <<-EOF
		cpu.rt.max=EINVAL|--cpu-budget 0=max, or up to 5ms|set web --period 5ms
		cpu.rt.max=EINVAL|none|set web --budget 30ms
		cpu.rt.max=EBUSY|less here, or less below|set web --budget 5ms
		cpu.rt.max=EBUSY|--budget 19ms would fit|set web --budget 19.9ms
		cpu.rt.max=EPERM|at least 200us|set web --budget 5ms
		cpu.rt.max=EACCES|run as root|set web --budget 5ms
		cpu.rt.max=EROFS|remount,rw|set web --budget 5ms
		cpu.rt.max=ENODEV|try again|set web --budget 5ms
		cpu.rt.max=ENOMEM|free memory|set web --budget 5ms
		cpu.rt.max=EBUSY|chrt -o .* move them out$|set web --budget 0
		cpu.rt.max=EBUSY|chrt -o .* move them out; or more for the capsule above|set /sched_vm/web/part --budget 0
		cpu.rt.max=EBUSY|move them out; or more for the capsule above|set /sched_vm/web/part --budget max
		cpu.rt_budget_us=EBUSY|move them out; or more for the capsule above|remove /sched_vm/web/part
		cpu.rt_budget_us=EBUSY|move them out$|remove /sched_vm/web
		cpu.rt_cpu_budget_us=EPERM|at least 200us|set web --cpu-budget 0=1ms
		cpu.rt_cpu_budget_us=EINVAL|from 10us to the deadline|set web --cpu-budget 0=1ms
		cpu.rt_cpu_budget_us=EBUSY|sched-vm free|set web --cpu-budget 0=1ms
		cpu.rt_cpu_budget_us=ENOMEM|free memory|set web --cpu-budget 0=1ms
		cpu.rt_scope=ENOMEM|sched-vm set /sched_vm/web --scope all|remove /sched_vm/web
	EOF
}

what_keeps_threads_out() {
	errors_machine
	cures <<-EOF
		cgroup.procs=EBUSY|another NAME; or all it has: leave it some|adopt web --pid $pid
		cgroup.procs=EINVAL|chrt -o|adopt web --pid $pid
		cgroup.procs=EACCES|above both|adopt web --pid $pid
		cgroup.procs=ESRCH|another process|adopt web --pid $pid
		cgroup.procs=EOPNOTSUPP|it is threaded|adopt web --pid $pid
		cgroup.procs=ENOSPC|--cpus|adopt web --pid $pid
		cgroup.procs=EROFS|remount,rw|adopt web --pid $pid
		cgroup.procs=EBUSY|leave it some|run --budget 1ms true
		cgroup.procs=EACCES|above both|run --budget 1ms true
		cgroup.procs=EINVAL|chrt -o|run --budget 1ms true
	EOF
}

what_keeps_threads_inside() {
	errors_machine
	cures <<-EOF
		|kill those in its cgroup.procs|remove full --force
		cgroup.procs=EBUSY|kill those in its cgroup.procs|remove full --force
		cgroup.procs=EINVAL|chrt -o|remove full --force
		cgroup.procs=EOPNOTSUPP|kill them, or move them|remove full --force
		cgroup.procs=ENOSPC|give it CPUs|remove full --force
		cgroup.procs=EACCES|run as root|remove full --force
		cgroup.procs=EBUSY,mkdir=EROFS|remount,rw|remove full --force
		rmdir=EBUSY|cgroups below it must go first|remove empty
		|cgroups below it must go first|remove web
		rmdir=EACCES|run as root|remove empty
	EOF
}

what_keeps_programs_from_running() {
	errors_machine
	cures <<-EOF
		fork=EAGAIN@2|ulimit -u, pids.max|run --budget 1ms true
		fork=ENOMEM@2|free memory|run --budget 1ms true
		pipe2=EMFILE|remove --force run-.* by hand; raise ulimit -n|run --budget 1ms true
		fork=EAGAIN|remove --force full by hand; .* pids.max|adopt full --pid $pid --remove-at-exit
		execvp=ENOENT|name in .PATH|run --budget 1ms true
		execvp=EACCES|chmod .x it|run --budget 1ms true
		execvp=ENOEXEC|a program for this machine|run --budget 1ms true
		execvp=E2BIG|fewer arguments|run --budget 1ms true
		execvp=ETXTBSY|somebody writes it|run --budget 1ms true
		|chmod .x|run --budget 1ms $WORK/script
		|name in .PATH|run --budget 1ms $WORK/nothing
	EOF
}

what_keeps_notes_from_being_taken() {
	errors_machine
	cures <<-EOF
		user.sched_vm.name=EPERM|run as root|adopt g --pid $pid --in-place --budget 1ms
		user.sched_vm.name=ENOSPC|setfattr -x|adopt g --pid $pid --in-place --budget 1ms
		user.sched_vm.cpus=ENOSPC,user.sched_vm.name=ENOSPC|name of .*only its path now|create a --budget 1ms --cpus 0
		user.sched_vm.made=EROFS|remount,rw|create a --budget 1ms
	EOF
}

what_keeps_the_device_away() {
	errors_machine
	cures <<-EOF
		/dev/sched_vm=EACCES|permission to read and write it|doctor
		/dev/sched_vm=EPERM|container must be given it|doctor
		/dev/sched_vm=ENOENT|mknod it, c 10|doctor
		/dev/sched_vm=ENXIO|rm it, and mknod it|doctor
		/dev/sched_vm=ENODEV|rm it, and mknod it|doctor
		/dev/sched_vm=ENOTTY|of one version|doctor
		/dev/sched_vm=EINVAL|of one version|doctor
	EOF
}

# There is no tracefs here: that it cannot be had is told in all ways.
what_keeps_events_from_being_traced() {
	errors_machine
	# Who may not look there is told that there is nothing.
	missing='event tracing in the kernel'
	[ ! -e /sys/kernel/tracing ] || [ -x /sys/kernel/tracing ] || missing='run as root'
	cures <<-EOF
		tracefs=EACCES|run as root, without lockdown|record web -o $WORK/o.json
		tracefs=EPERM|run as root, without lockdown|record web -o $WORK/o.json
		tracefs=ENOENT|$missing|record web -o $WORK/o.json
		tracefs=ENOMEM|4 MiB for each CPU|record web -o $WORK/o.json
		tracefs=EBUSY|somebody else uses its buffers|record web -o $WORK/o.json
		tracefs=EROFS|remount,rw /sys/kernel/tracing|record web -o $WORK/o.json
		tracefs=EPERM|run as root, without lockdown|suggest --pid $pid --time 100ms
	EOF
}

to_full_disk() {
	fake "$@" >/dev/full
}

what_keeps_files_from_being_read_or_written() {
	trace=$here/trace.txt
	errors_machine
	cures <<-EOF
		trace.txt=EACCES|may read it|record --from $trace -o $WORK/o.json
		trace.txt=EPERM|may read it|record --from $trace -o $WORK/o.json
		trace.txt=EIO|name another file|record --from $trace -o $WORK/o.json
		trace.txt=ENFILE|fs.file-max|record --from $trace -o $WORK/o.json
		o.json=EACCES|chmod .w it|record --from $trace -o $WORK/o.json
		o.json=EPERM|that you may write|record --from $trace -o $WORK/o.json
		o.json=ENOSPC|make room there|record --from $trace -o $WORK/o.json
		o.svg=EDQUOT|on another disk|record --from $trace -o $WORK/o.json
		o.raw=EFBIG|raise ulimit -f|record --from $trace -o $WORK/o.json --raw $WORK/o.raw
		o.json=ENOENT|name other files|record --from $trace -o $WORK/o.json
		o.json=ENOTDIR|name other files|record --from $trace -o $WORK/o.json
		o.json=EISDIR|name other files|record --from $trace -o $WORK/o.json
		o.json=EROFS|on another disk|record --from $trace -o $WORK/o.json
		o.json=EBADF|give it a file|record --from $trace -o $WORK/o.json
		o.json=EIO|make room there, or name another|record --from $trace -o $WORK/o.json
		o.svg=EACCES|chmod .w it|suggest --from $trace --svg $WORK/o.svg
		|name other files|record --from $trace -o $WORK/no/o.json
		|name other files|record --from $trace -o $WORK
		|name another file|record --from $WORK/nothing -o $WORK/o.json
		trace.txt=EMFILE|raise ulimit -n|suggest --from $trace
		tasks=EACCES|may read it|plan --tasks $WORK/tasks
		|name another file|plan --tasks $WORK/tasks
		|name another file|plan --tasks $WORK
		|make room there|record --from $trace -o $WORK/o.json --svg /dev/full
		|make room there|record --from $trace -o $WORK/o.json --raw /dev/full
		|make room there|suggest --from $trace --raw /dev/full
	EOF
	errors_machine
	expect 1 'standard output: No space left on device' to_full_disk list
	grep -q 'cure: make room there' "$WORK/output" || fail "no cure"
	expect 1 'standard output' to_full_disk free --json
	grep -q 'cure: make room there' "$WORK/output" || fail "no cure"
	fake list >&- 2>"$WORK/output" || rc=$?
	same "$rc" 1
	grep -q 'cure: it is closed: give it a file' "$WORK/output" || fail "no cure"
	# What is said is about the folder that was named.
	export FAKE_FAIL=/tmp=ENOSPC
	expect 1 'can be kept: No such file' fake record --from "$trace" -o "$WORK/nothing/o.json"
}

# rows CALL: those that let it fail; of CALL_CGROUP, what any call with cgroups has in common
rows() {
	case $1 in
	CALL_CGROUP) names='cgroup\.[a-z_]*|cpu[.a-z_]*|mkdir|rmdir|user[.a-z_]*' ;;
	CALL_CONTROLLER) names=cgroup.subtree_control ;;
	CALL_MKDIR | CALL_RMDIR | CALL_FORK) names=$(echo "${1#CALL_}" | tr '[:upper:]' '[:lower:]') ;;
	CALL_CPUSET) names=cpuset.cpus ;;
	CALL_WORD) names=cpu.rt_scope ;;
	CALL_RESERVE) names='cpu.rt.max|cpu.rt_budget_us|cpu.rt_cpu_budget_us' ;;
	CALL_BIND) names=cpu.rt_irqs ;;
	CALL_MOVE_IN | CALL_MOVE_OUT) names=cgroup.procs ;;
	CALL_NOTE) names='user[.a-z_]*' ;;
	CALL_EXEC) names=execvp ;;
	CALL_TRACE) names=tracefs ;;
	CALL_DEVICE) names=/dev/sched_vm ;;
	CALL_INPUT) names='trace.txt|tasks' ;;
	CALL_OUTPUT) names='o.[a-z]*' ;;
	CALL_ANY) names='[a-z0-9._]*' ;;
	*) fail "which call is $1?" ;;
	esac
	case $1 in
	CALL_MOVE_IN) commands='adopt|run' ;;
	CALL_MOVE_OUT) commands=remove ;;
	*) commands='[a-z]' ;;
	esac
	grep -E "^	*($names)=$2(@[0-9]+)?[|,].*\|($commands)" "$here/errors.sh"
}

# Of no row of cures.c it is only hoped that it fits. The kernel gives EIO to nobody.
each_cure_is_tested() {
	sed -n 's/^	{ \(CALL_[A-Z_]*\), \([A-Z0-9]*\),.*/\1 \2/p' "$here/../cures.c" >"$WORK/rows"
	same "$(grep -c . "$WORK/rows")" "$(grep -c '^	{ ' "$here/../cures.c")"
	between "$(grep -c . "$WORK/rows")" 60 150
	while read -r call error; do
		[ "$error" != 0 ] || error=EIO
		[ -n "$(rows "$call" "$error")" ] || echo "$call $error"
	done <"$WORK/rows" >"$WORK/untested"
	same "$(cat "$WORK/untested")" ""
}

run what_keeps_controllers_off what_keeps_a_cgroup_from_being_made what_keeps_a_cpuset_as_it_is \
	what_keeps_words_as_they_are what_keeps_irqs_away what_keeps_a_reservation_as_it_is \
	what_keeps_threads_out what_keeps_threads_inside what_keeps_programs_from_running \
	what_keeps_notes_from_being_taken what_keeps_the_device_away \
	what_keeps_events_from_being_traced what_keeps_files_from_being_read_or_written \
	each_cure_is_tested
