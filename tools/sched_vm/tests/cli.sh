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

commands=$("$tool" --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' | grep -v '^help$')

value() {
	"$json" "$WORK/output" "$1"
}

without_a_command() {
	expect 2 'which command' "$tool"
	expect 2 "no command 'maek'" "$tool" maek
	expect 2 "no command ''" "$tool" ''
	expect 2 "no command 'lst'. Did you mean 'list'" "$tool" lst
	expect 2 "no command 'creaet'. Did you mean 'create'" "$tool" creaet
	expect 2 "'s' could be one of set, show" "$tool" s
	expect 2 "^Try 'sched-vm --help'.$" "$tool" x
	expect 2 "^Try 'sched-vm create --help'.$" "$tool" create
	same "$(awk 'length > 79' "$WORK/output")" ""
	expect 2 'too few' "$tool" cre
}

help_is_help() {
	expect 0 'Status: 0 done, 1 failed or does not fit, 2 wrong usage' "$tool" --help
	expect 0 'Status: 0 done' "$tool" help
	for option in --version -V; do
		expect 0 '^sched-vm [0-9]' "$tool" $option
	done
	expect 0 '^--version, -V: which sched-vm this is' "$tool" --help
	grep -q '^\.BR .*-V ", " .*-version$' "$here/../sched-vm.1" || fail "the manual has no --version"
	for cmd in $commands; do
		expect 0 "^usage: sched-vm $cmd" "$tool" "$cmd" --help
		"$tool" help "$cmd" | cmp - "$WORK/output"
		[ "$cmd" = run ] || grep -q '^  --json ' "$WORK/output" || fail "$cmd has no JSON"
	done
	expect 2 "unknown option '--json'" "$tool" run --json --budget 1ms true
}

# A number says nothing without what it is a number of.
times_have_units() {
	expect 2 '--budget 20: 20 of what\? Like 20s, 20ms or 20us' "$tool" create a --budget 20
	for option in --budget --period --deadline; do
		expect 2 '100 of what' "$tool" check $option 100
		expect 2 '1.5 of what' "$tool" set a $option 1.5
	done
	expect 2 '4 of what' "$tool" set a --cpu-budget 0=4
	expect 2 '5 of what' "$tool" record a --time 5
	expect 2 '1 of what' "$tool" top --interval 1
	for interval in 1us 99ms; do
		expect 2 'at least 100ms' "$tool" top --interval $interval
	done
	expect 2 'must be a number above 0' "$tool" top -n 0
	expect 2 'must be a number above 0' "$tool" top --count 1x
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
	expect 2 "unknown option '--bugdet'. Did you mean --budget" "$tool" create a --bugdet 4ms
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
	expect 2 'none, idle or fair' "$tool" create a --budget 4ms --extra some
	expect 2 'all or rt' "$tool" create a --budget 4ms --scope some
	expect 2 'of the form CPUS=TIME' "$tool" set a --cpu-budget 4ms
	expect 2 'of the form CPUS=TIME' "$tool" set a --cpu-budget =4ms
	expect 2 'not a time' "$tool" set a --cpu-budget 0=4m
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
	expect 2 'needs a --budget' "$tool" check
	expect 2 '^sched-vm: run: it needs a --budget' "$tool" run -- true
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
	expect 2 'it has a slash' "$tool" create a/b --budget 4ms
	expect 2 'it begins with a dot' "$tool" create .a --budget 4ms
	expect 2 'it begins with -' "$tool" create --budget 4ms -- -x
	expect 2 'sched-vm needs that itself' "$tool" create outside --budget 4ms
	for name in run-12 check-3 plan-4; do
		expect 2 'sched-vm gives such names itself' "$tool" create $name --budget 4ms
		expect 2 'sched-vm gives such names itself' "$tool" run --name $name --budget 4ms true
		# One that it has given can be looked at.
		expect 1 '' "$tool" show $name
	done
	# Whatever the tool makes for itself begins so.
	same "$(grep -l '"%s/[a-z]*-%d", cg_base' "$here"/../*.c)" ""
	expect 1 '' "$tool" create run-a --budget 4ms
	expect 2 'it has more than 200 bytes' "$tool" create "$(printf %0220d 0)" --budget 4ms
	same "$(awk 'length > 120' "$WORK/output")" ""
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

# long_trace PERIODS [CPUS]: a ms each, of which two CPUs are busy for the first half
long_trace() {
	awk -v n="$1" -v cpus="${2:-2}" 'BEGIN {
		print "sched-vm-trace 1\ncapsule 500000 1000000 max long"
		printf "time 0 %.0f 0\n", n * 1000000
		for (cpu = 0; cpu < cpus; cpu++)
			print "budget " cpu " 500000\nthread " 100 + cpu " t" cpu
		for (i = 0; i < n; i++)
			for (half = 0; half < 2; half++)
				for (cpu = 0; cpu < cpus; cpu++) {
					at = sprintf("%.0f %d", (2 * i + half) * 500000 + cpu, cpu)
					print at, half ? "throttle -1000 5 1" : "replenish -1000 -5 1"
					print at, "switch", half ? 100 + cpu " 0 1" : "0 " 100 + cpu
				}
	}'
}

# It is written as it comes: neither memory nor picture grow with its length.
a_long_trace_takes_no_more_memory() {
	command -v prlimit || skip "no prlimit"
	long_trace 100 >"$WORK/short"
	long_trace 5000 >"$WORK/long"
	kb=4096
	until prlimit --as=$((kb * 1024)) "$tool" record --from "$WORK/short" -o "$WORK/short.json"; do
		kb=$((kb + 256))
		[ $kb -lt 200000 ] || fail "not even a short one"
	done
	expect 0 '40000 events, 2 threads, 10000 slices' \
		prlimit --as=$(((kb + 512) * 1024)) "$tool" record --from "$WORK/long" -o "$WORK/long.json"
	same "$(grep -c '"ph":"X".*"name":"throttled"' "$WORK/long.json")" 10000
	# One at least in each place, and no more than two.
	between "$(grep -c 'class="ran"' "$WORK/long.svg")" 2 12200
	between "$(wc -c <"$WORK/long.svg")" 10000 3000000
}

# Each CPU has its threads and its budget, in files that grow with the CPUs and no faster.
a_timeline_has_many_cpus() {
	for cpus in 2 64; do
		long_trace 20 $cpus >"$WORK/$cpus"
		expect 0 "$((cpus * 80)) events, $cpus threads, $((cpus * 20)) slices" \
			"$tool" record --from "$WORK/$cpus" -o "$WORK/$cpus.json"
		cp "$WORK/$cpus.json" "$WORK/output"
		value traceEvents >/dev/null
		same "$(sed -n 's/.*"name":"\(budget on host CPU [0-9]*\)".*/\1/p' "$WORK/output" |
			sort -u | wc -l)" $cpus
		same "$(grep -c '>host CPU [0-9]*</text>' "$WORK/$cpus.svg")" $cpus
		same "$(grep -c '>t[0-9]* ([0-9]*)</text>' "$WORK/$cpus.svg")" $cpus
		same "$(grep -c '"ph":"X".*"name":"throttled"' "$WORK/$cpus.json")" $((cpus * 20))
	done
	for file in json svg; do
		between "$(($(wc -c <"$WORK/64.$file") * 10 / $(wc -c <"$WORK/2.$file")))" 100 360
	done
}

