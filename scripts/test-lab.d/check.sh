# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of scripts/check: what it does before and after the tests, without a kernel.

# A check whose lab is a program that does what $WORK/lab-does says.
make_check() {
	make_repo
	export CHECK_OUT=$WORK/check
	rm -rf "$WORK/check" "$WORK/check.last"
	cat >scripts/lab <<-EOF
		#!/bin/bash
		echo "\$*" >>"$WORK/asked"
		. "$WORK/lab-does"
	EOF
	: >"$WORK/lab-does"
	rm -f "$WORK/asked"
}

# Sources the parts of the check, as scripts/check does.
in_check() {
	(
		TOP=$REPO LAB=$REPO/scripts/lab OUT=$WORK/check JOBS=2 SHIFT=0 mode=some
		for part in common cases list code figures style; do
			# shellcheck disable=SC1090
			. "scripts/check.d/$part.sh"
		done
		mkdir -p "$OUT"
		"$@"
	)
}

test_check_a_typo_keeps_the_results() {
	make_check
	mkdir -p "$CHECK_OUT"
	echo precious >"$CHECK_OUT/figures.txt"
	expect 125 "no case and no part 'nosuch'" scripts/check basic nosuch
	expect 125 "no case and no part '[.][*]'" scripts/check '.*'
	expect 125 -- '--jobs needs a value' scripts/check --jobs
	expect 125 -- '--shift x: not a number' scripts/check --shift x
	CHECK_UNTIL=soon expect 125 'CHECK_UNTIL soon: not a number' scripts/check --style
	same "$(cat "$CHECK_OUT/figures.txt")" precious
	[ ! -e "$WORK/asked" ] || fail "the lab was asked: $(cat "$WORK/asked")"
}

test_check_keeps_the_last_whole_one() {
	make_check
	mkdir -p "$CHECK_OUT"
	touch "$CHECK_OUT/whole"
	echo precious >"$CHECK_OUT/figures.txt"
	local i
	for i in 1 2; do
		CHECK_UNTIL=1 expect 3 '0 passed, 0 failed, 1 skipped' scripts/check style
		same "$(cat "$CHECK_OUT.last/figures.txt")" precious
	done
	[ ! -e "$CHECK_OUT/whole" ] || fail "a part is taken for everything"
}

test_check_list_knows_all() {
	make_check
	scripts/check --list >"$WORK/list"
	cat "$WORK/list"
	head -n 1 "$WORK/list" | grep -q '^NAME  *WHEN  *KERNEL  *SECONDS  *WHAT$'
	in_check cases_table | awk '{ print $1 }' | while read -r name; do
		grep -qE "^$name +[a-z]+ +[a-z]+ +[0-9]+  [^ ].*" "$WORK/list" ||
			fail "--list does not say what $name is for (cases_about in list.sh)"
	done
	same "$(in_check cases_about | awk '{ print $1 }' | sort)" \
		"$(in_check cases_table | awk '{ print $1 }' | sort)"
	! grep -E ' -$' "$WORK/list" || fail "a column is cut"
	mkdir -p "$CHECK_OUT.last"
	echo 'basic 77' >"$CHECK_OUT.last/times"
	scripts/check --list >"$WORK/list"
	grep -qE '^basic +quick +release +77  ' "$WORK/list"
}

# The whole check has everything but what is for --soak; each part once.
test_check_leaves_nothing_out() {
	make_check
	cat >"$WORK/whole" <<'EOF'
. <(sed -n '/^check_all()/,/^}/p; /^check_debug()/,/^}/p' scripts/check)
part_run() { echo "$1"; }
build_kernels() { :; }
build_tests() { :; }
figures_print() { :; }
case_start() { echo "$1"; }
check_all
EOF
	in_check . "$WORK/whole" | sort >"$WORK/runs"
	{ in_check parts_table; in_check cases_table | awk '$2 != "soak"'; } | awk '{ print $1 }' |
		sort >"$WORK/there"
	diff "$WORK/there" "$WORK/runs"
	in_check . "$WORK/whole" >"$WORK/order"
	[ "$(grep -n -x libvirt "$WORK/order" | cut -d: -f1)" -lt "$(grep -n -x supply "$WORK/order" | cut -d: -f1)" ] ||
		fail "libvirt comes late"
}

# fake_case TAP-LINE...: what the program prints in the first run, and a pass after it
fake_case() {
	printf '%s\n' "$@" >"$WORK/first.tap"
	: >"$WORK/check/counts"
	: >"$WORK/check/failed"
	rm -f "$WORK/asked" "$WORK/lab-ran"
	cat >"$WORK/lab-does" <<-EOF
		[ "\$1" = run ] || exit 0
		if [ ! -e "$WORK/lab-ran" ]; then touch "$WORK/lab-ran"; cat "$WORK/first.tap"; exit ${FAKE_RC:-1}; fi
		printf '1..2\nok 1 - steal time at 20 %%\nok 2 - sure\n'
	EOF
}

