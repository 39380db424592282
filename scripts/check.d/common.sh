# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Counting, progress, and the steps that are not cases.

say() {
	printf '[%3d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

die() {
	printf 'check: error: %s\n' "$*" >&2
	exit 125
}

check_begin() {
	mkdir -p "$OUT"
	exec 9>"$OUT.lock"
	flock -n 9 || die "another check is using $OUT (CHECK_OUT names another folder)"
	check_keep_whole
	rm -rf "${OUT:?}"/*
	: >"$OUT/counts"
	: >"$OUT/failed"
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	trap check_stop EXIT
	cd "$TOP"
}

# A check of everything takes an hour: its results stay until the next one.
check_keep_whole() {
	[ -f "$OUT/whole" ] || return 0
	rm -rf "$OUT.last"
	mv "$OUT" "$OUT.last"
	mkdir "$OUT"
	say "the results of the last check of everything are in $OUT.last"
}

# Each case is a process group of its own, with a machine in it.
check_stop() {
	local job
	for job in $(jobs -rp); do
		kill -- "-$job" 2>/dev/null || true
	done
}

# count PASSED FAILED SKIPPED: from subshells, too.
count() {
	echo "$1 $2 $3" >>"$OUT/counts"
}

# note_failure WHAT [DIAGNOSTICS]: to be told once more at the end, where it is looked for
note_failure() {
	printf '%s\n' "FAILED: $1" ${2:+"$2"} >>"$OUT/failed"
}

# verdict WHAT LOG COMMAND...: one test, passed if the command succeeds.
verdict() {
	local what=$1 log=$2
	shift 2
	if "$@" >"$log" 2>&1; then
		count 1 0 0
		return 0
	fi
	count 0 1 0
	say "FAIL  $what"
	head -n 40 "$log" | sed 's/^/        /'
	note_failure "$what" "$(tail -n 6 "$log" | sed 's/^/        /')"
	return 1
}

# check_end MODE: the sums, and the status
check_end() {
	local passed=0 failed=0 skipped=0 p f s
	while read -r p f s; do
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	done <"$OUT/counts"
	tail -n 40 "$OUT/failed"
	[ "$1" != all ] || touch "$OUT/whole"
	[ ! -f "$OUT/left-out" ] || echo "LEFT OUT for want of time (CHECK_UNTIL=$CHECK_UNTIL): $(paste -sd ' ' "$OUT/left-out")"
	printf '%d passed, %d failed' "$passed" "$failed"
	[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
	echo
	[ "$failed" -eq 0 ]
}

CHECK_UNTIL=${CHECK_UNTIL:-0}	# seconds since the beginning; 0: there is no end

# note_time NAME SECONDS: for --list
note_time() {
	echo "$1 $2" >>"$OUT/times"
}

SLOWNESS=100	# percent of what the tables in list.sh say, by the first kernel built

# has_time NAME: to run it
has_time() {
	local seconds
	[ "$CHECK_UNTIL" -gt 0 ] || return 0
	seconds=$(($(about_seconds "$1") * SLOWNESS / 100))
	[ $((SECONDS + seconds)) -gt "$CHECK_UNTIL" ] || return 0
	say "$1: no time left for its $seconds s (CHECK_UNTIL=$CHECK_UNTIL); skipped"
	count 0 0 1
	echo "$1" >>"$OUT/left-out"
	return 1
}

build_kernel() {
	local kind=$1 start=$SECONDS
	say "kernel '$kind' ..."
	"$LAB" kernel --kernel "$kind" >"$OUT/kernel-$kind.log" ||
		die "the $kind kernel does not build"
	touch "$OUT/built.$kind"
	say "kernel '$kind' is up to date, after $((SECONDS - start)) s"
	note_time "$kind" $((SECONDS - start))
	[ "$kind" != release ] || SLOWNESS=$(slowness $((SECONDS - start)))
}

# A kernel that is up to date says nothing of the machine.
slowness() {
	local percent=$(($1 * 100 / $(about_seconds release)))
	echo $((percent > 100 ? percent : 100))
}

build_kernels() {
	local kind
	for kind; do
		! has_time "$kind" || build_kernel "$kind"
	done
}

# is_built KIND [TESTS]: if not, so many tests are skipped
is_built() {
	[ ! -f "$OUT/built.$1" ] || return 0
	count 0 0 "${2:-1}"
	return 1
}

# The programs are built where they will live: in the kernel tree, by lib.mk.
# Static, so that an initramfs needs nothing else.
build_tests() {
	local tree
	BIN=$OUT/bin
	mkdir -p "$BIN"
	"$LAB" tree >"$OUT/tree.log" || die "the kernel tree cannot be prepared"
	tree=$("$LAB" path patched)
	make -s -C "$tree/$TESTS" OUTPUT="$BIN" USERCFLAGS="-Werror" USERLDFLAGS=-static \
		>"$OUT/build-tests.log" 2>&1 || {
		cat "$OUT/build-tests.log" >&2
		die "the selftests do not build"
	}
	cp "$tree/$TESTS/hackbench.sh" "$BIN"
}

run_test_lab() {
	local rc=0 start=$SECONDS
	say "scripts/test-lab.sh ..."
	"$TOP/scripts/test-lab.sh" >"$OUT/test-lab.tap" 2>&1 || rc=$?
	tap_report test-lab "$rc" $((SECONDS - start)) noskip
}

# tap_report NAME STATUS SECONDS noskip|skip: count what out/check/NAME.tap says.
# A program must end well and keep to its plan; with noskip, it may skip nothing.
tap_report() {
	local name=$1 rc=$2 seconds=$3 skip=$4 passed failed skipped plan note=
	read -r passed failed skipped plan < <(tap_count "$OUT/$name.tap")
	if [ "$rc" -ne 0 ] && [ "$failed" -eq 0 ] && [ "$rc" -ne 4 ]; then
		failed=1 note=$(exit_note "$rc")
	elif [ "$rc" -eq 99 ] || [ "$rc" -eq 124 ]; then
		failed=$((failed + 1)) note=$(exit_note "$rc")
	elif [ $((passed + failed + skipped)) -ne "$plan" ]; then
		failed=$((failed + 1)) note="ran $((passed + failed + skipped)) of $plan tests"
	elif [ $((passed + failed + skipped)) -eq 0 ] || { [ "$skip" = noskip ] && [ "$skipped" -gt 0 ]; }; then
		failed=$((failed + 1)) skipped=0 note="skipped what it must not skip"
	fi
	count "$passed" "$failed" "$skipped"
	tap_say "$name" "$passed" "$failed" "$skipped" "$seconds" "$note"
	note_time "$name" "$seconds"
}

tap_say() {
	local text
	text=$(printf '%-24s %3d passed' "$1" "$2")
	[ "$3" -eq 0 ] || text+=", $3 FAILED"
	[ "$4" -eq 0 ] || text+=", $4 skipped"
	say "$text  ($5 s)${6:+ -- $6}"
	sed -n 's/^# note: /        note: /p' "$OUT/$1.tap"
	[ "$3" -eq 0 ] || {
		tap_failures "$1"
		note_failure "$1${6:+ -- $6}" "$(tap_failures "$1" | tail -n 12)"
	}
}

# Each "not ok" with the diagnostics before it.
tap_failures() {
	awk '/^ok /                   { n = 0 }
	     /^#/ && !/^# result /    { line[n++] = $0 }
	     /^(not ok|Bail out!)/    { for (i = n > 8 ? n - 8 : 0; i < n; i++) print line[i]
	                                print; n = 0 }' "$OUT/$1.tap" | head -n 60 | sed 's/^/        /'
	[ ! -s "$OUT/$1.err" ] || tail -n 25 "$OUT/$1.err" | sed 's/^/        /'
}

tap_count() {
	awk '/^ok .*# SKIP/ { skipped++; next }
	     /^ok /         { passed++ }
	     /^not ok /     { failed++ }
	     /^1\.\.[0-9]/  { plan += substr($1, 4) }
	     END            { print passed + 0, failed + 0, skipped + 0, plan + 0 }' "$1"
}

exit_note() {
	case $1 in
	99) echo "the kernel complained" ;;
	124) echo "timeout" ;;
	125) echo "the lab failed" ;;
	*) echo "status $1" ;;
	esac
}
