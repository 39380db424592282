# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What a check consists of: the parts that are no cases, and for all of them what
# they are for and how long they take.

# NAME  SECONDS  WHAT, in the order of a whole check. The seconds are those of 2 cores
# with nothing else to do; of a kernel, from nothing.
parts_table() {
	cat <<'END'
style           90  checkpatch, codespell, shellcheck; how many lines are ours
test-lab        90  the lab: trees, patches, export, runs, this check
tools           10  sched-vm without a kernel of ours: arguments, output, manual
papers          15  the published experiments: their model, and what judges them
plan-lab         75  sched-vm suggest, and what check promises, in the release kernel
papers-lab       70  sets of tasks in the release kernel: it does what the model says, and what plan does
tools-lab        60  the rest of sched-vm in the release kernel
libvirt         90  libvirt with our patches: its tests, and those of the hook
code            90  option off: the code is that of a kernel without our patches
tools-kvm       60  sched-vm with a real guest: CPUs that plan and create find, the README's commands, the rest
tools-lab-debug 700  sched-vm in the debug kernel
END
}

# The same for kernels: scripts/lab kernel --kernel NAME.
kernels_table() {
	cat <<'END'
release        600  our option on
off            240  our sources, our option off
preempt        600  without PREEMPT_RT
debug         1320  KASAN, lockdep, PROVE_RCU, kmemleak
debian         960  Debian's own options, for --soak
END
}

# And for the cases of cases_table.
cases_about() {
	cat <<'END'
basic            4  budget, period, nesting, removal: each rule once
input            5  what may be written to the files, and what may not
zero             3  a budget of 0: who runs, who waits, who is refused
order            5  who is first: deadlines, priorities, turns
live             5  changes under running threads
pi               5  rt_mutexes and futexes with priority inheritance
pi-2            15  threads that are awaited, seen from another CPU
deadline         5  a deadline before the end of the period
stat             4  counters, tracepoints, files of the debugger
accounting       5  CPU time of threads, cgroups, the machine
turns            5  throttled threads in the kernel
extra-2         40  extra time of threads that balancing moves
extra          190  beyond the budget: idle time, a normal share
pressure         5  hunger of many threads, and what they leave behind
owner            8  what an owner without privileges may do
interact         8  freezer, kill, autogroup, suspend
memory           5  bytes for each cgroup and each CPU
pingpong         8  cost of a switch, to a kernel without our patches
jobs             4  when the jobs of tasks in capsules end, by hand (papers-lab: by the model)
latency         40  wake-up beside 100 busy capsules
supply          60  share, excess, and debt over 10 s
sbf             30  the supply bound function
limit           30  limits of periods and bandwidth
device          10  /dev/sched_vm
devfuzz         20  /dev/sched_vm with random requests
irqs            15  irq threads that are bound to a capsule
house           15  a serial line's irq thread in a capsule
down            21  nobody has more than the capsule above, whatever is written below
whole           30  all of a reservation is handed out, and nobody is left without anything
unprivileged    30  FIFO and RR without privilege: an order inside, and worth nothing outside
spill           80  throttled in the kernel: as a normal thread, and paid for later
spill-2        60  throttled behind FIFO threads of the capsule, seen from another CPU
change           5  what is given back, what fails, and limits that change
bandwidth       40  reservations change at random: nobody has more than was reserved, or less
carryin         20  a SCHED_DEADLINE thread comes from another CPU, and is late
crowd           30  very many ready threads in a capsule
rebuild         60  root domains are rebuilt beside 1,000 capsules
locks           60  locks that are held in a dry capsule
held             90  each kind of lock of the kernel, held there beside 100 busy threads; RCU, freezers
ext             10  beside sched_ext
ext-full        10  sched_ext for all threads
decisions       10  what the scheduler's decision and its switch cost, by probe events, beside what threads miss
supply-preempt  60  supply, without PREEMPT_RT
locks-preempt   60  locks, without PREEMPT_RT
held-preempt    220  held, without PREEMPT_RT; RCU Tasks, too
writers         15  several writers of one file
many            30  many capsules
oracle         150  40,000 random steps, compared with a model
adversary      110  unprivileged owners who do at random whatever they may, beside victims
adversary-busy  40  the same with other kinds of operations
adversary-2     60  the same on 2 CPUs
adversary-4     50  the same on 4 CPUs
fuzz            50  random steps, compared with a model
cpus            20  hotplug and cpusets
apart           40  vCPUs whose periods begin apart: what they lose
around          30  RT and DEADLINE threads outside find their way around capsules
migrate         20  threads go where there is budget
pressure-4      15  pressure on 4 CPUs
nohz-alone      10  no tick beside one thread
memory-4         8  memory on 4 CPUs
memory-off       5  memory with the option off
pingpong-off     8  pingpong with the option off
hackbench       30  cost for those who have no reservation
hackbench-off   30  the same with the option off
kunit            4  arithmetic
smp             75  everything at once on 4 CPUs
smp-preempt     75  the same without PREEMPT_RT
nohz            30  the tick of NOHZ_FULL CPUs
handlers        30  irq handlers of several devices, NAPI, vhost
kvm             40  yields, steal time, and the end of KVM guests
writers-smp     30  several writers on 4 CPUs
input-debug     40  input in the debug kernel
zero-debug      30  zero in the debug kernel
pi-debug        60  who sleeps with a lock that somebody outside waits for
fuzz-debug      90  1,000 random steps in the debug kernel
devfuzz-debug   60  devfuzz in the debug kernel
device-debug    40  device in the debug kernel
irqs-debug      60  irqs in the debug kernel
handlers-debug 300  handlers in the debug kernel
kunit-debug     15  kunit in the debug kernel
smp-debug      180  smp in the debug kernel
apart-kvm       30  apart with the vCPUs of a real guest, in real time
soak           660  smp for 10 minutes
adversary-long 2400  adversary, 40,000 operations
adversary-long-2 3600  adversary on 2 CPUs, 60,000 operations
adversary-debug 900  adversary in the debug kernel
soak-fuzz     1200  a million random steps, compared with a model
soak-preempt   660  smp-preempt for 10 minutes
soak-debug     900  smp-debug for 10 minutes
END
}

