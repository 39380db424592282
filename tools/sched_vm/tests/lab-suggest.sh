# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of suggest, with threads whose demand is known. Sourced by lab.sh.
#
# Variables are those of lab.sh: folders and numbers, without blanks.
# shellcheck disable=SC2154,SC2086

# in_a OPTION...: the load, in capsule a; in the background, of which it is the process
in_a() {
	exec sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' - $base/a "$load" "$@"
}

# loaded JOBS: 2 ms in each 10, but 4 in one of 50
loaded() {
	in_a 2000 10000 4000 50 "$1" >"$WORK/response" &
	pid=$!
}

# Within 3 %
near() {
	between "$1" $(($2 * 97 / 100)) $(($2 * 103 / 100))
}

stat_of() {
	awk -v key="$1" '$1 == key { print $2 }' $base/a/cpu.rt_stat
}

# dry BUDGET: how many of a million periods are dry with that, in $share
dry() {
	"$tool" set a --budget "${1}us" --period 10ms
	periods=$(stat_of nr_periods) throttled=$(stat_of nr_throttled)
	loaded 200
	wait $pid
	periods=$(($(stat_of nr_periods) - periods))
	throttled=$(($(stat_of nr_throttled) - throttled))
	between $periods 180 240
	share=$((throttled * 1000000 / periods))
	echo "$1 us: $throttled of $periods dry, response $(cat "$WORK/response") us"
}

