#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the manual shows beneath the commands of its examples is what they print: on a
# made-up machine of four CPUs, and for events that are made up. Needs no kernel of ours, and
# changes nothing. manual.sh SCHED-VM JSON FAKEDEV THREADS
#
# Variables are those of machine.sh.
# shellcheck disable=SC2034,SC2154

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
# shellcheck source=events.sh
. "$here/events.sh"

# As they are read. A line that ends with \ goes on in the next one.
examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/p' "$here/../sched-vm.1" |
		sed -n '/^\.EX/,/^\.EE/{/^\.E[XE]/!p;}' |
		sed -e ':a' -e '/[^\]\\$/{N;s/\\\n//;ta' -e '}' -e "s/\\\\(aq/'/g" -e 's/\\-/-/g' -e 's/\\e/\\/g'
}

# In N.command and N.shown, from 1 on.
split_examples() {
	examples | awk -v at="$WORK" '
		/^# / { n++; print substr($0, 3) >(at "/" n ".command"); printf "" >(at "/" n ".shown"); next }
		{ print >(at "/" n ".shown") }'
}

# The machine that they are for: CPU 1 has most room, and CPU 2 75 %.
manual_machine() {
	machine
	for list in "$WORK/root/sys/devices/system/cpu/online" "$WORK/root/sys/devices/system/cpu/possible" \
		"$root/cpuset.cpus.effective" "$root/sched_vm/cpuset.cpus.effective"; do
		echo 0-3 >"$list"
	done
	cp -a "$root/sched_vm" "$WORK/new"
	trace 9000 2 4 vm1 >"$WORK/vm1.txt"
}

# Other commands want a guest that runs. What they would print is not shown.
can_run() {
	case $1 in
	"sched-vm plan "* | "sched-vm check "* | "sched-vm suggest --from "*) return 0 ;;
	esac
	return 1
}

the_examples_are_right() {
	split_examples
	manual_machine
	ran=0
	for file in "$WORK"/*.command; do
		command=$(cat "$file")
		: >"$WORK/printed"
		if can_run "$command"; then
			ran=$((ran + 1))
			# shellcheck disable=SC2086
			(cd "$WORK" && FAKE_FREE=700000,800000,750000,750000 FAKE_NEW=$WORK/new \
				fake ${command#sched-vm }) >"$WORK/printed" 2>&1 || true
			[ -s "$WORK/printed" ] || fail "'$command' prints nothing"
		fi
		diff -u "${file%command}shown" "$WORK/printed" || fail "'$command' prints something else"
	done
	between $ran 3 20
	grep -q -x 'sched-vm plan .*' "$WORK"/*.command || fail "no example of plan"
	grep -q -x 'sched-vm suggest .*' "$WORK"/*.command || fail "no example of suggest"
}

run the_examples_are_right
