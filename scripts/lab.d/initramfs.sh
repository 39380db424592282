# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Makes an initramfs from files of the machine: each at its own path, with the
# shared libraries and interpreters that it needs. The same files give the same
# bytes, whenever and wherever it is made.

# initramfs_begin DIR: DIR becomes the staging folder.
initramfs_begin() {
	STAGE=$1
	declare -gA STAGED=()
	STAGE_QUEUE=()
	mkdir -p "$STAGE"
	local d
	for d in proc sys dev run tmp root var/tmp usr/bin usr/sbin; do
		mkdir -p "$STAGE/$d"
	done
	for d in /bin /sbin /lib /lib64; do
		stage_path "$d"
	done
	stage_busybox
}

stage_busybox() {
	local bb
	bb=$(command -v busybox) || die "busybox is not installed: run scripts/lab deps"
	! LC_ALL=C ldd "$bb" >/dev/null 2>&1 ||
		die "busybox is not static: run scripts/lab deps (package busybox-static)"
	install -m 755 "$bb" "$STAGE/usr/bin/busybox"
}

# initramfs_add PATH: a file, a folder, or the name of a program.
initramfs_add() {
	local path
	path=$(lab_path "$1")
	stage_path "$path"
	stage_drain
}

# initramfs_add_at FOLDER AT: what is in the folder, in another one.
initramfs_add_at() {
	[ -d "$1" ] || die "there is no folder '$1' on this machine"
	mkdir -p "$STAGE$2"
	cp -a --no-preserve=ownership --reflink=auto -- "$1/." "$STAGE$2/"
	stage_folder_needs "$1"
	stage_drain
}

# lab_path PATH: absolute, symbolic links in it kept.
lab_path() {
	local p=$1
	if [ ! -e "$p" ]; then
		case $p in
		*/*) ;;
		*) p=$(type -P -- "$1") || p= ;;
		esac
	fi
	[ -n "$p" ] && [ -e "$p" ] || die "there is no file, folder or program '$1' on this machine"
	realpath -s -- "$p"
}

# Follows a path as the kernel would, and makes every symbolic link on the way, so
# that nothing is ever written through a link of the staging folder.
stage_path() {
	local done='' rest=${1#/} part link hops=0
	[ -z "${STAGED[$1]:-}" ] || return 0
	STAGED[$1]=1
	while [ -n "$rest" ]; do
		part=${rest%%/*}
		rest=${rest#"$part"}
		rest=${rest#/}
		case $part in
		'' | .) continue ;;
		..) done=${done%/*}; continue ;;
		esac
		if [ -L "$done/$part" ]; then
			[ $((hops += 1)) -lt 40 ] || die "$1: too many symbolic links"
			link=$(readlink -- "$done/$part")
			mkdir -p "$STAGE$done"
			[ -e "$STAGE$done/$part" ] || [ -L "$STAGE$done/$part" ] || ln -s -- "$link" "$STAGE$done/$part"
			rest=$link${rest:+/$rest}
			case $link in
			/*) done='' rest=${rest#/} ;;
			esac
		else
			done+=/$part
		fi
	done
	stage_real "$done"
}

# A path without links in it.
stage_real() {
	if [ -d "$1" ]; then
		stage_real_dir "$1"
	elif [ -f "$1" ]; then
		mkdir -p "$STAGE${1%/*}"
		[ -e "$STAGE$1" ] || cp --reflink=auto -- "$1" "$STAGE$1"
		stage_needs "$1"
	elif [ -e "$1" ]; then
		die "$1 is neither a file nor a folder: it cannot go into an initramfs"
	fi
}

# /bin and its like only as links to an empty folder: who wants a folder with all
# that is in it says so.
stage_real_dir() {
	mkdir -p "$STAGE$1"
	case $1 in
	/usr/bin | /usr/sbin | /usr/lib | /usr/lib64 | /bin | /sbin | /lib | /lib64 | '') return ;;
	esac
	cp -a --no-preserve=ownership --reflink=auto -- "$1/." "$STAGE$1/"
	stage_folder_needs "$1"
}

stage_folder_needs() {
	local f
	while IFS= read -r -d '' f; do
		if [ -L "$f" ]; then
			[ ! -e "$f" ] || STAGE_QUEUE+=("$f")
		else
			stage_needs "$f"
		fi
	done < <(find "$1" \( -type f -o -type l \) -print0)
}

# Notes what a file needs: libraries of a program, the interpreter of a script.
stage_needs() {
	local magic word1 word2
	LC_ALL=C IFS= read -r -N 4 magic 2>/dev/null <"$1" || return 0
	case $magic in
	$'\x7fELF') STAGE_QUEUE+=("elf:$1") ;;
	'#!'*)
		read -r word1 word2 _ <"$1" || true
		word1=${word1#'#!'}
		[ -n "$word1" ] || { word1=$word2; word2=; }
		[ ! -e "$word1" ] || STAGE_QUEUE+=("$word1")
		[ "${word1##*/}" != env ] || ! word2=$(type -P -- "$word2") || STAGE_QUEUE+=("$word2")
		;;
	esac
}

stage_drain() {
	local item f
	local -a elf
	while [ ${#STAGE_QUEUE[@]} -gt 0 ]; do
		elf=()
		local -a queue=("${STAGE_QUEUE[@]}")
		STAGE_QUEUE=()
		for item in "${queue[@]}"; do
			case $item in
			elf:*) elf+=("${item#elf:}") ;;
			*) stage_path "$item" ;;
			esac
		done
		[ ${#elf[@]} -gt 0 ] || continue
		while IFS= read -r f; do
			stage_path "$f"
		done < <(elf_libraries "${elf[@]}")
	done
}

# glibc loads libgcc_s by itself when a thread is cancelled.
elf_libraries() {
	LC_ALL=C ldd "$@" 2>/dev/null |
		sed -n -E -e 's/^\t.* => (\/[^ ]+) \(0x.*/\1/p' -e 's/^\t(\/[^ ]+) \(0x.*/\1/p' |
		LC_ALL=C sort -u >"$STAGE.libs"
	if grep -q 'libc\.so\.6$' "$STAGE.libs"; then
		LC_ALL=C ldconfig -p 2>/dev/null | sed -n -E 's/^\tlibgcc_s\.so\.1 \(.*x86-64\) => (.*)/\1/p' |
			head -n 1 >>"$STAGE.libs"
	fi
	cat "$STAGE.libs"
}

# initramfs_finish FILE: busybox for whatever is not there, and the archive.
initramfs_finish() {
	busybox --install -s "$STAGE/usr/bin" 2>/dev/null || true
	find "$STAGE/usr/bin" -type l -lname '*/busybox' -exec ln -sfn /usr/bin/busybox {} \;
	chmod -R u=rwX,go=rX "$STAGE"
	find "$STAGE" -exec touch -h -d @1767225600 {} +
	(cd "$STAGE" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
		cpio -0 -o -H newc --reproducible -R 0:0 --quiet) >"$1"
}