# A line of one of the tables above
about() {
	{ parts_table; kernels_table; cases_about; } | awk -v name="${1%-debian}" -v as="$1" '
		$1 == name {
			if (as == name) { print; exit }
			$1 = as
			$2 *= 2
			print $0 ", with Debian'\''s options"
			exit
		}'
}

# Seconds that NAME takes; 60 if nobody has said.
about_seconds() {
	local seconds
	read -r _ seconds _ < <(about "$1") || true
	echo "${seconds:-60}"
}

# What looks at sched-vm plan and suggest, at what create, check and show have of them, and
# at the model of papers/: all parts with a test of these, and so with some others. By the
# table, that takes at most four minutes.
plan_parts() {
	echo tools papers plan-lab papers-lab tools-kvm
}

# What it took in this check
plan_say_time() {
	local part
	[ -f "$OUT/times" ] || return 0
	for part in $(plan_parts); do
		awk -v name="$part" '$1 == name { took = $2 } END { print name, took == "" ? "-" : took }' "$OUT/times"
	done | awk '
		$2 == "-" { left = left " " $1; next }
		{ sum += $2; what = what (what == "" ? "" : ", ") $1 " " $2 }
		END { printf "plan, suggest, and the model: %d s (%s)%s\n", sum, what, left == "" ? "" : "; not run:" left }'
}

part_is() {
	parts_table | awk -v name="$1" '$1 == name { found = 1 } END { exit !found }'
}

# parts_exist NAME...: before anything is built or removed
parts_exist() {
	local name
	for name; do
		part_is "$name" || case_is "$name" ||
			die "there is no case and no part '$name' (scripts/check --list)"
	done
}

# part_run NAME: with what it needs; nothing if there is no time for it
part_run() {
	local start=$SECONDS
	has_time "$1" || return 0
	case $1 in
	style) style_all; lines_check ;;
	test-lab) run_test_lab ;;
	tools) tools_run ;;
	papers) papers_run ;;
	papers-lab) part_kernel release || return 0; papers_run_lab ;;
	plan-lab) part_kernel release || return 0; tools_run_plan ;;
	tools-lab) part_kernel release || return 0; tools_run_lab ;;
	libvirt) libvirt_run ;;
	code) part_kernel off || return 0; code_compare ;;
	tools-kvm) part_kernel release || return 0; tools_run_kvm ;;
	tools-lab-debug) part_kernel debug || return 0; tools_run_debug ;;
	esac
	note_time "$1" $((SECONDS - start))
}

# The kernel of a part that is run alone. One that was left out stays so.
part_kernel() {
	[ -f "$OUT/built.$1" ] || [ "${mode:-}" != some ] || build_kernels "$1"
	is_built "$1"
}

# What has been measured here, else what the tables say.
parts_list() {
	local times=$OUT.last/times name when kind
	[ ! -f "$OUT/whole" ] || times=$OUT/times
	[ -f "$times" ] || times=/dev/null
	{
		parts_table | awk '{ $1 = $1 " part -"; print }'
		kernels_table | awk '{ $1 = $1 " kernel -"; print }'
		cases_own | while read -r name when kind _; do
			printf '%s %s %s %s\n' "$name" "$when" "$kind" \
				"$(about "$name" | sed -E 's/^[^ ]+ +//')"
		done
	} | awk -v times="$times" '
		BEGIN {
			while ((getline line < times) > 0) { split(line, t, " "); took[t[1]] = t[2] }
			printf "%-16s %-8s %-8s %7s  %s\n", "NAME", "WHEN", "KERNEL", "SECONDS", "WHAT"
		}
		{
			what = $0
			sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +/, "", what)
			printf "%-16s %-8s %-8s %7d  %s\n", $1, $2, $3,
				$2 != "kernel" && ($1 in took) ? took[$1] : $4, what
		}'
	cat <<'END'

quick and virtual cases are in virtual time: their figures are the same in each
run, and several run at a time. real and debug ones are in real time, one by one.
soak is for scripts/check --soak alone, and so is NAME-debian: each case of the release
kernel in virtual time, once more with Debian's options. SECONDS: of the last check of
everything here, else of 2 cores without other work; of a kernel, from nothing.
END
}
