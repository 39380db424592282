#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# sched-vm suggest on events that are made up, and what it refuses. Needs no kernel of
# ours, and changes nothing. The arithmetic is tested by demand.c. suggest.sh SCHED-VM JSON

here=${0%/*}
tool=$1
json=$2
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tap.sh
. "$here/tap.sh"
# shellcheck source=events.sh
. "$here/events.sh"

clean_up() {
	:
}

value() {
	"$json" "$WORK/output" "$1"
}

suggest() {
	"$tool" suggest "$@"
}

# One of 50 needs 4 ms. With 3, that one is dry, and the next one has all of its 2 and the rest.
values_by_hand() {
	trace 9000 2 4 >"$WORK/a"
	for pair in 100:4000 99:4000 98:3000 97:3000; do
		expect 0 '' suggest --from "$WORK/a" --percentile ${pair%:*} --headroom 0% --json
		same "$(value taken.least_us)" "${pair#*:}"
		same "$(value taken.period_us)" 10000
	done
	expect 0 '' suggest --from "$WORK/a" --json
	same "$(value taken.budget_us)" 4400
	same "$(value taken.gap_us)" 11236
	same "$(value taken.response_ns)" 15236000
	same "$(value periods.0.period_us)" 2500
	same "$(value cpus.0.at_once_ns)" 4000000
	between "$(value cpus.0.used_percent | awk "{ printf \"%d\", 100 * \$1 + 0.5 }")" 2040 2040
	# 2, 2 and 4 within 20 ms, both ends included
	same "$(value cpus.0.envelope.4.window_ns)" 10000000
	same "$(value cpus.0.envelope.4.demand_ns)" 6000000
	same "$(value cpus.0.envelope.5.demand_ns)" 8000000
	grep -q '"fits": null' "$WORK/output" || fail "whether it fits cannot be known"
	same "$(value applied)" false
	same "$(value command)" "sched-vm set a <b&c> --budget 4.4ms --period 10ms"
}

tables_and_a_line() {
	trace 9000 2 4 >"$WORK/a"
	expect 0 '^\* +10ms +4ms +4.4ms +44.00 % +0.00 % +11.236ms +15.236ms' suggest --from "$WORK/a"
	grep -q -E '^ +5ms +none' "$WORK/output" && fail "4 ms in 5 are not too much"
	grep -q -E '^ +2.5ms +none' "$WORK/output" || fail "4 ms in 2.5 are too much"
	expect 0 '^\* +20ms ' suggest --from "$WORK/a" --period 20ms
	expect 0 '^\* ' suggest --from "$WORK/a" --period 7ms-70ms
	expect 1 'no period has a response as short' suggest --from "$WORK/a" --latency 2ms
	sed 's/^time .*/time 0 10000000000 17/' "$WORK/a" >"$WORK/b"
	expect 0 'note: 17 events were lost' suggest --from "$WORK/b"
	expect 0 'no room on a CPU for all of the --headroom' suggest --from "$WORK/a" --headroom 900%
	{ cat "$WORK/a" && echo '9999999999 0 throttle 0 1 1'; } >"$WORK/b"
	expect 0 'note: on host CPU 0 it ran dry in 0.10 % of its periods' suggest --from "$WORK/b"
}

# Of 1,000 periods, none runs dry by chance too often if one or two of them are to.
too_short_for_the_percentile() {
	trace 9000 2 4 >"$WORK/a"
	expect 0 '^note: 1000 budgets began, too few to tell that at most 0.1 % run dry: --time 30s$' \
		suggest --from "$WORK/a"
	expect 0 'at most 0.2 % run dry: --time 15s$' suggest --from "$WORK/a" --percentile 99.8
	for percentile in 99.7 50 100; do
		expect 0 '' suggest --from "$WORK/a" --percentile $percentile
		! grep -q 'too few' "$WORK/output" || fail "1,000 are enough for $percentile"
	done
	expect 0 '' suggest --from "$WORK/a" --json
	same "$(value notes.0.id)" short
}

a_picture() {
	trace 9000 2 4 >"$WORK/a"
	expect 0 '' suggest --from "$WORK/a" --svg "$WORK/a.svg"
	grep -q '>a &lt;b&amp;c&gt;: 4.4ms in every 10ms' "$WORK/a.svg" || fail "no title"
	for curve in demand supply; do
		grep -q "class=\"$curve\"" "$WORK/a.svg" || fail "no $curve"
	done
	command -v xmllint >/dev/null || return 0
	xmllint --noout "$WORK/a.svg"
}