# A full disk, played by a limit. Nothing is left of what could not be done.
a_long_trace_takes_room() {
	long_trace 500 >"$WORK/long"
	# shellcheck disable=SC2016
	expect 1 'the events cannot be kept: File too large' sh -c 'trap "" XFSZ; ulimit -f 8
		exec "$1" record --from "$2" -o "$3"' - "$tool" "$WORK/long" "$WORK/room.json"
	grep -q 'cure: more room beside the JSON file' "$WORK/output" || fail "no cure"
	[ ! -e "$WORK/room.json" ] || fail "something is left"
}

the_picture_can_be_read() {
	# A debt of 2 ms, a thread that never ran, and one of a name that another one has.
	sed -e '/^thread/{p;s/^thread [0-9]* .*/thread 7777 never/;}' "$here/trace.txt" |
		awk '/never/ && n++ { next } / throttle / { $4 = -2000000 } { print }' >"$WORK/f.txt"
	expect 0 '' "$tool" record --from "$WORK/f.txt" -o "$WORK/f.json"
	same "$(sed -n 's|.*class="tick".*middle">\([^<]*\)</text>|\1|p' "$WORK/f.svg" |
		tr '\n' ' ')" '0 20ms 40ms 60ms 80ms 100ms 120ms 140ms '
	# The text of the last one has room to both sides.
	between "$(sed -n 's|.*class="tick" x="\([0-9]*\).*|\1|p' "$WORK/f.svg" | tail -n 1)" 230 1150
	grep -q '>-2[.0-9]*ms</text>' "$WORK/f.svg" || fail "no scale below zero"
	grep -q '>4ms</text>' "$WORK/f.svg" || fail "no scale"
	grep -q '>sh (88)</text>' "$WORK/f.svg" || fail "no thread by number"
	grep -q '>host CPU 1</text>' "$WORK/f.svg" || fail "whose CPU?"
	grep -q '<title>sh (88) on host CPU 0, [0-9.]*ms from [0-9.]*ms on</title>' "$WORK/f.svg" ||
		fail "nothing is said of a bar"
	! grep -q never "$WORK/f.svg" "$WORK/f.json" || fail "who never ran is there"
	same "$(grep -c '"ph":"X".*"name":"throttled"' "$WORK/f.json")" 15
	same "$(grep -c '#f4b8b0' "$WORK/f.svg")" 16
	! grep 'class="ran"' "$WORK/f.svg" | grep -q '#f4b8b0' || fail "red is a CPU, too"
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

