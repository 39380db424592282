# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# src/patched = src/vanilla + patches/linux-7.3 + the new files of this repository.
#
# Brought up to date file by file, so that builds stay incremental, and without
# losing what a developer has edited in it by hand. For that, .lab/installed has
# the checksum of every file that the lab has put there: a file that is neither
# that nor what belongs there now is a developer's edit.

TREE=$LAB_SRC/patched
TREE_VANILLA=$LAB_SRC/vanilla
TREE_STATE=$TREE/.lab
TREE_DISCARDED=$LAB_CACHE/discarded

# Folders of the repository whose files belong into the kernel tree.
TREE_NEW_DIRS=(Documentation arch block drivers fs include init kernel lib mm net
	tools virt)

tree_help() {
	cat <<EOF
usage: scripts/lab tree [--discard]

Brings the kernel tree $TREE up to date: vanilla Linux,
the patches in patches/linux-7.3 (in the order of its file series), and all
files of this repository under the kernel's own folders. An existing kernel file
that was edited in the tree stays as it is (make patches turns the edit into a
patch); with --discard, or with CI=true in the environment, it goes back.
EOF
}

cmd_tree() {
	local discard=no
	[ "${CI:-}" != true ] || discard=yes
	while [ $# -gt 0 ]; do
		case $1 in
		--discard) discard=yes ;;
		-h | --help) tree_help; return ;;
		*) die "tree: unknown option '$1' (scripts/lab tree --help)" ;;
		esac
		shift
	done
	load fetch
	need patch
	cmd_fetch
	lock tree
	tree_sync $discard
	unlock tree
}

tree_sync() {
	lab_tmp
	TREE_TMP=$LAB_TMP/tree
	rm -rf "$TREE_TMP"
	mkdir "$TREE_TMP"
	tree_copy_vanilla
	tree_stage
	tree_new_files >"$TREE_TMP/new"
	tree_check_new_files
	tree_plan "$1"
	tree_apply
}

# --- a plain copy: an editor that writes in place must not reach vanilla ---

tree_copy_vanilla() {
	[ ! -f "$TREE_STATE/stamp" ] || return 0
	need_space 2300 "a second kernel tree"
	rm -rf "$TREE" "$LAB_SRC/.patched.new"
	step "copying the kernel tree" "$LAB_LOGS/tree.log" tree_copy "$LAB_SRC/.patched.new"
	mv "$LAB_SRC/.patched.new" "$TREE"
}

tree_copy() {
	mkdir "$1"
	(cd "$TREE_VANILLA" && find . -mindepth 1 -maxdepth 1 ! -name '.build-*' -print0) |
		(cd "$TREE_VANILLA" && xargs -0 cp -a --reflink=auto -t "$1")
	mkdir "$1/.lab"
	: >"$1/.lab/installed"
	sleep 0.1  # what is newer than the stamp has been changed since
	: >"$1/.lab/stamp"
}

# --- what the existing files should be: vanilla + series, in $TREE_TMP/stage ---

tree_series() {
	[ ! -f "$LAB_SERIES/series" ] || sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$LAB_SERIES/series"
}

# The files that a patch touches.
patch_files() {
	sed -n -E 's,^(\+\+\+|---) [ab]/([^\t]*).*,\2,p' "$@" | LC_ALL=C sort -u
}

tree_stage() {
	tree_series >"$TREE_TMP/series"
	tree_series_check
	tree_stage_on "$TREE_VANILLA" "$TREE_TMP/stage" <"$TREE_TMP/series" || tree_patch_failed "$TREE_VANILLA"
	(cd "$TREE_TMP/stage" && find . -type f -printf '%P\n') | LC_ALL=C sort >"$TREE_TMP/staged"
}

# tree_stage_on TREE STAGE: the files that the patches named on standard input touch,
# of TREE, with all that apply; false at the first that does not, which is then in
# TREE_PATCH, with what patch says of it in TREE_WHY.
tree_stage_on() {
	local p f
	mkdir "$2"
	while read -r p; do
		patch_files "$LAB_SERIES/$p" | while IFS= read -r f; do
			[ ! -f "$1/$f" ] || [ -e "$2/$f" ] || install -D -m 644 "$1/$f" "$2/$f"
		done
		tree_try_patch "$2" "$p" || return
	done
}

