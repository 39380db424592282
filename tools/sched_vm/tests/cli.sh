#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the tool says to those who use it wrongly, and what it makes of recorded
# traces: needs no kernel of ours, and changes nothing. cli.sh SCHED-VM JSON

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

without_a_command() {
	expect 2 'which command' "$tool"
	expect 2 "no command 'maek'" "$tool" maek
	expect 2 "no command ''" "$tool" ''
}

help_is_help() {
	expect 0 'Status: 0 done, 1 failed or does not fit, 2 wrong usage' "$tool" --help
	expect 0 '^sched-vm [0-9]' "$tool" --version
	for cmd in create adopt run set remove list show check plan top record doctor; do
		expect 0 "^usage: sched-vm $cmd" "$tool" $cmd --help
		expect 0 '  --json ' "$tool" $cmd --help
		"$tool" --help | grep -q "^  $cmd " || fail "$cmd is not in the help"
	done
}

what_is_not_written_fails() {
	[ -c /dev/full ] || skip "no /dev/full"
	# shellcheck disable=SC2016
	expect 1 'cannot write' sh -c '"$1" --help >/dev/full' - "$tool"
	# shellcheck disable=SC2016
	expect 1 'cannot write' sh -c '"$1" record --from "$2" -o "$3" --json >/dev/full' - \
		"$tool" "$here/trace.txt" "$WORK/full.json"
}

options_are_checked() {
	expect 2 "unknown option '--bugdet'" "$tool" create a --bugdet 4ms
	expect 2 "unknown option '--force'" "$tool" create a --force
	expect 2 "unknown option '-x'" "$tool" create -xyz a
	expect 2 "unknown option '-x'" "$tool" create a -hx
	expect 2 '--budget needs a value' "$tool" create a --budget
	expect 2 'not a time' "$tool" create a --budget 4m
	expect 2 'not a time' "$tool" create a --budget 1.5us
	expect 2 'must be a time above 0' "$tool" create a --budget 4ms --period 0
	expect 2 'must be a time above 0' "$tool" create a --budget 4ms --period max
	expect 2 'must be max, or a time above 0' "$tool" check --budget 4ms --deadline 0
	expect 2 'not a list of CPUs' "$tool" create a --budget 4ms --cpus 3-1
	expect 2 'not a list of CPUs' "$tool" create a --budget 4ms --cpus ''
	for cpus in auto: auto:0 auto:x auto:9999 auto:99999; do
		expect 2 'of the form auto:N' "$tool" create a --budget 4ms --cpus $cpus
	done
	expect 2 'not a list of CPUs' "$tool" set a --cpus auto:2
	expect 2 'best or worst' "$tool" create a --budget 4ms --cpus auto:2 --fit first
	expect 2 'for --cpus auto:N only' "$tool" create a --budget 4ms --cpus 1 --fit best
	expect 2 'all or rt' "$tool" create a --budget 4ms --scope some
	expect 2 'of the form CPUS=TIME' "$tool" set a --cpu-budget 4ms
	expect 2 'of the form CPUS=TIME' "$tool" set a --cpu-budget =4ms
	expect 2 'of the form CPUS=TIME' "$tool" set a --cpu-budget 0=4m
	expect 2 'of the form \+N or -N' "$tool" set a --irq 7
	expect 2 'of the form \+N or -N' "$tool" set a --irq +7x
	expect 2 'not a process ID' "$tool" adopt a --pid 0
	expect 2 'not a process ID' "$tool" adopt a --pid 12x
	expect 2 'not a process ID' "$tool" adopt a --pid 99999999999
	expect 2 'empty' "$tool" adopt a --qemu ''
}

arguments_are_counted() {
	expect 2 'too few' "$tool" create --budget 4ms
	expect 2 'too few' "$tool" run --budget 4ms
	expect 2 "too many arguments, from 'b' on" "$tool" create a b --budget 4ms
	expect 2 "too many arguments, from 'a' on" "$tool" list a
	expect 2 'budget above 0' "$tool" check --budget 0
	expect 2 'budget above 0' "$tool" check
	for budget in 0 max; do
		expect 2 'budget above 0' "$tool" create a --budget $budget
		expect 2 'budget above 0' "$tool" run --budget $budget true
	done
	expect 2 'NAME of a capsule, or --from' "$tool" record
	expect 2 'NAME of a capsule, or --from' "$tool" record a --from b
}

