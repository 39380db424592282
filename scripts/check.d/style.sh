# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# checkpatch --strict over all that is meant for the kernel; spelling; our scripts.

style_files() {
	git -C "$TOP" ls-files --cached --others --exclude-standard -- "$@"
}

# Patches are judged as patches, files as files.
style_checkpatch() {
	local option=--file
	case $1 in
	# In a linker script, "*(" is no multiplication.
	*-sched-dl-group-class.patch) option='--ignore SPACING' ;;
	*.patch | *.diff) option= ;;
	# Programs have no u64, __printf() or READ_ONCE().
	tools/sched_vm/*.[ch] | papers/*.[ch])
		option='--file --ignore PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,VOLATILE'
		;;
	# Trace events are laid out as all others are.
	*/trace/events/*) option='--file --ignore PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE' ;;
	esac
	# shellcheck disable=SC2086
	"$CHECKPATCH" --strict --terse --no-summary --no-tree --show-types $option "$TOP/$1"
}

style_all() {
	local file before
	say "checkpatch, codespell, shellcheck ..."
	"$LAB" tree >"$OUT/tree.log" || die "the kernel tree cannot be prepared"
	CHECKPATCH=$("$LAB" path patched)/scripts/checkpatch.pl
	before=$(wc -l <"$OUT/counts")
	while read -r file; do
		verdict "checkpatch $file" "$OUT/style.log" style_checkpatch "$file" || true
	done < <(style_files kernel include patches init tools/testing tools/sched_vm papers \
			     Documentation |
		 grep -E '\.([ch]|patch|rst|S)$|/(Kconfig|Makefile)$')
	verdict "faults apply (scripts/faults --check)" "$OUT/style.log" "$TOP/scripts/faults" --check || true
	verdict "sched_vm.h in C and C++" "$OUT/style.log" style_uapi || true
	verdict "codespell" "$OUT/style.log" style_codespell || true
	verdict "shellcheck" "$OUT/style.log" style_shellcheck || true
	say "style: $(($(wc -l <"$OUT/counts") - before)) files and checks"
}

# Less is better, and more wants a reason. The last ones: the page of rules at the head of
# deadline_group.h, which the code is to be read against; who is awaited, or signalled, pays,
# in user mode and between ticks, too; who is awaited keeps nobody from going on; a turn
# outside, and a place among those who wait, are nobody's to take away, in extra time, too,
# nor by two who are awaited; what an owner leaves above him, and gives on, is bound, too.
LINES_OURS=7892 LINES_HOOKS=250

lines_check() {
	"$LAB" lines >"$OUT/lines"
	verdict "lines of ours in kernel/: at most $LINES_OURS" "$OUT/lines.log" lines_within 1 $LINES_OURS || true
	verdict "lines of hooks: at most $LINES_HOOKS" "$OUT/lines.log" lines_within 2 $LINES_HOOKS || true
	say "$(paste -sd ';' "$OUT/lines" | sed 's/;/; /')"
}

# lines_within NR MOST: the number in line NR of what lab lines prints
lines_within() {
	sed -n "$1p" "$OUT/lines"
	[ "$(awk -v nr="$1" 'NR == nr { print $1 }' "$OUT/lines")" -le "$2" ]
}

# For programs: nothing else need be included, in C and in C++.
style_uapi() {
	local header=$TOP/include/uapi/linux/sched_vm.h
	gcc -std=gnu90 -Wall -Wextra -Werror -x c -fsyntax-only "$header" &&
		gcc -m32 -idirafter "/usr/include/$(gcc -print-multiarch)" -std=gnu11 -Wall -Wextra \
			-Wpadded -Werror -x c -fsyntax-only "$header" &&
		g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -x c++ -fsyntax-only "$header"
}

style_codespell() {
	style_files | grep -vE '\.(patch|svg|png)$' | (cd "$TOP" && xargs codespell -L filp,iput)
}

style_shellcheck() {
	(cd "$TOP" && shellcheck -x scripts/check scripts/check.d/*.sh scripts/faults .ci/run tools/sched_vm/tests/*.sh \
		tools/sched_vm/sched-vm.bash libvirt/build libvirt/test/run libvirt/test/e2e \
		libvirt/test/e2e-guest libvirt/hook/install bench/*.sh bench/guest/*.sh \
		demo/*.sh demo/guest/*.sh papers/*.sh papers/test/run papers/test/*.sh)
}
