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

# tools_case NAME COMMAND...; TOOLS_SECONDS: how long it takes, if more than a minute or two
tools_case() {
	local name=$1 rc=0 start=$SECONDS
	has_time "$name" "${TOOLS_SECONDS:-0}" || return 0
	shift
	BUILD=$OUT/tools "$@" >"$OUT/$name.tap" 2>"$OUT/$name.err" </dev/null || rc=$?
	tap_report "$name" "$rc" $((SECONDS - start)) noskip
}

tools_run() {
	tools_build
	tools_case tools "$TOP/tools/sched_vm/tests/run.sh" "$OUT/tools"
	tools_case tools-lab "$TOP/tools/sched_vm/tests/run-lab.sh"
}

tools_run_debug() {
	is_built debug || return 0
	TOOLS_SECONDS=1500 tools_case tools-lab-debug "$TOP/tools/sched_vm/tests/run-lab.sh" debug
}

tools_run_kvm() {
	TOOLS_SECONDS=300 tools_case tools-kvm "$TOP/tools/sched_vm/tests/run-kvm.sh"
}