# One of 50 needs 4 ms. With 3, that one is dry, and the next one has all of its 2 and the rest.
suggest_finds_the_least() {
	"$tool" create a --budget 9ms --period 10ms
	for pair in 99:4000:10000 97:3000:30000; do
		percentile=${pair%%:*} least=${pair#*:}
		allowed=${least#*:} least=${least%:*}
		"$tool" set a --budget 9ms
		loaded 320
		expect 0 '' "$tool" suggest a --time 3s --percentile $percentile --headroom 0% --json
		wait $pid
		cat "$WORK/output"
		near "$(value taken.least_us)" $least
		same "$(value taken.period_us)" 10000
		same "$(value fits)" true
		near "$(value cpus.0.at_once_ns | cut -c 1-4)" 4000
		budget=$(value taken.budget_us) gap=$(value taken.gap_us)
		dry $budget
		between $share 0 $allowed
		between "$(cat "$WORK/response")" 4000 $((4000 + gap))
		# Too many are dry then. How long an answer takes says nothing: the capsule is alone,
		# and waits P - Q when it is dry, not the gap of the worst phase that C + gap has.
		dry $((budget * 8 / 10))
		between $share $((allowed + 1)) 1000000
	done
	"$tool" remove a
}

# rare BUDGET: how many of a million periods of 2 ms are dry with that, in $share
rare() {
	"$tool" set a --budget "${1}us" --period 2ms
	in_a $rare_load >"$WORK/response" &
	pid=$!
	# To begin and to end takes it more than a budget.
	pause 0.3
	periods=$(stat_of nr_periods) throttled=$(stat_of nr_throttled)
	pause 6.1
	periods=$(($(stat_of nr_periods) - periods))
	throttled=$(($(stat_of nr_throttled) - throttled))
	wait $pid
	between $periods 3000 3200
	share=$((throttled * 1000000 / periods))
	echo "$1 us: $throttled of $periods dry, response $(cat "$WORK/response") us"
}

# At 99.9 %: one of 3,300 jobs needs 800 us, the others 400, in each 2 ms. With 500 three are
# dry, that one and the next two, until what is left of it is done; with less, four of 3,000.
# A budget of 500 us loses some 8 to switches: 5 % more is enough for these.
suggest_sees_what_is_rare() {
	rare_load="400 2000 800 3300 3300"
	"$tool" create a --budget 1.8ms --period 2ms
	in_a $rare_load >/dev/null &
	pid=$!
	expect 0 'note: .* too few to tell that at most 0.1 % run dry: --time [67]s' "$tool" suggest a --time 1s
	wait $pid
	in_a $rare_load >/dev/null &
	pid=$!
	expect 0 '' "$tool" suggest a --time 6s --headroom 5% --json
	wait $pid
	cat "$WORK/output"
	near "$(value taken.least_us)" 500
	same "$(value taken.period_us)" 2000
	! grep -q '"short"' "$WORK/output" || fail "6 s are 3,000 periods"
	budget=$(value taken.budget_us) gap=$(value taken.gap_us)
	rare $budget
	between $share 1 1000
	# The job of 800 has a whole budget and the rest of it in the next one, and the next two wait.
	between "$(cat "$WORK/response")" 800 $((2000 + 800 + gap))
	rare $((budget * 8 / 10))
	between $share 1001 1000000
	"$tool" remove a
}

# With extra time it goes on when it is dry, and what it has then counts: 2 of 10 ms. Idle
# time is what this tool leaves, on one CPU: what it delays comes at once, and seems more.
suggest_counts_extra_time() {
	"$tool" create a --budget 500us --period 10ms
	hog
	echo $pid >$base/a/cgroup.procs
	"$tool" set a --extra idle
	expect 1 'no budget up to 95 % of host CPU 0' "$tool" suggest a --time 500ms
	end $pid
	loaded 400
	expect 0 'beyond its budget counts' "$tool" suggest a --time 1s --percentile 50 --headroom 0%
	"$tool" set a --extra fair
	echo 10000 >$base/a/cpu.weight
	expect 0 '' "$tool" suggest a --time 1s --percentile 90 --headroom 0% --json
	between "$(value taken.least_us)" 1940 2500
	"$tool" set a --extra none
	expect 1 'throttled in (9[0-9]|100) % of its periods' "$tool" suggest a --time 500ms
	end $pid
	"$tool" remove a
}

# What it says can be pasted, or is set at once.
suggest_applies() {
	"$tool" create a --budget 9ms --period 10ms
	loaded 4000
	expect 0 'PERIOD +LEAST' "$tool" suggest a --time 1s --percentile 90 --svg "$WORK/a.svg"
	grep -q 'class="supply"' "$WORK/a.svg" || fail "no picture"
	line=$(grep '^sched-vm set a --budget' "$WORK/output")
	$tool ${line#sched-vm }
	was=$(cat $base/a/cpu.rt.max)
	between "${was% *}" 2000 6500
	"$tool" set a --budget 9ms --period 20ms
	expect 0 '^a: 2.*ms in every 10ms' "$tool" suggest a --time 1s --percentile 90 --period 10ms --apply
	same "$(cut -d ' ' -f 2 $base/a/cpu.rt.max)" 10000
	between "$(cut -d ' ' -f 1 $base/a/cpu.rt.max)" 2000 6500
	"$tool" set a --cpu-budget 0=5ms
	was=$(cat $base/a/cpu.rt.max)
	expect 1 'other budgets on some CPUs' "$tool" suggest a --time 1s --apply
	same "$(cat $base/a/cpu.rt.max)" "$was"
	end $pid
	"$tool" remove a
}

# A guest that is in no capsule
suggest_works_without_a_capsule() {
	"$load" 2000 10000 2000 50 1000 >/dev/null &
	pid=$!
	expect 0 "adopt NAME --pid $pid --budget" "$tool" suggest --pid $pid --time 1s --period 10ms
	expect 1 'no reservation to change' "$tool" suggest --pid $pid --time 1s --apply
	expect 0 '' "$tool" suggest --pid $pid --time 1s --period 10ms --headroom 0% --json
	near "$(value taken.least_us)" 2000
	grep -q '"fits": null' "$WORK/output" || fail "that it fits is not known"
	end $pid
	hog
	expect 1 'no budget up to 95 % of host CPU 0' "$tool" suggest --pid $pid --time 500ms
	end $pid
	expect 1 'no process was started with -name' "$tool" suggest --qemu nosuch
	expect 1 "no capsule 'nosuch'" "$tool" suggest nosuch
}

suggest_says_what_cannot_be_seen() {
	"$tool" create a --budget 2ms --period 20ms
	sleep 100 &
	pid=$!
	echo $pid >$base/a/cgroup.procs
	expect 1 'a was idle all the time' "$tool" suggest a --time 300ms --svg "$WORK/none.svg"
	[ ! -e "$WORK/none.svg" ] || fail "an empty picture is left"
	end $pid
	hog
	echo $pid >$base/a/cgroup.procs
	expect 1 'throttled in (9[0-9]|100) % of its periods' "$tool" suggest a --time 1s
	end $pid
	"$tool" remove a
}

# watched OPTION...: in the background, with what it says in $WORK/said
watched() {
	"$tool" suggest a --watch --interval 200ms --time 600ms --percentile 90 "$@" >"$WORK/said" 2>&1 &
	watcher=$!
	pause 0.3
}

budget() {
	cut -d ' ' -f 1 $base/a/cpu.rt.max
}

# busy C: that much in each 10 ms
busy() {
	sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' - $base/a \
		"$load" "$1" 10000 "$1" 50 5000 >/dev/null &
	pid=$!
}

# It wants 5 ms and a tenth, and cannot show it.
suggest_watch_raises_and_lowers() {
	"$tool" create a --budget 3ms --period 10ms
	busy 5000
	watched --ceiling 5.5ms --floor 4ms
	pause 2.5
	cat "$WORK/said"
	grep -q 'raised from 3ms to .*in 10ms: ' "$WORK/said" || fail "it is not raised to the floor"
	grep -q 'raised from 4ms to 5ms in 10ms: it ran dry' "$WORK/said" || fail "not by a quarter"
	between "$(budget)" 5400 5500
	end $pid
	busy 1000
	for _ in $(seq 40); do
		[ "$(budget)" -gt 4200 ] || break
		pause 0.5
	done
	cat "$WORK/said"
	grep -q 'lowered .*: it has wanted less for a while' "$WORK/said" || fail "it is not lowered"
	# A twentieth less is not worth a change.
	between "$(budget)" 4000 4200
	end $pid
	# Nobody is there: it stays.
	for _ in $(seq 20); do
		! grep -q 'it does nothing, and keeps what it has' "$WORK/said" || break
		pause 0.2
	done
	grep -q 'it does nothing, and keeps what it has' "$WORK/said" || fail "that is not said"
	between "$(budget)" 4000 4200
	kill -0 $watcher || fail "it has ended"
	# At most a tenth at once.
	sed -n 's/.*lowered from \([0-9.]*\)ms to \([0-9.]*\)ms .*/\1 \2/p' "$WORK/said" |
		awk '$2 < 0.89 * $1 { exit 1 }' || fail "more than a tenth"
	kill -TERM $watcher
	wait $watcher || fail "status $?"
	same "$(ls /sys/kernel/tracing/instances)" ""
	"$tool" remove a
}

suggest_watch_leaves_it_to_others() {
	"$tool" create a --budget 3ms --period 10ms
	busy 1000
	watched --json
	"$tool" set a --budget 6ms
	rc=0
	wait $watcher || rc=$?
	cat "$WORK/said"
	same $rc 1
	grep -q 'somebody else has changed a' "$WORK/said" || fail "that is not said"
	same "$(cat $base/a/cpu.rt.max)" "6000 10000"
	watched
	end $pid
	"$tool" remove a
	rc=0
	wait $watcher || rc=$?
	cat "$WORK/said"
	same $rc 1
	grep -q 'no reservation any more' "$WORK/said" || fail "that is not said"
}

# More than there is room for: it gets what there is, hears of it once, and goes on.
suggest_watch_survives_a_refusal() {
	"$tool" create other --budget 6ms --period 10ms
	"$tool" create a --budget 2ms --period 10ms
	busy 6000
	watched
	pause 2.5
	cat "$WORK/said"
	kill -0 $watcher || fail "it has ended"
	grep -q 'a: CPU 0 lacks' "$WORK/said" || fail "that is not said"
	between "$(grep -c 'lacks' "$WORK/said")" 1 2
	between "$(budget)" 3400 3500
	kill -TERM $watcher
	wait $watcher
	end $pid
	"$tool" remove a
	"$tool" remove other
}

# until_so COMMAND...: it succeeds, in half a minute
until_so() {
	for _ in $(seq 300); do
		! "$@" || return 0
		pause 0.1
	done
	fail "never: $*"
}

events_are_lost() {
	grep -q 'overrun: [1-9]' "$instance"/per_cpu/cpu0/stats
}

wakes_are_traced() {
	grep -q -s 1 "$instance/events/sched/sched_wakeup_new/enable"
}

# lose COMMAND...: it traces, is stopped, and the kernel has room for few events, until it
# has thrown some away
lose() {
	"$@" >"$WORK/said" 2>&1 &
	watcher=$!
	instance=/sys/kernel/tracing/instances/sched-vm-$watcher
	until_so wakes_are_traced
	kill -STOP $watcher
	echo 4 >$instance/buffer_size_kb
	until_so events_are_lost
	kill -CONT $watcher
}

# The demand was at least what is left of it; --watch concludes nothing.
suggest_knows_what_it_missed() {
	"$tool" create a --budget 9ms --period 10ms
	busy 2000
	lose "$tool" suggest a --time 1s --period 10ms --raw "$WORK/raw"
	wait $watcher || { cat "$WORK/said"; fail "status $?"; }
	cat "$WORK/said"
	grep -q 'note: [0-9]* events were lost' "$WORK/said" || fail "that is not said"
	# Nobody can tell what happened in the gap, and nobody does.
	grep -q -E '^[0-9]+ 0 lost [1-9]' "$WORK/raw" || fail "when it was is not known"
	lose "$tool" suggest a --watch --interval 1s --time 3s
	until_so grep -q 'a: events were lost, so nothing is concluded' "$WORK/said"
	same "$(budget)" 9000
	kill -TERM $watcher
	wait $watcher || fail "status $?"
	end $pid
	"$tool" remove a
}

# What a kernel with lockdep and KASAN takes itself is not to be told from a demand.
suggest_tests="suggest_applies suggest_says_what_cannot_be_seen suggest_watch_leaves_it_to_others"
[ $slow != 1 ] || suggest_tests="suggest_finds_the_least suggest_sees_what_is_rare suggest_counts_extra_time $suggest_tests suggest_works_without_a_capsule
	suggest_watch_raises_and_lowers suggest_watch_survives_a_refusal suggest_knows_what_it_missed"
