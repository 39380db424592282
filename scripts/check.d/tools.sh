# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The command-line tool: its own tests, those on the release and on the debug kernel,
# and those with a real guest.

tools_build() {
	make -s -C "$TOP/tools/sched_vm" O="$OUT/tools" all programs >"$OUT/tools-build.log" 2>&1 || {
		cat "$OUT/tools-build.log" >&2
		die "tools/sched_vm does not build"
	}
}

# tools_case NAME COMMAND...
tools_case() {
	local name=$1 rc=0 start=$SECONDS
	shift
	tools_build
	BUILD=$OUT/tools "$@" >"$OUT/$name.tap" 2>"$OUT/$name.err" </dev/null || rc=$?
	tap_report "$name" "$rc" $((SECONDS - start)) noskip
}

tools_run() {
	tools_case tools "$TOP/tools/sched_vm/tests/run.sh" "$OUT/tools"
}

tools_run_lab() {
	tools_case tools-lab "$TOP/tools/sched_vm/tests/run-lab.sh"
}

tools_run_debug() {
	tools_case tools-lab-debug "$TOP/tools/sched_vm/tests/run-lab.sh" debug
}

tools_run_kvm() {
	tools_case tools-kvm "$TOP/tools/sched_vm/tests/run-kvm.sh"
}
