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
		for part in common cases list code tools figures style; do
			# shellcheck disable=SC1090
			. "scripts/check.d/$part.sh"
		done
		mkdir -p "$OUT"
		"$@"
	)
}

test_check_takes_cases_by_make() {
	make_check
	cp "$TOP/Makefile" .
	expect 2 "no case and no part 'nosuch'" make check CASES="basic nosuch"
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
		CHECK_UNTIL=1 expect 0 'LEFT OUT .*: style$' scripts/check style
		tail -n 1 "$WORK/output" | grep -qx '0 passed, 0 failed, 1 skipped'
		same "$(cat "$CHECK_OUT.last/figures.txt")" precious
	done
	[ ! -e "$CHECK_OUT/whole" ] || fail "a part is taken for everything"
}

test_check_list_knows_all() {
	make_check
	scripts/check --list >"$WORK/list"
	cat "$WORK/list"
	head -n 1 "$WORK/list" | grep -q '^NAME  *WHEN  *KERNEL  *SECONDS  *WHAT$'
	in_check cases_own | awk '{ print $1 }' | while read -r name; do
		grep -qE "^$name +[a-z]+ +[a-z]+ +[0-9]+  [^ ].*" "$WORK/list" ||
			fail "--list does not say what $name is for (cases_about in list.sh)"
	done
	same "$(in_check cases_about | awk '{ print $1 }' | sort)" \
		"$(in_check cases_own | awk '{ print $1 }' | sort)"
	in_check cases_table | grep -qE '^basic-debian soak debian --time virtual -- @/basic$'
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

# On a machine that is twice as slow, so is the rest.
test_check_knows_a_slow_machine() {
	make_check
	same "$(in_check slowness 1200) $(in_check slowness 5)" "200 100"
	cat >"$WORK/times" <<'EOF'
CHECK_UNTIL=1000 SECONDS=700 SLOWNESS=100
has_time off && echo off
SLOWNESS=200
has_time off || has_time oracle && echo oracle
CHECK_UNTIL=0
has_time debug && echo debug
EOF
	expect 0 'off: no time left for its 480 s' in_check . "$WORK/times"
	same "$(grep -v : "$WORK/output" | paste -sd ' ')" "off oracle debug"
	same "$(cat "$WORK/check/left-out")" off
}

# The tool's tests may be late once, on a busy machine: three times 10 s, or more if it is slow.
test_check_knows_what_takes_long() {
	make_check
	cat >"$WORK/late" <<'EOF'
TOOK=30 && in_time tools false
SLOWNESS=200
TOOK=60 && in_time tools false
EOF
	in_check . "$WORK/late" >"$WORK/output"
	same "$(cat "$WORK/output" "$WORK/check/counts" | paste -sd ,)" "1 0 0,1 0 0"
	rm "$WORK/check/counts"
	echo 'TOOK=31 && in_time tools true' >"$WORK/late"
	expect 0 'tools: took 31 s, more than 30: once more' in_check . "$WORK/late"
	same "$(cat "$WORK/check/counts")" "1 0 0"
	rm "$WORK/check/counts"
	echo 'wait_long() { SECONDS=$((SECONDS + 40)); }; TOOK=31 && in_time tools wait_long' >"$WORK/late"
	expect 0 'FAIL  tools: took 4[0-9] s, more than 30' in_check . "$WORK/late"
	same "$(cat "$WORK/check/counts")" "0 1 0"
}

# As long as nobody reads the address in MAINTAINERS, README must not send people there.
test_readme_says_whom_to_ask() {
	grep -q '^M:.*@.*\.example>$' "$TOP/MAINTAINERS" || return 0
	grep -q 'Open an issue where you have this repository from' "$TOP/README.md" ||
		fail "nobody can be asked"
	! grep -q 'go to whom' "$TOP/README.md" || fail "who asks there gets no answer"
}

# All that has a test of plan, suggest, or the model is counted, and takes at most four minutes
# by the table; at the end of a check it is said what it took.
test_check_plan_takes_four_minutes() {
	make_check
	local parts part sum=0
	parts=$(in_check plan_parts)
	for part in $parts; do
		in_check part_is "$part" || fail "there is no part $part"
		sum=$((sum + $(in_check about_seconds "$part")))
		grep -q "\`$part\`" "$TOP/papers/README.md" || fail "papers/README.md does not name $part"
	done
	[ "$sum" -le 240 ] || fail "$parts: $sum s"
	# Whatever runs in no other part: files with tests of these.
	for part in tools:plan.sh plan-lab:lab-suggest.sh tools-kvm:kvm.sh; do
		grep -q -E 'suggest|plan' "$TOP/tools/sched_vm/tests/${part#*:}" || fail "$part"
		[[ " $parts " == *" ${part%:*} "* ]] || fail "${part%:*} is not counted"
	done
	mkdir -p "$CHECK_OUT"
	printf '%s\n' 'tools 12' 'papers 9' 'tools 14' 'plan-lab 70' 'tools-lab 50' 'papers-lab 60' >"$CHECK_OUT/times"
	same "$(in_check plan_say_time)" \
		'plan, suggest, and the model: 153 s (tools 14, papers 9, plan-lab 70, papers-lab 60); not run: tools-kvm'
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
	printf '%s\n' a '#ifdef CONFIG_DEADLINE_GROUP_SCHED' b '#ifdef X' c '#else' d '#endif' '#else' e '#endif' '' f >"$WORK/patched"
	same "$(in_check code_switched_off <"$WORK/patched")" $'a\ne\nf'
	printf '#ifdef X\na\n#endif\n#if defined(CONFIG_DEADLINE_GROUP_SCHED) || X\nb\n#endif\n' >"$WORK/patched"
	same "$(in_check code_switched_off <"$WORK/patched")" "$(cat "$WORK/patched")"
}

# Two trees with a build each, of a few objects; the lab "builds" them with a script.
make_builds() {
	make_check
	local b=$WORK/builds t
	rm -rf "$b"
	for t in vanilla patched; do
		mkdir -p "$b/$t"/{include/linux,init,kernel/sched,mm}
		printf '#define ONE 1\n' >"$b/$t/include/linux/sched.h"
		printf '#define TWO 2\n' >"$b/$t/include/linux/mm.h"
		printf '#include <linux/sched.h>\nint one(void) { return ONE; }\n' >"$b/$t/init/one.c"
		printf '#include <linux/mm.h>\nint two(void) { return TWO; }\n' >"$b/$t/mm/two.c"
		printf '#include <linux/sched.h>\nint pick(void) { return ONE + 1; }\n' >"$b/$t/kernel/sched/core.c"
		printf 'core.o\n' >"$b/$t/kernel/sched/Makefile"
	done
	printf '#ifdef CONFIG_DEADLINE_GROUP_SCHED\n#define OURS\n#endif\n' >>"$b/patched/include/linux/sched.h"
	printf '#ifdef CONFIG_DEADLINE_GROUP_SCHED\nint ours;\n#endif\n' >>"$b/patched/kernel/sched/core.c"
	printf '#ifndef CONFIG_DEADLINE_GROUP_SCHED\n#endif\n' >>"$b/patched/kernel/sched/core.c"
	printf -- '+++ b/%s\n' include/linux/sched.h include/linux/mm.h kernel/sched/core.c >patches/linux-7.3/0001-one.patch
	cat >"$WORK/build" <<'EOF'
tree=$1 build=$1/.build
shift
mkdir -p "$build/include/generated" "$build/arch/x86/include/generated" "$build/arch/x86/kernel"
cd "$build"
echo '#define CONFIG_SMP 1' >include/generated/autoconf.h
printf '.rodata : { *(__dl_sched_class) %s*(__rt_sched_class) }\n' "$LDS" >arch/x86/kernel/vmlinux.lds
for folder; do
	folder=${folder%/}
	mkdir -p "$folder"
	rm -f "$folder/built-in.a"
	for c in "../$folder"/*.c "../$folder"/*/*.c; do
		[ -e "$c" ] || continue
		o=${c#../} o=${o%.c}.o
		mkdir -p "${o%/*}"
		gcc -O1 -I../include -c "$c" -o "$o"
		printf 'deps_%s := \\\n  %s \\\n' "$o" "$c" >"${o%/*}/.${o##*/}.cmd"
		sed -n 's/^#include <\(.*\)>/  ..\/include\/\1 \\/p' "$c" >>"${o%/*}/.${o##*/}.cmd"
		ar rcsT "$folder/built-in.a" "$o"
		ar rcsT vmlinux.a "$o"
	done
done
EOF
	cat >"$WORK/lab-does" <<-EOF
		case "\$*" in
		'path vanilla-tree') echo "$b/vanilla" ;;
		'path vanilla') echo "$b/vanilla/.build" ;;
		'path patched') echo "$b/patched" ;;
		'path off') echo "$b/patched/.build" ;;
		kernel*vanilla*) while [ "\$1" != -- ]; do shift; done
			shift 3; echo "\$*" >"$WORK/built"; LDS= bash -eu "$WORK/build" "$b/vanilla" "\$@" ;;
		esac
	EOF
}

