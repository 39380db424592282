# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The whole change as a series of mails that git am applies to the kernel tree:
# the patches of patches/linux-7.3 and the new files of this repository, in the
# order and the portions that scripts/export.map says.

EXPORT_MAP=$LAB_TOP/scripts/export.map

export_help() {
	cat <<'EOF'
usage: scripts/lab export DIR

Writes DIR/0000-cover-letter.txt (from patches/linux-7.3/cover-letter.txt, if
there is one) and DIR/0001-*.patch ..., checks that git am applies them and that
the result is the patched tree, and prints how much is changed. To apply:

    git am DIR/*.patch

and to send it, git send-email DIR/0*. scripts/export.map says which new file goes
into which patch.
EOF
}

cmd_export() {
	case ${1:-} in
	-h | --help) export_help; return ;;
	'') die "export: to where? scripts/lab export DIR" ;;
	-*) die "export: unknown option '$1'" ;;
	esac
	need git patch
	load fetch tree series
	TREE_QUIET=yes cmd_tree
	[ ! -s "$TREE_TMP/edited" ] ||
		die "export: $(head -n 1 "$TREE_TMP/edited") has an edit that is not in patches/ yet: make patches first"
	EXPORT_WORK=$LAB_TMP/export
	mkdir -p "$EXPORT_WORK/out"
	export_plan
	export_states
	export_patches
	export_cover
	export_verify
	export_install "$1"
	export_summary "$1"
}

# --- what goes where ---

# EXPORT_STEPS: the names of patches and changelogs, in order; work/take.NAME: the
# new files that go with one. Patches that the map does not name stand where the
# series has them.
export_plan() {
	local name patterns
	cp "$TREE_TMP/new" "$EXPORT_WORK/left"
	cp "$TREE_TMP/series" "$EXPORT_WORK/series"
	EXPORT_STEPS=()
	while read -r name patterns; do
		[ -f "$LAB_SERIES/$name" ] ||
			die "scripts/export.map names $name, which is not in patches/linux-7.3"
		export_plan_until "$name"
		EXPORT_STEPS+=("$name")
		export_take "$patterns" >"$EXPORT_WORK/take.$name"
	done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$EXPORT_MAP" 2>/dev/null)
	export_plan_until ''
	[ ! -s "$EXPORT_WORK/left" ] ||
		die "no line of scripts/export.map takes $(head -n 1 "$EXPORT_WORK/left") ($(wc -l <"$EXPORT_WORK/left") files in all): add its path to one"
}

# Takes what the series has before the patch $1 (all, if that is empty).
export_plan_until() {
	local p
	case $1 in
	*.msg) return ;;
	esac
	[ -z "$1" ] || grep -qxF "$1" "$EXPORT_WORK/series" ||
		die "scripts/export.map has $1 twice, or after a patch that follows it in patches/linux-7.3/series"
	while read -r p; do
		sed -i 1d "$EXPORT_WORK/series"
		[ "$p" != "$1" ] || return 0
		EXPORT_STEPS+=("$p")
	done < <(cat "$EXPORT_WORK/series")
}

# export_take "PATTERN...": those of the files left that a pattern matches ("*"
# matches "/" too), which are then left no more.
export_take() {
	local f p hit
	local -a patterns
	read -r -a patterns <<<"$1"
	while IFS= read -r f; do
		hit=no
		for p in "${patterns[@]}"; do
			# shellcheck disable=SC2254
			case $f in
			$p) hit=yes ;;
			esac
		done
		if [ $hit = yes ]; then echo "$f"; else echo "$f" >&3; fi
	done <"$EXPORT_WORK/left" 3>"$EXPORT_WORK/left.new"
	mv "$EXPORT_WORK/left.new" "$EXPORT_WORK/left"
}

# --- the files before and after each patch: work/e0, e1, ... ---

export_states() {
	local i name f state=0
	local -a series
	mapfile -t series <"$TREE_TMP/series"
	series_states "$EXPORT_WORK" "${series[@]}"
	cp -a "$EXPORT_WORK/s0" "$EXPORT_WORK/e0"
	for i in "${!EXPORT_STEPS[@]}"; do
		name=${EXPORT_STEPS[i]}
		i=$((i + 1))
		cp -a "$EXPORT_WORK/e$((i - 1))" "$EXPORT_WORK/e$i"
		cat "$EXPORT_WORK/take.$name" >"$EXPORT_WORK/files.$i" 2>/dev/null || true
		while IFS= read -r f; do
			install -D -m "$(series_mode "$LAB_TOP/$f")" "$LAB_TOP/$f" "$EXPORT_WORK/e$i/$f"
		done <"$EXPORT_WORK/files.$i"
		case $name in
		*.patch)
			state=$((state + 1))
			patch_files "$LAB_SERIES/$name" >"$EXPORT_WORK/touched"
			export_copy "$EXPORT_WORK/s$state" "$EXPORT_WORK/e$i" "$EXPORT_WORK/touched"
			cat "$EXPORT_WORK/touched" >>"$EXPORT_WORK/files.$i"
			;;
		esac
	done
}

export_copy() {
	local f
	while IFS= read -r f; do
		[ ! -f "$1/$f" ] || install -D -m 644 "$1/$f" "$2/$f"
	done <"$3"
}

# --- mails ---

export_patches() {
	local i n=${#EXPORT_STEPS[@]} head=$EXPORT_WORK/head subject number
	[ "$n" -gt 0 ] || die "export: there is nothing in patches/linux-7.3 yet"
	for i in "${!EXPORT_STEPS[@]}"; do
		series_header "$LAB_SERIES/${EXPORT_STEPS[i]}" >"$head"
		subject=$(export_subject "$head")
		[ -n "$subject" ] || die "patches/linux-7.3/${EXPORT_STEPS[i]} has no Subject: line"
		i=$((i + 1))
		number=$(printf '%0*d/%d' ${#n} $i "$n")
		LC_ALL=C sort -u "$EXPORT_WORK/files.$i" >"$EXPORT_WORK/list"
		series_diff "$EXPORT_WORK/e$((i - 1))" "$EXPORT_WORK/e$i" "$EXPORT_WORK/list" >"$EXPORT_WORK/diff"
		[ -s "$EXPORT_WORK/diff" ] || die "the patch ${EXPORT_STEPS[i - 1]} would be empty: does its line in scripts/export.map match any file?"
		{
			export_from_line
			export_number "$number" "$subject" <"$head"
			series_stat "$EXPORT_WORK/diff"
			cat "$EXPORT_WORK/diff"
		} >"$EXPORT_WORK/out/$(export_name $i "$subject")"
		echo "$subject" >>"$EXPORT_WORK/subjects"
	done
}

export_from_line() {
	echo "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001"
}

# The subject without its [PATCH ...], also if the header folds it.
export_subject() {
	awk '/^$/ { exit }
		/^Subject:/ { on = 1; sub(/^Subject: */, ""); s = $0; next }
		on && /^[ \t]/ { sub(/^[ \t]+/, " "); s = s $0; next }
		{ on = 0 }
		END { sub(/^\[[^]]*\] */, "", s); print s }' "$1"
}