tree_series_check() {
	local p
	while read -r p; do
		[ -f "$LAB_SERIES/$p" ] ||
			die "patches/linux-7.3/series names $p, which does not exist there: add the file or remove the line"
	done <"$TREE_TMP/series"
}

# No fuzz: git am does not know it either.
tree_try_patch() {
	TREE_PATCH=$2
	TREE_WHY=$(patch -d "$1" -p1 -f -F0 -r - --no-backup-if-mismatch <"$LAB_SERIES/$2" 2>&1)
}

tree_apply_patch() {
	tree_try_patch "$@" || tree_patch_failed "$TREE_VANILLA"
}

# tree_patch_failed TREE: and which hunk
tree_patch_failed() {
	printf '%s\n' "$TREE_WHY" >"$LAB_LOGS/patch.log"
	die "patches/linux-7.3/$TREE_PATCH does not apply to $(cat "$1/.lab-origin"): $(tree_hunks "$TREE_WHY") (log: $LAB_LOGS/patch.log); correct that patch, or its place in patches/linux-7.3/series"
}

# The first hunk that fails, with its file
tree_hunks() {
	awk '/^(checking|patching) file / { file = $3 ": " }
		/FAILED|malformed|find file/ { print file $0; found = 1; exit }
		NR == 1 { first = $0 }
		END { if (!found) print first }' <<<"$1"
}

# --- our new files ---

tree_new_files() {
	(cd "$LAB_TOP" && tree_list_repo) | LC_ALL=C sort |
		while IFS= read -r f; do [ ! -f "$LAB_TOP/$f" ] || printf '%s\n' "$f"; done
}

tree_list_repo() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git -c core.quotePath=off ls-files -co --exclude-standard -- "${TREE_NEW_DIRS[@]}"
	else
		find "${TREE_NEW_DIRS[@]}" -type f 2>/dev/null || true
	fi
}

tree_check_new_files() {
	local f
	while IFS= read -r f; do
		[ ! -e "$TREE_VANILLA/$f" ] ||
			die "$f is an existing file of the kernel: change it by a patch in patches/linux-7.3, not by a copy"
		! grep -qxF "$f" "$TREE_TMP/staged" ||
			die "$f is both a file of this repository and made by a patch in patches/linux-7.3: remove one of them"
	done <"$TREE_TMP/new"
}

# --- what to do ---

# Lines "CHECKSUM  FILE" of the files named on standard input, below folder $1.
# A file that is not there has the checksum "-".
checksums() {
	(cd "$1" && while IFS= read -r f; do
		if [ -f "$f" ]; then printf '%s\0' "$f"; else printf -- '-  %s\n' "$f" >&3; fi
	done 3>"$TREE_TMP/absent" | xargs -0 -r sha256sum | sed 's/^\\//')
	cat "$TREE_TMP/absent"
}

# Files of the tree that have changed since it was copied, whoever did it.
tree_changed() {
	(cd "$TREE" && find . -mindepth 1 \( -path './.build-*' -o -path ./.lab \) -prune -o \
		-cnewer .lab/stamp -type f -printf '%P\n') |
		grep -v -E '(~|\.lab-new|\.sw[a-z]|\.orig|\.rej|/\.#[^/]*)$' || true
}

