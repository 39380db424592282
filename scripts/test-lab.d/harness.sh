# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A test is a function test_* (or boot_*) that runs in a subshell under set -e, in a
# fresh copy of the repository's scripts with a small kernel tree. It fails by
# calling fail, or by any command that fails.

BOOT_KERNEL=${BOOT_KERNEL:-release}

run_tests() {
	local t n=0 failed=0
	echo "TAP version 13"
	echo "1..$#"
	for t; do
		n=$((n + 1))
		set +e
		(set -e; "$t") >"$WORK/log" 2>&1
		rc=$?
		set -e
		if [ $rc -eq 0 ]; then
			echo "ok $n $t"
		else
			echo "not ok $n $t"
			sed 's/^/# /' "$WORK/log"
			failed=$((failed + 1))
		fi
	done
	[ $failed -eq 0 ]
}

fail() {
	echo "FAIL: $*"
	exit 1
}

# expect STATUS PATTERN COMMAND...: it ends with that status, and its output (both
# kinds) has the pattern.
expect() {
	local want=$1 pattern rc=0
	shift
	[ "$1" != -- ] || shift
	pattern=$1
	shift
	"$@" >"$WORK/output" 2>&1 || rc=$?
	cat "$WORK/output"
	[ "$rc" -eq "$want" ] || fail "'$*' ended with $rc, not $want"
	grep -q -E -e "$pattern" "$WORK/output" || fail "'$*' did not say '$pattern'"
}

same() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# A kernel of a few files, in $WORK/linux.
make_linux() {
	local l=$WORK/linux
	rm -rf "$l"
	mkdir -p "$l/kernel/sched" "$l/include/linux"
	printf 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\n' >"$l/Makefile"
	seq -f 'core line %g' 1 60 >"$l/kernel/sched/core.c"
	seq -f 'rt line %g' 1 30 >"$l/kernel/sched/rt.c"
	seq -f 'header line %g' 1 30 >"$l/include/linux/sched.h"
}

# make_patch NAME FILE SED-EXPRESSION...: a patch by hand, at the end of the series.
# The files are changed in $WORK/state, which follows the series.
make_patch() {
	local name=$1 s=$REPO/patches/linux-7.3
	shift
	[ -d "$WORK/state" ] || cp -a "$WORK/linux" "$WORK/state"
	rm -rf "$WORK/a" "$WORK/b"
	cp -a "$WORK/state" "$WORK/a"
	while [ $# -gt 0 ]; do
		sed -i "$2" "$WORK/state/$1"
		shift 2
	done
	cp -a "$WORK/state" "$WORK/b"
	printf 'From: A Tester <tester@example.org>\nSubject: [PATCH] sched: %s\n\nBecause.\n\nSigned-off-by: A Tester <tester@example.org>\n---\n' \
		"${name%.patch}" >"$s/$name"
	(cd "$WORK" && diff -urN a b || true) | grep -v '^diff ' >>"$s/$name"
	echo "$name" >>"$s/series"
}

# A repository with the lab and two patches, and its own cache: $REPO.
make_repo() {
	REPO=$WORK/repo
	rm -rf "$REPO" "$WORK/cache" "$WORK/state"
	make_linux
	export XDG_CACHE_HOME=$WORK/cache LINUX_SRC=$WORK/linux
	unset CI CHECK_UNTIL CHECK_OUT
	mkdir -p "$REPO/patches/linux-7.3" "$REPO/kernel/sched"
	cp -a "$TOP/scripts" "$TOP/.gitignore" "$REPO/"
	echo "ours" >"$REPO/kernel/sched/ours.c"
	printf '0002-two.patch kernel/*\n' >"$REPO/scripts/export.map"
	make_patch 0001-one.patch kernel/sched/core.c 's/^core line 10$/core ten/'
	make_patch 0002-two.patch kernel/sched/core.c 's/^core line 40$/core forty/' \
		include/linux/sched.h 's/^header line 5$/header five/'
	cd "$REPO"
	git init -q .
	git config user.name "A Tester"
	git config user.email tester@example.org
	PATCHED=$WORK/cache/sched_vm/src/patched
}