export_number() {
	awk -v subject="Subject: [PATCH $1] $2" '
		!body && /^$/ { body = 1 }
		!body && /^Subject:/ { print subject; fold = 1; next }
		!body && fold && /^[ \t]/ { next }
		{ fold = 0; print }'
}

export_name() {
	printf '%04d-%s.patch' "$1" "$(sed -E 's/[^A-Za-z0-9_.]+/-/g; s/^-|[-.]+$//g' <<<"$2" | cut -c1-52 | sed 's/-$//')"
}

export_cover() {
	local n=${#EXPORT_STEPS[@]} text=$LAB_SERIES/cover-letter.txt all=$EXPORT_WORK/all.diff
	(cd "$EXPORT_WORK/e$n" && find . -type f -printf '%P\n') >"$EXPORT_WORK/list"
	series_diff "$EXPORT_WORK/e0" "$EXPORT_WORK/e$n" "$EXPORT_WORK/list" >"$all"
	[ -f "$text" ] || text=/dev/null
	{
		export_from_line
		sed -n -E '/^From:/{p;q}' "$LAB_SERIES/${EXPORT_STEPS[0]}"
		echo "Subject: [PATCH $(printf '%0*d/%d' ${#n} 0 "$n")] $(sed -n 1p "$text")"
		sed 1d "$text"
		echo
		export_shortlog
		series_stat "$all"
	} >"$EXPORT_WORK/out/0000-cover-letter.txt"
}

# As git shortlog has it.
export_shortlog() {
	local i
	for i in "$EXPORT_WORK"/out/*.patch; do
		printf '%s\t%s\n' "$(sed -n 's/^From: *\(.*\) <.*/\1/p;/^$/q' "$i")" \
				"$(export_subject "$i")"
	done | awk -F '\t' '
		{ count[$1]++; text[$1] = text[$1] "  " $2 "\n" }
		END { for (a in count) printf "%s (%d):\n%s\n", a, count[a], text[a] }'
}

# --- check, and put in place ---

# git am on a repository that has just the files as vanilla has them.
export_verify() {
	local repo=$EXPORT_WORK/repo f
	cp -a "$EXPORT_WORK/e0" "$repo"
	(
		cd "$repo"
		export GIT_AUTHOR_NAME=lab GIT_AUTHOR_EMAIL=lab GIT_COMMITTER_NAME=lab GIT_COMMITTER_EMAIL=lab
		unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
		series_git init -q .
		series_git add -A .
		series_git commit -q --allow-empty -m vanilla
		find "$EXPORT_WORK/out" -name '*.patch' -print0 | LC_ALL=C sort -z |
			GIT_CONFIG_GLOBAL=/dev/null xargs -0 git am -q --whitespace=error-all
	) >"$LAB_LOGS/export.log" 2>&1 ||
		die "export: git am does not take the series; log: $LAB_LOGS/export.log"
	while IFS= read -r f; do
		cmp -s "$repo/$f" "$TREE/$f" || die "internal: the exported series gives another $f than the patched tree has"
	done < <(cd "$EXPORT_WORK/e${#EXPORT_STEPS[@]}" && find . -type f -printf '%P\n')
}

export_install() {
	mkdir -p "$1" || die "cannot make $1"
	find "$1" -maxdepth 1 \( -name '[0-9][0-9][0-9][0-9]-*.patch' \
		-o -name 0000-cover-letter.txt \) -delete
	cp "$EXPORT_WORK"/out/* "$1/"
}

export_summary() {
	local all=$EXPORT_WORK/all.diff added
	(cd "$LAB_TMP" && series_git apply --stat "$all")
	added=$(cd "$LAB_TMP" && series_git apply --numstat "$all" | while read -r plus _ f; do
		[ ! -f "$EXPORT_WORK/e0/$f" ] || echo "$plus"
	done | awk '{ n += $1 } END { print n + 0 }')
	echo "${#EXPORT_STEPS[@]} patches in $1; $added lines added in existing kernel files"
}