names_are_checked() {
	for name in a/b .a '' 'a b'; do
		expect 2 'cannot be the name' "$tool" create "$name" --budget 4ms
	done
	expect 2 'cannot be the name' "$tool" run --name a/b --budget 4ms true
	for name in '' .. .a 'a b'; do
		expect 2 'cannot be the name' "$tool" show "$name"
		expect 2 'cannot be the name' "$tool" set "$name" --scope rt
		expect 2 'cannot be the name' "$tool" remove "$name"
		expect 2 'cannot be the name' "$tool" top "$name" --once
		expect 2 'cannot be the name' "$tool" adopt "$name" --pid $$ --in-place
	done
	expect 2 'has .. in it' "$tool" show /a/../..
}

a_trace_becomes_a_timeline() {
	expect 0 '103 events, 4 threads, 26 slices' \
		"$tool" record --from "$here/trace.txt" -o "$WORK/a.json"
	"$json" "$WORK/a.json" traceEvents.0.ph >"$WORK/value"
	same "$(cat "$WORK/value")" M
	same "$("$json" "$WORK/a.json" otherData.capsule)" vm1
	same "$(grep -c '<svg ' "$WORK/a.svg")" 1
	between "$(grep -c 'class="ran"' "$WORK/a.svg")" 26 26
	between "$(grep -c 'class="dry"' "$WORK/a.svg")" 15 15
	between "$(grep -c 'class="budget"' "$WORK/a.svg")" 2 2
	! grep -q -E '(href|src|url)' "$WORK/a.svg" || fail "it is not self-contained"
	expect 0 '' "$tool" record --from "$here/trace.txt" -o "$WORK/a.json" \
		--svg "$WORK/b.svg" --json
	same "$(value slices)" 26
	cmp "$WORK/a.svg" "$WORK/b.svg"
	expect 0 '' "$tool" record --from "$here/trace.txt" -o "$WORK/a.json" --raw "$WORK/c.txt"
	cmp "$here/trace.txt" "$WORK/c.txt"
}

files_do_not_overwrite_each_other() {
	cp "$here/trace.txt" "$WORK/d.txt"
	for names in "-o x.svg" "-o x.json --svg x.json" "-o x.json --raw x.json" \
		"-o x.json --raw x.svg" "-o d.txt" "-o x.json --svg d.txt" "--svg vm1.json"; do
		# shellcheck disable=SC2086
		(cd "$WORK" && expect 2 'different names|what --from reads' \
			"$tool" record --from d.txt $names)
	done
	cmp "$here/trace.txt" "$WORK/d.txt"
	[ ! -e "$WORK/x.svg" ] && [ ! -e "$WORK/x.json" ] || fail "something is written"
}

# Any byte may be in the name of a thread, but for 0.
names_of_threads_are_cleaned() {
	awk '/^thread/ && !n++ { $3 = "a\033[2J\001\377b\303\244\302\205<" } { print }' \
		"$here/trace.txt" >"$WORK/odd"
	grep -q -a "$(printf '\033')" "$WORK/odd" || fail "no name is odd"
	expect 0 '' "$tool" record --from "$WORK/odd" -o "$WORK/odd.json" --raw "$WORK/odd.raw"
	for file in json svg raw; do
		iconv -f UTF-8 -t UTF-8 "$WORK/odd.$file" >"$WORK/utf8" || fail "$file is no UTF-8"
		[ -z "$(LC_ALL=C tr -d '\t\n -~\200-\377' <"$WORK/utf8")" ] || fail "$file has controls"
	done
	grep -q "$(printf 'a?\\[2J??b\303\244?&lt;')" "$WORK/odd.svg" || fail "no name"
	"$json" "$WORK/odd.json" traceEvents >/dev/null
}