fake_run() {
	case_find "$1"
	case_run "$1"
	cat "$WORK/asked"
}

# A figure of real time has a second try; nothing else has.
test_check_second_try() {
	make_check
	mkdir -p "$WORK/check"
	fake_case '1..2' 'not ok 1 - steal time at 20 %' 'ok 2 - sure'
	expect 0 'kvm +2 passed' in_check fake_run kvm
	same "$(grep -c '^run ' "$WORK/asked")" 2
	grep -q '^not ok 1' "$WORK/check/kvm.first.tap"

	fake_case '1..2' 'not ok 1 - steal time at 20 %' 'not ok 2 - sure'
	expect 0 'kvm +0 passed, 2 FAILED' in_check fake_run kvm
	same "$(grep -c '^run ' "$WORK/asked")" 1
	fake_case '1..2' 'not ok 1 - steal time at 20 %' 'ok 2 - sure'
	expect 0 'pressure-4 +1 passed, 1 FAILED' in_check fake_run pressure-4
	same "$(grep -c '^run ' "$WORK/asked")" 1
	FAKE_RC=99 fake_case '1..2' 'not ok 1 - steal time at 20 %' 'ok 2 - sure'
	expect 0 'the kernel complained' in_check fake_run kvm
	same "$(grep -c '^run ' "$WORK/asked")" 1
}

# What is in real-time.list is the name of a test of a case in real time.
test_check_real_time_list_is_true() {
	local name
	sed -e 's/#.*//' -e '/^$/d' "$TOP/scripts/check.d/real-time.list" | while read -r name; do
		grep -rqF -e "\"$name" "$TOP/tools/testing/selftests/sched_vm" ||
			grep -rqF -e "${name//%/%%}" "$TOP/tools/testing/selftests/sched_vm" ||
			fail "no test is called '$name'"
	done
}

# The rule by which an object need not be built twice.
test_check_code_of_an_option_that_is_off() {
	make_check
	printf 'a\n#ifdef CONFIG_DEADLINE_GROUP_SCHED\nb\n#ifdef X\nc\n#else\nd\n#endif\n#else\ne\n#endif\n\nf\n' >"$WORK/patched"
	same "$(in_check code_switched_off <"$WORK/patched")" $'a\ne\nf'
	printf '#ifdef X\na\n#endif\n#if defined(CONFIG_DEADLINE_GROUP_SCHED) || X\nb\n#endif\n' >"$WORK/patched"
	same "$(in_check code_switched_off <"$WORK/patched")" "$(cat "$WORK/patched")"
}

test_check_figures_without_a_row() {
	make_check
	in_check figures_print >"$WORK/said"
	cat "$WORK/said"
	! grep -q 'must be' "$WORK/said" || fail "an empty table"
	grep -q "logs, TAP, figures: $WORK/check" "$WORK/said"
}

test_lines_are_counted() {
	make_repo
	printf '1\n2\n3\n' >kernel/sched/more.c
	same "$(scripts/lab lines)" $'4 lines of ours in kernel/\n3 lines of hooks in 2 existing files'
}

# What the selftests' Makefile builds is ignored, and no source is; and the series
# tells the kernel's own make kselftest of them.
test_selftests_are_the_kernels() {
	local tests=$TOP/tools/testing/selftests/sched_vm name
	make_repo
	mkdir -p tools/testing/selftests/sched_vm/lib
	cp "$tests/.gitignore" tools/testing/selftests/sched_vm/
	sed -n 's/^TEST_GEN_PROGS += //p; s/^TEST_GEN_PROGS := //p' "$tests/Makefile" | while read -r name; do
		git check-ignore -q "tools/testing/selftests/sched_vm/$name" || fail "$name is not ignored"
	done
	(cd "$tests" && find . -name '*.[ch]' -o -name '*.sh' -o -name Makefile -o -name config -o -name settings) |
		while read -r name; do
			! git check-ignore -q "tools/testing/selftests/sched_vm/$name" || fail "$name is ignored"
		done
	grep -qx '+TARGETS += sched_vm' "$TOP"/patches/linux-7.3/*-selftests.patch
}

# In a fresh clone there is no out/ yet.
test_libvirt_test_deps_in_a_fresh_clone() {
	make_repo
	mkdir -p libvirt/test
	cp "$TOP/libvirt/build" libvirt/
	cp "$TOP/libvirt/test/deps.list" libvirt/test/
	mkdir -p "$WORK/apt-bin"
	printf '#!/bin/sh\necho "$@" >>%s\n' "$WORK/apt-asked" >"$WORK/apt-bin/apt-get"
	cp "$WORK/apt-bin/apt-get" "$WORK/apt-bin/sudo"
	chmod +x "$WORK"/apt-bin/*
	echo 'no-such-package-of-debian  test' >>libvirt/test/deps.list
	PATH=$WORK/apt-bin:$PATH expect 0 'installing: .*no-such-package-of-debian' libvirt/build --test-deps
	grep -q 'install.* no-such-package-of-debian' "$WORK/apt-asked"
}
