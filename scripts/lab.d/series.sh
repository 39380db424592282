# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Works on the text of the patches in patches/linux-7.3, and on the states of the
# kernel's files between them.

cmd_series() {
	die "this is no command"
}

# git without anybody's configuration: the same diff everywhere.
series_git() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat \
		GIT_CEILING_DIRECTORIES=$LAB_TMP git \
		-c core.quotePath=off -c core.abbrev=12 -c core.attributesFile="$LAB_LIB/gitattributes" \
		-c diff.algorithm=histogram "$@"
}

# series_states DIR PATCH...: DIR/s0 has the files that the patches touch as vanilla
# has them, DIR/sN as patch N leaves them.
series_states() {
	local dir=$1 p f i=0
	shift
	mkdir -p "$dir/s0"
	for p; do
		[ -f "$LAB_SERIES/$p" ] || continue
		patch_files "$LAB_SERIES/$p"
	done | LC_ALL=C sort -u | while IFS= read -r f; do
		[ ! -f "$TREE_VANILLA/$f" ] || install -D -m 644 "$TREE_VANILLA/$f" "$dir/s0/$f"
	done
	for p; do
		cp -a "$dir/s$i" "$dir/s$((i + 1))"
		i=$((i + 1))
		[ ! -f "$LAB_SERIES/$p" ] || tree_apply_patch "$dir/s$i" "$p"
	done
}

# series_diff OLD NEW LIST: the diff, in git's format, of the files in LIST.
series_diff() {
	local tmp=$LAB_TMP/diff f
	rm -rf "$tmp"
	mkdir -p "$tmp/a" "$tmp/b"
	while IFS= read -r f; do
		[ ! -f "$1/$f" ] || install -D -m 644 "$1/$f" "$tmp/a/$f"
		[ ! -f "$2/$f" ] || install -D -m "$(series_mode "$2/$f")" "$2/$f" "$tmp/b/$f"
	done <"$3"
	(cd "$tmp" && series_git diff --no-index --no-prefix --no-renames --no-color --no-ext-diff a b) || true
}

series_mode() {
	if [ -x "$1" ]; then echo 755; else echo 644; fi
}

# The diffstat of a diff (an absolute path), with empty lines around it.
series_stat() {
	(cd "$LAB_TMP" && series_git apply --stat --summary "$1" | sed 's/ *$//')
	echo
}

# The mail header, changelog and notes of a patch, without diffstat, to the "---"
# and what somebody has written below it.
series_header() {
	awk '
		/^diff --git / || /^--- a\// || /^Index: / { exit }
		cut && /^ .* \|[ ]+([0-9]+ ?[-+]*|Bin .*)$/ { next }
		cut && /^ [0-9]+ files? changed/ { next }
		cut && /^ (create|delete|rename|mode change) / { next }
		cut && /^$/ { next }
		/^---$/ { cut = 1 }
		{ print }
		END { if (!cut) print "---" }' "$1"
}
