#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# All tests that need no kernel of ours: run.sh FOLDER (of the programs). For
# those that do there is run-lab.sh. They run at the same time, since some wait and
# others compute; what they say comes one after the other.

here=${0%/*}
# Tests go to other folders.
build=$(cd "${1:?usage: run.sh FOLDER, of the programs}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
parts=

# part NAME COMMAND...
part() {
	name=$1
	shift
	"$@" >"$work/$name.tap" 2>&1 &
	parts="$parts $name:$!"
}

# shellcheck disable=SC2317 # part() calls it.
timelines() {
	"$build/test-timeline" "$here/trace.txt" "$work" || return 1
	for file in small trace; do
		"$build/test-json" "$work/$file.json" traceEvents >/dev/null || return 1
	done
}

# Made-up machines are made again and again, which is slow where that goes to a disk.
memory=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || memory=/dev/shm
for some in threads wait top other; do
	part tree-$some env TMPDIR="$memory" "$here/tree.sh" "$build/sched-vm" "$build/test-json" "$build/fakedev.so" \
		"$build/test-pty" "$build/test-threads" $some
done
part errors env TMPDIR="$memory" "$here/errors.sh" "$build/sched-vm" "$build/test-json" "$build/fakedev.so" \
	"$build/test-threads"
part manual env TMPDIR="$memory" "$here/manual.sh" "$build/sched-vm" "$build/test-json" "$build/fakedev.so" \
	"$build/test-threads"
part model "$build/test-model"
part cli "$here/cli.sh" "$build/sched-vm" "$build/test-json"
part plan "$here/plan.sh" "$build/sched-vm" "$build/test-json"
part suggest.sh "$here/suggest.sh" "$build/sched-vm" "$build/test-json"
part units "$build/test-units"
part demand "$build/test-demand"
part adapt "$build/test-adapt"
part suggest "$build/test-suggest"
part meanwhile env LD_PRELOAD="$build/fakedev.so" FAKE_ROOT="$work/machine" "$build/test-meanwhile"
part place "$build/test-place"
part pack "$build/test-pack"
part timelines timelines

for part in $parts; do
	wait "${part#*:}" || status=1
	cat "$work/${part%:*}.tap"
done
exit $status
