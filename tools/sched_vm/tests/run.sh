#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# All tests that need no kernel of ours: run.sh FOLDER (of the programs). For
# those that do there is run-lab.sh.

here=${0%/*}
# Tests go to other folders.
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

"$build/test-units" || status=1
"$build/test-model" || status=1
"$build/test-demand" || status=1
"$build/test-adapt" || status=1
"$build/test-suggest" || status=1
LD_PRELOAD=$build/fakedev.so FAKE_ROOT=$work/machine "$build/test-meanwhile" || status=1
"$build/test-place" || status=1
"$build/test-timeline" "$here/trace.txt" "$work" || status=1
for file in small trace; do
	"$build/test-json" "$work/$file.json" traceEvents >/dev/null || status=1
done
"$here/cli.sh" "$build/sched-vm" "$build/test-json" || status=1
"$here/tree.sh" "$build/sched-vm" "$build/test-json" "$build/fakedev.so" "$build/test-pty" \
	"$build/test-threads" || status=1
"$here/plan.sh" "$build/sched-vm" "$build/test-json" || status=1
"$here/suggest.sh" "$build/sched-vm" "$build/test-json" || status=1
exit $status
