# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# How large the change is.

cmd_lines() {
	case ${1:-} in
	-h | --help)
		echo "usage: scripts/lab lines"
		echo
		echo "Prints how many lines the files of this repository below kernel/ have, and how"
		echo "many the patches add to existing files of the kernel (not to documentation and"
		echo "tools)."
		return
		;;
	'') ;;
	*) die "lines: unknown option '$1' (scripts/lab lines --help)" ;;
	esac
	load tree
	TREE_QUIET=yes cmd_tree
	grep '^kernel/' "$TREE_TMP/new" | (cd "$LAB_TOP" && xargs -r -d '\n' cat) | wc -l |
		sed 's/$/ lines of ours in kernel\//'
	lines_hooks | awk '{ n += $1; files += $1 > 0 }
		END { printf "%d lines of hooks in %d existing files\n", n, files }'
}

# For each existing file that a patch touches: how many lines are new or other ones
lines_hooks() {
	local f
	while IFS= read -r f; do
		case $f in
		Documentation/* | tools/*) continue ;;
		esac
		[ ! -f "$TREE_VANILLA/$f" ] ||
			diff "$TREE_VANILLA/$f" "$TREE_TMP/stage/$f" | grep -c '^>' || true
	done <"$TREE_TMP/staged"
}