compare_builds() {
	rm -rf "$WORK"/builds/*/.build
	LDS='*(__dl_group_sched_class) ' bash -eu "$WORK/build" "$WORK/builds/patched" init kernel/sched mm
	in_check code_compare
	cat "$WORK/check/counts"
}

# Only what a patched file is in is built twice, and what differs is seen.
test_check_code_is_compared() {
	make_builds
	local b=$WORK/builds
	mkdir -p "$WORK/check"
	: >"$WORK/check/counts"
	expect 0 'built in the vanilla tree: kernel/sched$' compare_builds
	same "$(cat "$WORK/check/counts" | paste -sd ,)" "1 0 0,1 0 0,1 0 0"
	same "$(cat "$WORK/built")" kernel/sched/

	# A header that is not vanilla's is in init/, too.
	echo '#define THREE 3' >>"$b/patched/include/linux/sched.h"
	: >"$WORK/check/counts"
	expect 0 'built in the vanilla tree: init kernel/sched$' compare_builds
	same "$(cat "$WORK/check/counts" | paste -sd ,)" "1 0 0,1 0 0,1 0 0"

	# One that makes other code of what includes it
	sed -i 's/TWO 2/TWO 3/' "$b/patched/include/linux/mm.h"
	: >"$WORK/check/counts"
	expect 0 'FAIL +off: the code of each object' compare_builds
	grep -q 'mm/two.o' "$WORK/output"
	sed -i 's/TWO 3/TWO 2/' "$b/patched/include/linux/mm.h"

	echo 'int more;' >>"$b/patched/kernel/sched/core.c"
	: >"$WORK/check/counts"
	expect 0 "FAIL +off: the objects have vanilla's symbols" compare_builds
	sed -i '/int more/d' "$b/patched/kernel/sched/core.c"

	sed -i 's/CONFIG_SMP 1/CONFIG_SMP 0/' "$b/patched/.build/include/generated/autoconf.h"
	: >"$WORK/check/counts"
	expect 0 'FAIL +off: options' in_check code_compare
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
