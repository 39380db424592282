#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run-lab.sh [KIND [plan | others]]: the tests that need a kernel with deadline groups, in a
# machine of the lab that has one CPU and virtual time: all, those of plan and suggest, or
# the others. The kernel must have been built. BUILD is the folder of the programs.

set -e
here=$(cd "${0%/*}" && pwd)
build=${BUILD:-$here/../build}
cd "$here/../../.."
exec scripts/lab run --no-build --kernel "${1:-release}" --time virtual --timeout 1500 --out out/tools \
	--add "$here" --add chrt --add "$build/sched-vm" --add "$build/test-json" --add "$build/test-napi" \
	--add "$build/test-pty" --add "$build/fakedev.so" --add "$build/test-load" --add setpriv -- \
	"$here/lab.sh" "$build/sched-vm" "$build/test-json" "$build/test-napi" "$build/fakedev.so" "$build/test-pty" "$build/test-load" \
	"${2-}"
