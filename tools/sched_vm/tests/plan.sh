#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# sched-vm plan: what it takes, what it says, and what it refuses. Needs no kernel of
# ours, and changes nothing. The arithmetic is tested by model.c. plan.sh SCHED-VM JSON

here=${0%/*}
tool=$1
json=$2
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tap.sh
. "$here/tap.sh"

clean_up() {
	:
}

value() {
	"$json" "$WORK/output" "$1"
}

plan() {
	"$tool" plan "$@"
}

# The published example, by the formulas alone, on a grid of 50 us
worked_values() {
	for guest in fp edf; do
		for pair in 1:800 2:1550 4:3100 5:3850 8:6250 10:7750 12:9350 16:12550 20:15700; do
			expect 0 '' plan --task 8ms/20ms --task 80ms/220ms --guest $guest \
				--period ${pair%:*}ms --step 50us --overhead 0 --debt 0 --json
			same "${pair%:*}:$(value taken.budget_us)" "$pair"
		done
	done
}

# By hand: 1 of 10 ms, and a gap of P + D - 2Q that leaves 1 ms of the 10.
values_by_hand() {
	expect 0 '' plan --task 1ms/10ms --period 10ms --overhead 0 --debt 0 --json
	same "$(value taken.budget_us)" 5500
	same "$(value taken.gap_us)" 9000
	same "$(value taken.supply_p_us)" 1000
	same "$(value taken.supply_2p_us)" 6500
	same "$(value taken.supply_5p_us)" 23000
	# What is lost comes off each budget; what is owed makes the gap longer.
	expect 0 '' plan --task 1ms/10ms --period 10ms --overhead 100us --debt 0 --json
	same "$(value taken.budget_us)" 5600
	expect 0 '' plan --task 1ms/10ms --period 10ms --overhead 0 --debt 100us --json
	same "$(value taken.budget_us)" 5550
	same "$(value taken.gap_us)" 9000
	# A tenth more to do; half of that more budget.
	expect 0 '' plan --task 1ms/10ms --period 10ms --overhead 0 --debt 0 --margin 10% --json
	same "$(value taken.budget_us)" 5550
	# A shorter deadline of the task, and of the reservation
	expect 0 '' plan --task 1ms/10ms/9ms --period 10ms --overhead 0 --debt 0 --json
	same "$(value taken.budget_us)" 6000
	expect 0 '' plan --task 1ms/10ms --period 10ms --deadline 8ms --overhead 0 --debt 0 --json
	same "$(value taken.budget_us)" 4500
	same "$(value taken.bandwidth_percent | cut -c 1-5)" 56.25
}

latency_is_kept() {
	expect 0 '' plan --task 1ms/10ms --period 10ms --latency 4ms --overhead 0 --debt 0 --json
	same "$(value taken.budget_us)" 8000
	same "$(value taken.gap_us)" 4000
	expect 0 '' plan --task 1ms/10ms --latency 4ms --json
	between "$(value taken.gap_us)" 1 4000
}

# The first of README's three commands gives what the second one takes.
the_readme_is_right() {
	sed '1,/^## Which Q and P/d; /^## /,$d' "$here/../../../README.md" >"$WORK/section"
	line=$(sed -n 's/^ *sched-vm plan web \(.*[^ ]\)  .*/\1/p' "$WORK/section")
	want=$(sed -n 's/^ *sched-vm adopt web --qemu web \(.*--period [0-9.]*ms\) .*/\1/p' "$WORK/section")
	[ -n "$line" ] && [ -n "$want" ] || fail "README says it in other words"
	budget=${want#--budget } budget=${budget%%ms *} period=${want#*--period } period=${period%ms}
	# shellcheck disable=SC2086
	expect 0 "^sched-vm create web $want " plan web $line
	grep -q "^3 tasks, " "$WORK/output" || fail "they are not three"
	grep -q "best one is ${budget}ms every ${period}ms on one CPU$" "$WORK/section" ||
		fail "the best one is another"
}

# of_a_cpu GUEST: what two tasks on two vCPUs take
of_a_cpu() {
	expect 0 '' plan --task 8ms/20ms --task 80ms/220ms --vcpus 2 --guest "$1" --json >&2
	value taken.bandwidth_percent | awk '{ printf "%.2f", $1 / 100 }'
}

# "Choosing a reservation" has what plan says.
the_documentation_is_right() {
	fp=$(of_a_cpu fp)
	gedf=$(of_a_cpu gedf)
	tr -s '\n ' '  ' <"$here/../../../Documentation/scheduler/sched-deadline-reservation.rst" |
		grep -q "two tasks of 8/20 and 80/220 ms, on two vCPUs, take $fp of a CPU with fp, but $gedf with gedf" ||
		fail "it has others than $fp and $gedf"
}

# None of the front is beaten by another one, and what is taken is of it.
front_is_best() {
	expect 0 '' plan --task 2ms/20ms --task 10ms/100ms --json "$@"
	n=0
	while value front.$n.period_us >/dev/null 2>&1; do
		echo "$(value front.$n.bandwidth_percent) $(value front.$n.gap_us)" \
			"$(value front.$n.switches_per_second)"
		n=$((n + 1))
	done >"$WORK/front"
	between "$(grep -c . "$WORK/front")" 2 400
	same "$(awk '{ b[NR] = $1; g[NR] = $2; s[NR] = $3 }
		END { for (i = 1; i <= NR; i++) for (j = 1; j <= NR; j++)
			if (i != j && b[j] <= b[i] && g[j] <= g[i] && s[j] <= s[i]) print i, j }' \
		"$WORK/front")" ""
	echo "$(value taken.bandwidth_percent) $(value taken.gap_us)" \
		"$(value taken.switches_per_second)" >"$WORK/taken"
	grep -q -x -F -f "$WORK/taken" "$WORK/front" || fail "what is taken is not of it"
}

a_front() {
	front_is_best
	# Of these, most are beaten.
	front_is_best --deadline auto --period 20ms
	expect 0 '^\*.* 20ms ' plan --task 1ms/20ms --period 20ms
	expect 0 '' plan --task 8ms/20ms --task 80ms/220ms --json
	between "$(value front.20.period_us)" 1000 20000
	between "$(value taken.period_us)" 10000 20000
	expect 0 '' plan --task 8ms/20ms --task 1ms/50ms --period 1ms-2ms --json
	between "$(value taken.period_us)" 1000 2000
	# A guest with little to do, soon, takes little with a deadline of its own.
	expect 0 '' plan --task 100us/100ms/15ms --period 10ms --overhead 0 --debt 0 --json
	same "$(value taken.budget_us)" 2550
	expect 0 '' plan --task 100us/100ms/15ms --period 10ms --overhead 0 --debt 0 --json \
		--deadline auto
	same "$(value taken.deadline_us)" 5000
	same "$(value taken.budget_us)" 100
}

# Two that need a CPU each, and the third on one of these.
vcpus() {
	expect 0 'vCPU 1,' plan --task 6ms/10ms --task 7ms/10ms --task 1ms/10ms --period 1ms
	expect 0 '' plan --task 6ms/10ms --task 7ms/10ms --task 1ms/10ms --period 1ms --json
	same "$(value taken.vcpus)" 2
	same "$(value tasks.0.vcpu) $(value tasks.1.vcpu) $(value tasks.2.vcpu)" "1 0 0"
	# As many as are asked for, each with something to do
	expect 0 '' plan --task 1ms/10ms --task 1ms/10ms --task 2ms/10ms --vcpus 3 --json
	same "$(value taken.vcpus)" 3
	between "$(value taken.budgets_us.0)" 10 10000
	between "$(value taken.budgets_us.1)" 10 10000
	between "$(value taken.budgets_us.2)" 10 10000
	# More vCPUs than tasks: none is without a budget, which would be no reservation.
	expect 0 '' plan --task 8ms/20ms --vcpus 3 --json
	same "$(value taken.vcpus)" 3
	between "$(value taken.budgets_us.2)" 29 100
	expect 0 "<vcpupin vcpu='1'" plan --task 6ms/10ms --task 6ms/10ms --guest gedf
	expect 0 '' plan --task 6ms/10ms --task 6ms/10ms --guest gedf --vcpus 3 --json
	same "$(value taken.vcpus)" 3
}

# What is printed for each vCPU is enough for the tasks that are said to be on it.
tasks_are_where_they_fit() {
	expect 0 '' plan --task 6ms/10ms --task 5ms/20ms/6ms --task 300us/10ms/6ms --period 1ms \
		--latency 280us --overhead 0 --debt 0
	grep '^vCPU' "$WORK/output" >"$WORK/vcpus"
	same "$(grep -c . "$WORK/vcpus")" 2
	while IFS=' ,:' read -r _ _ budget tasks; do
		# shellcheck disable=SC2046,SC2086
		expect 0 '' plan $(printf -- '--task %s ' $tasks) --period 1ms --latency 280us \
			--overhead 0 --debt 0 --vcpus 1 --json
		same "$(value taken.budget_us)us" "$budget"
	done <"$WORK/vcpus"
}

# The lines to paste reserve more than the table says: 2 * 1.154 of 2.6 ms.
one_budget_for_all() {
	expect 0 '^\* .* 81.38 %' plan --task 8ms/20ms --task 80ms/220ms --vcpus 2
	grep -q ' have the largest budget on each CPU: 88.77 % in all$' "$WORK/output" || fail "that is not said"
	# Only libvirt's, where it is known on which CPU each is (tree.sh).
	! grep -q '^sched-vm create .*auto:2$' "$WORK/output" ||
		grep -q '^all lines below have ' "$WORK/output" || fail "of which lines?"
	expect 0 '' plan --task 1ms/10ms --task 1ms/10ms --vcpus 2
	! grep -q 'largest budget' "$WORK/output" || fail "they are the same"
}

lines_to_paste() {
	expect 0 '^sched-vm adopt db --qemu GUEST ' plan db --task 1ms/10ms --period 10ms
	expect 0 '^sched-vm create db --budget 5.5ms --period 10ms --cpus ' \
		plan db --task 1ms/10ms --period 10ms --overhead 0 --debt 0
	expect 0 '<rt_budget>5500</rt_budget>' \
		plan --task 1ms/10ms --period 10ms --overhead 0 --debt 0
	expect 0 ' --budget 4.5ms --period 10ms --deadline 8ms ' \
		plan --task 1ms/10ms --period 10ms --deadline 8ms --overhead 0 --debt 0
	grep -q '<rt_deadline>8000</rt_deadline>' "$WORK/output"
}

# What is promised for each vCPU, its CPU gives it.
vcpus_must_be_pinned() {
	for guest in fp edf gedf; do
		expect 0 '^# and pin each vCPU to a CPU of its own' \
			plan db --task 6ms/10ms --task 7ms/10ms --guest $guest
		grep -A 1 '^# and pin' "$WORK/output" | grep -q 'virsh vcpupin GUEST VCPU CPU$' || fail "libvirt"
		grep -A 2 '^# and pin' "$WORK/output" | grep -q 'taskset -c -p CPU TID, .*show db --threads$' || fail "else"
		grep -B 1 '^# and pin' "$WORK/output" | grep -q '^sched-vm adopt db ' || fail "not below adopt"
	done
	expect 0 '' plan db --task 1ms/10ms
	! grep -q ' pin ' "$WORK/output" || fail "there is one vCPU"
}

refusals_name_task_and_window() {
	expect 1 'for the task 17ms/30ms: a window of 30ms may take 29ms, and have 28' \
		plan --task 4ms/10ms --task 17ms/30ms --period 1ms --vcpus 1
	expect 1 'task 4ms/10ms: a window of 10ms may take 4ms, and have 0us' \
		plan --task 4ms/10ms --period 100ms --guest edf
	expect 1 'with a period of 1ms.*for the task' plan --task 7ms/10ms --task 7ms/10ms --vcpus 1
	expect 1 'no budget .* is enough in the long run: tasks take 150.00 %.* most 8ms/10ms' \
		plan --task 7ms/10ms --task 8ms/10ms --vcpus 1 --guest edf
	expect 1 'long run' plan --task 7ms/10ms --task 7ms/10ms --vcpus 1 --guest gedf
	expect 1 '"error"' plan --task 4ms/10ms --period 100ms --json
	expect 1 'takes more .* with the margin: 10.1ms in a window of 10ms' \
		plan --task 10ms/10ms --margin 1%
}

# --latency leaves out periods, whatever the tasks take: 2 * (1000 - (950 - 8)) + 20
a_latency_that_is_never_met() {
	for more in '' '--guest edf --deadline auto' '--guest gedf' '--vcpus 3'; do
		# shellcheck disable=SC2086
		expect 1 'a period of 1ms, no budget .* as short as 10us for the task 1ms/10ms/8ms: a window of 136us may have 0us' \
			plan --task 3ms/10ms --task 1ms/10ms/8ms --latency 10us $more
	done
	expect 1 'a period of 10ms, .* task 1ms/10ms: a window of 1.036ms ' \
		plan --task 1ms/10ms --latency 1ms --period 10ms-20ms
	# The shortest period loses too much to switches, and all others have too long gaps.
	expect 0 '' plan --task 94.15ms/100ms --period 1ms-10ms --vcpus 1
	expect 1 'for the task 94.15ms/100ms: a window of 100ms' \
		plan --task 94.15ms/100ms --period 1ms-10ms --vcpus 1 --latency 140us
	grep -q 'cure: .*longer --latency, which leaves out periods from 1.05ms on' "$WORK/output" ||
		fail "nothing is said of the latency"
}

# No --latency is to blame for these.
there_is_no_budget() {
	expect 1 'no budget for the task 1ms/10ms: .* less than 100ms' plan --task 1ms/10ms --step 100ms
	expect 1 'no budget for the task 1ms/10ms: .* less than 10us' \
		plan --task 1ms/10ms --period 1ms --deadline 10us
	! grep -q latency "$WORK/output" || fail "there is none"
}

# 70 CPUs' worth of tasks, which no guest has
too_much_for_any_guest() {
	for i in $(seq 70); do
		echo 950us/1ms
	done >"$WORK/tasks"
	for guest in fp edf gedf; do
		expect 1 '' plan --tasks "$WORK/tasks" --guest $guest
		! grep -q 'window of 0us' "$WORK/output" || fail "there is no such window"
		grep -q 'the task 950us|most 950us' -E "$WORK/output" || fail "no task"
		grep -q 'cure: several guests: one has up to 64 vCPUs' "$WORK/output" || fail "no cure"
	done
	# One task is on one vCPU, however many there are.
	expect 1 'cure: other periods' plan --task 10ms/10ms --vcpus 1
}

# Nearly all of the supply is used, with periods that have no common factor.
what_is_not_known_is_named() {
	for guest in edf gedf; do
		expect 1 'known to be enough for the task [19].*: .* windows up to [0-9.]*ms to look at' plan --guest $guest \
			--task 9.499ms/10ms --task 1us/10.001ms --vcpus 1 --period 1ms --overhead 0 --debt 0
	done
}

bad_tasks() {
	expect 2 'which tasks' plan
	for task in 8/20ms 8ms/20 8ms/20ms/20 '8 / 20'; do
		expect 2 'a time has no unit' plan --task "$task"
	done
	for task in '' 8ms 8ms/ /20ms 8/20/30/40 max/20ms 8ms/max 8ms/20 -1/5 1e3/5ms 1ms//2ms; do
		expect 2 '^sched-vm: --task' plan --task "$task"
	done
	expect 2 'C is more than T' plan --task 21ms/20ms
	expect 2 'D is more than T' plan --task 8ms/20ms/21ms
	expect 2 'C is more than D' plan --task 8ms/20ms/7ms
	expect 2 'C must be above 0' plan --task 0/20ms
	expect 2 'C is more than T|C must' plan --task 0/0
	expect 2 'more than 12 days' plan --task 8ms/1099512s
	expect 1 'more than its deadline with the margin' plan --task 10ms/10ms --margin 1%
}

bad_options() {
	expect 2 'fp, edf or gedf' plan --task 8ms/20ms --guest rm
	for nr in 0 65 -1 two 1x; do
		expect 2 'auto, or a number from 1 to 64' plan --task 8ms/20ms --vcpus $nr
	done
	for margin in 10 -1% x% 10%% nan% inf% 9999%; do
		expect 2 'not a percentage' plan --task 8ms/20ms --margin $margin
	done
	expect 2 'from the shorter to the longer' plan --task 8ms/20ms --period 20ms-10ms
	expect 2 'must be a time above 0' plan --task 8ms/20ms --period 0-10ms
	for range in -1ms 1ms- -; do
		expect 2 "period $range: neither a time nor a range" plan --task 8ms/20ms --period "$range"
	done
	expect 2 'the period must be from' plan --task 8ms/20ms --period 10us-10ms
	expect 2 'the period must be from' plan --task 8ms/20ms --period 10s
	expect 2 'deadline is longer' plan --task 8ms/20ms --period 5ms --deadline 6ms
	expect 2 'needs a --period' plan --task 8ms/20ms --deadline 6ms
	expect 2 'above 0' plan --task 8ms/20ms --step 0
	expect 2 'above 0' plan --task 8ms/20ms --latency 0
	expect 2 'up to' plan --task 8ms/20ms --step 1s
	expect 2 'up to' plan --task 8ms/20ms --overhead max
	expect 2 'cannot be the name' plan a/b --task 8ms/20ms
	expect 2 'takes no range' "$tool" create a --budget 4ms --period 5ms-10ms
	expect 2 'not a time' "$tool" create a --budget 4ms --deadline auto
}

# As it comes from elsewhere
files() {
	printf '\357\273\2778ms/20ms\r\n# a comment\r\n\r\n 80ms / 220ms  # another\r\n' >"$WORK/tasks"
	expect 0 '^2 tasks, 76.36 %' plan --tasks "$WORK/tasks"
	expect 0 '^2 tasks' plan --tasks - <"$WORK/tasks"
	expect 0 '^3 tasks' plan --tasks "$WORK/tasks" --task 1ms/100ms
	printf '8ms/20ms' >"$WORK/tasks"
	expect 0 '^1 task,' plan --tasks "$WORK/tasks"
	printf '8ms/20ms\n\n8ms/7ms\n' >"$WORK/tasks"
	expect 1 'line 3: 8ms/7ms: C is more than T' plan --tasks "$WORK/tasks"
	printf '# nothing\n' >"$WORK/tasks"
	expect 2 'which tasks' plan --tasks "$WORK/tasks"
	expect 1 'No such file' plan --tasks "$WORK/none"
	expect 1 'Is a directory' plan --tasks "$WORK"
	printf '\0018ms/20ms\377\n' >"$WORK/tasks"
	expect 1 'line 1' plan --tasks "$WORK/tasks"
}

# A task that is not read is one that is not served.
no_task_goes_unread() {
	printf '8ms/20ms\0\n80ms/220ms\n' >"$WORK/tasks"
	expect 1 'line 1: 8ms/20ms: a byte of 0' plan --tasks "$WORK/tasks"
	printf '8\0m\0s\0/\0002\0000\0m\0s\0\n\0' >"$WORK/tasks"
	expect 1 'is this text, in UTF-8' plan --tasks "$WORK/tasks"
	for text in '8ms/20ms\r80ms/220ms\r' '# all tasks\r8ms/20ms\r80ms/220ms' '8ms/20ms # a\r80ms/220ms\r\n'; do
		# shellcheck disable=SC2059
		printf "$text" >"$WORK/tasks"
		expect 1 'line 1: .*a CR within the line' plan --tasks "$WORK/tasks"
	done
	expect 2 'not of the form' plan --task "$(printf '8ms/20ms\n80ms/220ms')"
	expect 2 'not of the form' plan --task "$(printf '8ms/20ms\r80ms/220ms')"
	expect 2 'not of the form' plan --task '8ms/20ms # 80ms/220ms'
	echo 8ms/20ms >"$WORK/tasks"
	expect 2 'one file only' plan --tasks "$WORK/tasks" --tasks -
	awk 'BEGIN { while (n++ < 5000) printf "8ms/20ms " }' >"$WORK/tasks"
	expect 1 'line 1: 8ms/20ms 8ms' plan --tasks "$WORK/tasks"
	same "$(awk 'length > 200' "$WORK/output")" ""
}

# No hyperperiod that fits into a number
coprime_periods() {
	for t in 10007 10009 10037 10039 10061 10067 10069 10079 10091 10093 10099 10103; do
		echo "700us/${t}us"
	done >"$WORK/tasks"
	expect 0 'not to the hyperperiod|some budgets may be more than the least' \
		plan --tasks "$WORK/tasks" --guest edf
	expect 0 '' plan --tasks "$WORK/tasks" --guest fp
}

# Within 10 s of a CPU each, with what was used instead
ten_thousand_tasks() {
	awk 'BEGIN { for (i = 0; i < 10000; i++) print (i % 7 + 1) "us/" 60000 + i * 37 "us" }' >"$WORK/tasks"
	for guest in fp edf gedf; do
		start=$(date +%s)
		expect 0 'since there are so many' \
			prlimit --cpu=10 "$tool" plan --tasks "$WORK/tasks" --guest $guest
		echo "note: 10,000 tasks, $guest: $(($(date +%s) - start)) s"
	done
}

# With budgets just above what they take, long windows would be looked at.
few_tasks_take_no_time() {
	expect 0 '' prlimit --cpu=2 "$tool" plan --guest gedf --deadline auto \
		--task 496332us/9399106us --task 496332us/9399106us
}

without_the_kernel() {
	[ ! -e /dev/sched_vm ] || skip "this kernel has it"
	expect 0 'whether it fits here is not known' plan --task 8ms/20ms
	expect 0 '' plan --task 8ms/20ms --json
	grep -q '"fits": *null' "$WORK/output" || fail "it says that it is known"
	grep -q 'auto:1' "$WORK/output"
}

run worked_values values_by_hand latency_is_kept the_readme_is_right the_documentation_is_right a_front vcpus \
	tasks_are_where_they_fit one_budget_for_all lines_to_paste \
	vcpus_must_be_pinned refusals_name_task_and_window a_latency_that_is_never_met there_is_no_budget \
	too_much_for_any_guest what_is_not_known_is_named bad_tasks bad_options files no_task_goes_unread coprime_periods \
	ten_thousand_tasks few_tasks_take_no_time without_the_kernel