# Nobody waits for a recording that cannot be written, and what can be is.
outputs_are_opened_first() {
	cp "$here/trace.txt" "$WORK/e.txt"
	for names in "-o /no/such/x.json" "-o x.json --svg /no/such/x.svg" "-o x.json --raw /no/such/x"; do
		# shellcheck disable=SC2086
		(cd "$WORK" && expect 1 'cannot write /no/such/x' \
			"$tool" record --from e.txt $names)
		[ ! -e "$WORK/x.json" ] && [ ! -e "$WORK/x.svg" ] || fail "something is left"
	done
	echo precious >"$WORK/x.json"
	expect 1 'cannot write' "$tool" record --from "$here/trace.txt" -o "$WORK/x.json" --raw /no/such/x
	same "$(cat "$WORK/x.json")" precious
	[ -c /dev/full ] || skip "no /dev/full"
	expect 1 'cannot write /dev/full' "$tool" record --from "$here/trace.txt" \
		-o "$WORK/x.json" --svg "$WORK/x.svg" --raw /dev/full
	"$json" "$WORK/x.json" traceEvents >/dev/null
	grep -q '</svg>' "$WORK/x.svg" || fail "the picture is lost"
	rm "$WORK/x.json" "$WORK/x.svg"
	ln "$WORK/e.txt" "$WORK/another"
	expect 1 'is what --from reads' "$tool" record --from "$WORK/e.txt" -o "$WORK/another"
	cmp "$here/trace.txt" "$WORK/another"
}