bad_traces_are_refused() {
	expect 1 'No such file' "$tool" record --from "$WORK/none" -o "$WORK/x.json"
	echo hello >"$WORK/bad"
	expect 1 'line 1: this is no recorded trace' "$tool" record --from "$WORK/bad" -o "$WORK/x.json"
	: >"$WORK/bad"
	expect 1 'line 1: this is no recorded trace' "$tool" record --from "$WORK/bad" -o "$WORK/x.json"
	for line in '1 0 jump 1 2' '1 99999 switch 1 2' '1 0 switch 1' '1 -1 switch 1 2' \
		'budget -1 5' 'time 5 5 0' 'capsule 1 2 max again' nonsense; do
		{ cat "$here/trace.txt" && echo "$line"; } >"$WORK/bad"
		expect 1 'line 113: this is no recorded trace' "$tool" record --from "$WORK/bad" -o "$WORK/x.json"
	done
	head -n 1 "$here/trace.txt" >"$WORK/bad"
	expect 1 'this is no recorded trace' "$tool" record --from "$WORK/bad" -o "$WORK/x.json"
}

errors_are_json_too() {
	expect 1 '"error"' "$tool" record --json --from "$WORK/none"
	same "$(value errno)" 2
	expect 1 '"cure"' "$tool" show --json no-such-capsule
}

the_manual_and_the_completion_know_all() {
	for cmd in create adopt run set remove list show check plan top record doctor; do
		grep -q "^\.B sched-vm $cmd$" "$here/../sched-vm.1" ||
			fail "$cmd is not in the manual"
		"$tool" $cmd --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$WORK/options"
		[ -s "$WORK/options" ] || fail "$cmd has no options"
		while read -r option; do
			grep -q -e "\\\\-\\\\-$(echo "$option" | sed 's/-/\\\\-/g')" "$here/../sched-vm.1" ||
				fail "--$option is not in the manual"
		done <"$WORK/options"
	done
}

the_manual_is_well_formed() {
	command -v mandoc && command -v man || skip "no man or mandoc"
	same "$(mandoc -T lint "$here/../sched-vm.1")" ""
	same "$(LC_ALL=C.UTF-8 man --warnings -l "$here/../sched-vm.1" 2>&1 >"$WORK/man")" ""
}

# As the shell does it: the words so far, and what it offers.
completes() {
	bash -c '. "$1"; shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_sched_vm && printf "%s\n" "${COMPREPLY[@]}"' - "$here/../sched-vm.bash" "$@"
}

words_are_completed() {
	same "$(completes "$tool" re | sort | tr '\n' ' ')" "record remove "
	same "$(completes "$tool" create a --bu)" --budget
	same "$(completes "$tool" top --on)" --once
	same "$(completes "$tool" set a --scope r)" rt
	same "$(completes "$tool" create a --force)" ""
}

# What belongs to the command of run is not for the tool.
commands_are_completed() {
	for before in "--" "--budget 4ms" "--cpu-budget 0 = 4ms --json" "--budget = 4ms" \
		"--budget 4ms --"; do
		# shellcheck disable=SC2086
		same "$(completes "$tool" run $before busyb | sort -u)" \
			"$(bash -c 'compgen -c busyb' | sort -u)"
		# shellcheck disable=SC2086
		same "$(completes "$tool" run $before ls --bud)" ""
		# shellcheck disable=SC2086
		same "$(completes "$tool" run $before ls --pid "$here/nap")" "$here/napi.c"
	done
	same "$(completes "$tool" run --bu)" --budget
	same "$(completes "$tool" run --budget 4ms --js)" --json
	same "$(completes "$tool" run --scope r)" rt
	same "$(completes "$tool" run --budget l)" ""
	same "$(completes "$tool" run -- --bu)" ""
}

run without_a_command help_is_help what_is_not_written_fails options_are_checked arguments_are_counted \
	names_are_checked a_trace_becomes_a_timeline files_do_not_overwrite_each_other \
	names_of_threads_are_cleaned bad_traces_are_refused \
	errors_are_json_too the_manual_and_the_completion_know_all \
	the_manual_is_well_formed words_are_completed commands_are_completed
