# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The command-line tool: its own tests, those on the release and on the debug kernel,
# and those with a real guest. The published experiments: those of the model, and the
# model against the kernel.

# programs_build FOLDER NAME TARGET...: in out/check/NAME. That was removed when the check
# began, so ccache remembers what has not changed, where the lab has its own.
programs_build() {
	local folder=$1 log=$OUT/$2-build.log out=$OUT/$2 start=$SECONDS cc=${CC:-cc}
	shift 2
	! command -v ccache >/dev/null || cc="ccache $cc"
	CC=$cc CCACHE_DIR=${CCACHE_DIR:-$("$LAB" path cache)/ccache} \
		make -s -j "$(nproc)" -C "$TOP/$folder" O="$out" "$@" >"$log" 2>&1 || {
		cat "$log" >&2
		die "$folder does not build"
	}
	say "$folder is built, after $((SECONDS - start)) s"
}

# program_case NAME COMMAND...: sets TOOK, in seconds
program_case() {
	local name=$1 rc=0 start=$SECONDS
	shift
	BUILD=$OUT/tools "$@" >"$OUT/$name.tap" 2>"$OUT/$name.err" </dev/null || rc=$?
	TOOK=$((SECONDS - start))
	tap_report "$name" "$rc" $TOOK noskip
}

# in_time NAME COMMAND...: it took no more than three times what the table says: whoever
# changes it waits for that each time. A machine with other work may be late once; so what
# took longer is run again, and that counts.
in_time() {
	local name=$1 most start=$SECONDS
	shift
	most=$(($(about_seconds "$name") * SLOWNESS * 3 / 100))
	if [ "$TOOK" -gt $most ]; then
		say "$name: took $TOOK s, more than $most: once more"
		BUILD=$OUT/tools "$@" >"$OUT/$name.again" 2>&1 </dev/null || true
		TOOK=$((SECONDS - start))
	fi
	verdict "$name: took $TOOK s, more than $most" "$OUT/$name.seconds" [ "$TOOK" -le $most ] || true
}

# tools_case NAME COMMAND...
tools_case() {
	programs_build tools/sched_vm tools all programs
	program_case "$@"
}

papers_run() {
	programs_build papers papers all
	program_case papers "$TOP/papers/test/run" "$OUT/papers"
}

# The same sets in the release kernel, whose programs BIN has
papers_run_lab() {
	[ -n "${BIN:-}" ] || build_tests
	programs_build tools/sched_vm tools all
	program_case papers-lab "$TOP/papers/kernel/test.sh" --jobs "$JOBS" --no-build --program "$BIN/jobs" \
		--sched-vm "$OUT/tools/sched-vm" "$OUT/papers-lab"
}

tools_run() {
	tools_case tools "$TOP/tools/sched_vm/tests/run.sh" "$OUT/tools"
	in_time tools "$TOP/tools/sched_vm/tests/run.sh" "$OUT/tools"
}

tools_run_plan() {
	tools_case plan-lab "$TOP/tools/sched_vm/tests/run-lab.sh" release plan
}

tools_run_lab() {
	tools_case tools-lab "$TOP/tools/sched_vm/tests/run-lab.sh" release others
}

tools_run_debug() {
	tools_case tools-lab-debug "$TOP/tools/sched_vm/tests/run-lab.sh" debug
}

tools_run_kvm() {
	tools_case tools-kvm "$TOP/tools/sched_vm/tests/run-kvm.sh"
}