without_an_event_there_is_no_timeline() {
	grep -v -E '^[0-9]' "$here/trace.txt" >"$WORK/empty"
	expect 1 'not one event in 150' "$tool" record --from "$WORK/empty" -o "$WORK/x.json"
	[ ! -e "$WORK/x.json" ] && [ ! -e "$WORK/x.svg" ] || fail "something is written"
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
	for cmd in $commands; do
		grep -q "^\.SS \"sched-vm ${cmd}[ \"]" "$here/../sched-vm.1" ||
			fail "$cmd is not in the manual"
		"$tool" "$cmd" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$WORK/options"
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

# Guests that run, domains that libvirt knows, CPUs and irqs that there are.
values_are_completed() {
	mkdir "$WORK/bin"
	cat >"$WORK/bin/ps" <<-'EOF'
		#!/bin/sh
		echo '/usr/bin/qemu-system-x86_64 -m 1G -name guest=web-1,debug-threads=on -smp 2'
		echo 'qemu-system-x86_64 -name db -m 1G'
		echo 'grep qemu -name other'
	EOF
	printf '#!/bin/sh\necho web-1\necho web-2\n' >"$WORK/bin/virsh"
	chmod +x "$WORK/bin/ps" "$WORK/bin/virsh"
	PATH=$WORK/bin:$PATH
	same "$(completes "$tool" adopt a --qemu w)" web-1
	same "$(completes "$tool" adopt a --qemu d)" db
	same "$(completes "$tool" adopt a --domain web- | tr '\n' ' ')" "web-1 web-2 "
	completes "$tool" create a --cpus '' | grep -q -x 0 || fail "no CPU 0"
	completes "$tool" create a --cpus 5, | grep -q -x 5,0 || fail "no second one"
	irq=$(awk -F: '/^ *[0-9]+:/ { print $1 + 0; exit }' /proc/interrupts)
	[ -n "$irq" ] || skip "no irqs"
	completes "$tool" set a --irq '' | grep -q -x -e "+$irq" || fail "no irq"
	completes "$tool" set a --irq - | grep -q -x -e "-$irq" || fail "none that leaves"
	same "$(completes "$tool" help rem)" remove
	# A command that is in two folders is offered once.
	mkdir "$WORK/bin2"
	for folder in bin bin2; do
		printf '#!/bin/sh\n' >"$WORK/$folder/xyzzy"
		chmod +x "$WORK/$folder/xyzzy"
	done
	PATH=$WORK/bin2:$PATH
	same "$(completes "$tool" run -- xyz)" xyzzy
}

what_is_installed_can_be_removed() {
	command -v make || skip "no make"
	make -s -C "$here/.." O="${tool%/*}" DESTDIR="$WORK/dest" install >/dev/null
	same "$(find "$WORK/dest" -type f | wc -l)" 3
	make -s -C "$here/.." O="${tool%/*}" DESTDIR="$WORK/dest" uninstall
	same "$(find "$WORK/dest" -type f)" ""
}

# It is said by name, and how to get it.
what_is_missing_is_named() {
	command -v make || skip "no make"
	expect 2 'these are missing: json-c libtracefs libtraceevent' \
		make -C "$here/.." PKG_CONFIG=false O="$WORK/none"
	grep -q '"make deps" at the top of the repository' "$WORK/output" || fail "no cure"
	[ ! -e "$WORK/none/sched-vm" ] || fail "something is built"
}

# What each command prints for programs is in the manual.
the_manual_knows_all_keys() {
	sed -n 's/.*\(jo_[a-z]*([^,]*, \|_object_add([^,]*, \)"\([a-z0-9_]*\)".*/\2/p' "$here"/../*.c |
		sort -u >"$WORK/keys"
	between "$(grep -c . "$WORK/keys")" 80 300
	sed -n '/^\.SH JSON/,/^\.SH ENV/p; /^\.SH COUNTERS/,/^\.SH/p' "$here/../sched-vm.1" >"$WORK/json"
	while read -r key; do
		grep -q -w -e "$key" "$WORK/json" || fail "it knows no $key"
	done <"$WORK/keys"
	for cmd in adopt remove record check plan suggest top free monitor doctor; do
		grep -q "^\.B[R]* $cmd" "$WORK/json" || fail "it does not tell what $cmd prints"
	done
}

# What is counted has the same heading in columns and in the manual's table; top has more.
the_manual_knows_all_headings() {
	sed -n '/^\.SH COUNTERS/,/^\.SH JSON/p' "$here/../sched-vm.1" >"$WORK/counters"
	sed -n 's/^\tCOUNTER(\([a-z_]*\), "\([A-Z]*\)", .*/\1 \2/p' "$here/../capsule.c" >"$WORK/pairs"
	between "$(grep -c . "$WORK/pairs")" 8 20
	while read -r key heading; do
		grep -q -E "^$key +$heading +[a-zA-Z]" "$WORK/counters" || fail "it knows no $key as $heading"
	done <"$WORK/pairs"
	same "$(grep -c -E '^[a-z_]+ +[A-Z]+ ' "$WORK/counters")" "$(grep -c . "$WORK/pairs")"
	sed -n '/^\.SS "sched-vm top/,/^\.SS "sched-vm free/p' "$here/../sched-vm.1" >>"$WORK/counters"
	sed -n 's/^\t{ "\([A-Z]*\)", [0-9].*/\1/p' "$here/../top-rows.c" | sort -u |
		grep -v -x -E 'NAME|CPU|BUDGET|TID|THREAD' >"$WORK/headings"
	between "$(grep -c . "$WORK/headings")" 5 20
	while read -r heading; do
		grep -q -w "$heading" "$WORK/counters" || fail "it does not tell what $heading is"
	done <"$WORK/headings"
}

# A default that is another command's is wrong.
help_tells_the_right_defaults() {
	expect 0 '^  --time T .*default 30s' "$tool" suggest --help
	expect 0 '^  --time T .*default: until Ctrl-C' "$tool" monitor --help
	expect 0 '^  --time T .*default 2s' "$tool" record --help
	expect 0 '^  --period P .*default 100ms' "$tool" create --help
	for cmd in set plan suggest; do
		expect 0 '^  --period P ' "$tool" $cmd --help
		! grep -q 'default 100ms' "$WORK/output" || fail "$cmd has no such default"
	done
	expect 0 '^  --cpus LIST .*auto:N' "$tool" create --help
	expect 0 '^  --cpus LIST .*only these' "$tool" free --help
	expect 0 '^  --cpus LIST .*default: as it is' "$tool" set --help
	expect 0 '^  --deadline D .*default as it is' "$tool" set --help
	expect 0 '^  --deadline D .*auto' "$tool" plan --help
	expect 0 '^  --threads .*each thread used' "$tool" top --help
}

# What belongs to the command of run is not for the tool.
commands_are_completed() {
	for before in "--" "--budget 4ms" "--cpu-budget 0 = 4ms --name x" "--budget = 4ms" \
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
	same "$(completes "$tool" run --budget 4ms --na)" --name
	same "$(completes "$tool" run --scope r)" rt
	same "$(completes "$tool" run --budget l)" ""
	same "$(completes "$tool" run -- --bu)" ""
}

run without_a_command help_is_help times_have_units what_is_not_written_fails options_are_checked arguments_are_counted \
	names_are_checked a_trace_becomes_a_timeline a_long_trace_takes_no_more_memory \
	a_long_trace_takes_room a_timeline_has_many_cpus \
	the_picture_can_be_read files_do_not_overwrite_each_other \
	outputs_are_opened_first without_an_event_there_is_no_timeline \
	names_of_threads_are_cleaned bad_traces_are_refused \
	help_tells_the_right_defaults the_manual_knows_all_keys the_manual_knows_all_headings errors_are_json_too the_manual_and_the_completion_know_all \
	the_manual_is_well_formed words_are_completed values_are_completed \
	commands_are_completed what_is_missing_is_named what_is_installed_can_be_removed