what_cannot_be_seen() {
	trace 9000 2 4 | grep -v switch >"$WORK/idle"
	expect 1 'was idle all the time' suggest --from "$WORK/idle" --svg "$WORK/idle.svg"
	[ ! -e "$WORK/idle.svg" ] || fail "an empty picture is left"
	trace 1000 1 1 | awk '{ print } / switch 7 / { print $1 " 0 throttle 0 9 1" }' >"$WORK/dry"
	expect 1 'throttled in 100 % of its periods: what it would do' suggest --from "$WORK/dry"
	same "$(sed -n 's/^  cure: \(.*budget\).*/\1/p' "$WORK/output")" "sched-vm set it a budget"
	expect 1 '' suggest --from "$WORK/dry" --json
	grep -q '"cure"' "$WORK/output" || fail "no cure in JSON"
	trace 9000 10 10 >"$WORK/busy"
	expect 1 'no budget up to 95 % of host CPU 0 is enough' suggest --from "$WORK/busy"
}

wrong_usage() {
	for args in '' 'a --from b' 'a --qemu b' 'a --pid 1' '--qemu b --domain c' '--pid 1 --from x'; do
		# shellcheck disable=SC2086
		expect 2 'one of NAME, --pid, --qemu, --domain and --from' suggest $args
	done
	expect 2 'from 50 to 100' suggest a --percentile 20
	expect 2 'from 50 to 100' suggest a --percentile 100.1
	expect 2 'from 50 to 100' suggest a --percentile x
	expect 2 'from 50 to 100' suggest a --percentile nan
	expect 2 'headroom 10: not a percentage' suggest a --headroom 10
	expect 2 '30 of what' suggest a --time 30
	expect 2 'from the shorter to the longer' suggest a --period 20ms-10ms
	expect 2 'period must be' suggest a --period 20s
	expect 2 'for --watch' suggest a --floor 1ms
	expect 2 'for --watch' suggest a --ceiling 1ms
	expect 2 'for --watch' suggest a --interval 1s
	expect 2 'takes one period' suggest a --watch --period 1ms-2ms
	expect 2 'has no --svg' suggest a --watch --svg "$WORK/x.svg"
	[ ! -e "$WORK/x.svg" ] || fail "a picture is left"
	expect 2 'floor is above the ceiling' suggest a --watch --floor 2ms --ceiling 1ms
	expect 2 'for what runs' suggest --from a --apply
	expect 2 'for what runs' suggest --from a --watch
	expect 1 'No such file' suggest --from "$WORK/none"
	trace 9000 2 4 >"$WORK/a"
	expect 1 'cannot write /no/such' suggest --from "$WORK/a" --svg /no/such/a.svg
	expect 1 'is what --from reads' suggest --from "$WORK/a" --svg "$WORK/a"
	expect 1 'are one file' suggest --from "$WORK/a" --svg "$WORK/x" --raw "$WORK/x"
	trace 9000 2 4 | cmp - "$WORK/a"
}

# What --raw keeps is what --from reads.
events_are_kept() {
	trace 9000 2 4 >"$WORK/a"
	expect 0 '' suggest --from "$WORK/a" --raw "$WORK/b" --json
	mv "$WORK/output" "$WORK/first"
	expect 0 '' suggest --from "$WORK/b" --json
	cmp "$WORK/first" "$WORK/output"
	# A thread that is taken off its CPU goes on with the same work.
	trace 9000 2 4 | awk '$3 == "switch" && $4 == 7 && !n++ {
		print "1000000 0 switch 7 9 1"; print "1500000 0 switch 9 7"; print "2500000 0 switch 7 0"; next
	} { print }' >"$WORK/a"
	expect 0 '' suggest --from "$WORK/a" --raw "$WORK/b"
	grep -q -x '1000000 0 switch 7 9 1' "$WORK/b" || fail "that it is ready is lost"
	grep -q -x '0 0 wake 7 1' "$WORK/b" || fail "wake-ups are lost"
	expect 0 '' "$tool" record --from "$WORK/b" -o "$WORK/b.json"
}

run values_by_hand tables_and_a_line too_short_for_the_percentile a_picture what_cannot_be_seen wrong_usage events_are_kept