# Every file that is, was, or might have to be something else than vanilla's goes
# through tree_decide with four checksums: in the tree now, as installed by the
# lab, as it should be, as vanilla has it.
tree_plan() {
	local dir=$TREE_TMP
	{ cat "$dir/staged" "$dir/new"; tree_changed; cut -c67- "$TREE_STATE/installed"; } |
		LC_ALL=C sort -u >"$dir/all"
	{
		checksums "$dir/stage" <"$dir/staged" | sed 's/^/want /'
		checksums "$LAB_TOP" <"$dir/new" | sed 's/^/want /'
		checksums "$TREE" <"$dir/all" | sed 's/^/have /'
		checksums "$TREE_VANILLA" <"$dir/all" | sed 's/^/base /'
		sed 's/^/last /' "$TREE_STATE/installed"
		sed 's/^/list /' "$dir/all"
	} | awk -v discard="$1" -f "$LAB_LIB/tree-plan.awk" >"$dir/plan"
	: >"$dir/edited"
	grep -E '^(keep|stray) ' "$dir/plan" | cut -d' ' -f2- >"$dir/edited" || true
	tree_refuse conflict "was edited in $TREE, and its patches have changed too: save your edit, then scripts/lab tree --discard"
	tree_refuse ours "is a file of this repository and was edited in $TREE: copy the edit to the repository, or scripts/lab tree --discard"
}

tree_refuse() {
	local f
	f=$(grep -m1 "^$1 " "$TREE_TMP/plan" | cut -d' ' -f2-) || true
	[ -z "$f" ] || die "tree: $f $2"
}

# --- and doing it ---

tree_apply() {
	local what f
	tree_save_discarded
	tree_tell_owner
	while read -r what f; do
		case $what in
		put) tree_put "$f" ;;
		drop) rm -f "$TREE/$f" ;;
		esac
	done < <(grep -v '^sum ' "$TREE_TMP/plan")
	sed -n 's/^sum //p' "$TREE_TMP/plan" >"$TREE_STATE/installed.new"
	mv "$TREE_STATE/installed.new" "$TREE_STATE/installed"
	echo "$LAB_TOP" >"$TREE_STATE/top"
	[ -n "${TREE_QUIET:-}" ] || tree_tell_edits
}

# Clones that share a cache share its trees. Whoever takes them over, says so.
tree_tell_owner() {
	local owner
	owner=$(cat "$TREE_STATE/top" 2>/dev/null) || return 0
	[ "$owner" != "$LAB_TOP" ] && grep -qE '^(put|drop) ' "$TREE_TMP/plan" || return 0
	say "tree: it had the sources of $owner, and has those of $LAB_TOP now (to keep both, give one another XDG_CACHE_HOME)"
}

tree_tell_edits() {
	tree_tell keep "edit" "not yet in patches/: make patches, or scripts/lab tree --discard"
	tree_tell stray "unknown file" "in $TREE: move them to the same place in this repository, or scripts/lab tree --discard"
}

# One line, however many files there are.
tree_tell() {
	local -a files
	mapfile -t files < <(sed -n "s/^$1 //p" "$TREE_TMP/plan")
	case ${#files[@]} in
	0) ;;
	1) say "tree: ${files[0]}: $2 $3" ;;
	*) say "tree: ${#files[@]} files (${files[0]} ...): ${2}s $3" ;;
	esac
}

tree_put() {
	local from=$TREE_VANILLA/$1
	[ ! -f "$TREE_TMP/stage/$1" ] || from=$TREE_TMP/stage/$1
	[ ! -f "$LAB_TOP/$1" ] || ! grep -qxF "$1" "$TREE_TMP/new" || from=$LAB_TOP/$1
	install_file "$from" "$TREE/$1"
}

# An edit that is thrown away is kept as a diff, in case that was a mistake.
tree_save_discarded() {
	local f save
	grep -q '^lose ' "$TREE_TMP/plan" || return 0
	mkdir -p "$TREE_DISCARDED"
	save=$TREE_DISCARDED/$(date +%Y%m%d-%H%M%S).$$.diff
	grep '^lose ' "$TREE_TMP/plan" | cut -d' ' -f2- | while IFS= read -r f; do
		tree_diff_edit "$f" >>"$save"
		say "tree: discarded the edit of $f (kept in $save)"
	done
}

tree_diff_edit() {
	local old=$TREE_TMP/stage/$1
	[ -f "$old" ] || old=$LAB_TOP/$1
	[ -f "$old" ] || old=$TREE_VANILLA/$1
	diff -uN --label "a/$1" --label "b/$1" "$old" "$TREE/$1" || true
}
