# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Option off: the kernel is that of the vanilla tree, instruction by instruction.
#
# Only what can differ is built in the vanilla tree. An object is made of the files
# that its .cmd file names, with the flags that it has too. Where all of them are the
# same in both trees, so is the object. A patched header that is vanilla's without
# the text between #ifdef CONFIG_DEADLINE_GROUP_SCHED and #endif is the same, too:
# that is all the compiler sees. The folders of all other objects, and those whose
# Makefile is patched, are built in both trees and compared. So figures of "off" are
# those of vanilla.

# code_differs: the files (of the kernel, not of its tools) that are not the same in
# the two trees.
code_differs() {
	local file
	{ cat "$LAB_SERIES"/*.patch | sed -n -E 's,^\+\+\+ b/([^\t]*).*,\1,p'; git ls-files -co --exclude-standard \
		arch block drivers fs include init kernel lib mm net virt; } | LC_ALL=C sort -u |
		while read -r file; do
			case $file in
			Documentation/* | tools/* | *Kconfig*) continue ;;
			esac
			code_same_text "$file" || echo "$file"
		done
}

# Without what the option switches on, and without empty lines. (Line numbers go into
# tables for warnings, which no one executes.)
code_same_text() {
	[ -f "$VANILLA/$1" ] && cmp -s <(code_switched_off <"$PATCHED/$1") <(code_switched_off <"$VANILLA/$1")
}

# Anything but a plain #ifdef of the option is text like any other.
code_switched_off() {
	awk '/^[ \t]*$/ { next }
		!depth && /^#[ \t]*ifdef[ \t]+CONFIG_DEADLINE_GROUP_SCHED[ \t]*$/ { depth = 1; off = 1; next }
		depth && /^#[ \t]*if/ { depth++ }
		depth == 1 && /^#[ \t]*elif/ { print "#elif of the option"; next }
		depth == 1 && /^#[ \t]*else/ { off = 0; next }
		depth && /^#[ \t]*endif/ { if (!--depth) { off = 0; next } }
		!off { print }'
}

# code_folders: of the objects that could differ. Reads the names of the files that do.
code_folders() {
	local file
	cat >"$OUT/differing"
	{
		# A pattern for each: its name as it is in .cmd files, "../FILE"
		sed 's|.*| ../&|' "$OUT/differing" >"$OUT/differing.cmd"
		(cd "$OFF" && ar t vmlinux.a | sed -E 's|([^/]*)$|.\1.cmd|' |
			xargs grep -lsF -f "$OUT/differing.cmd") | sed -E 's|/[^/]*$||'
		grep -E '(Makefile|Kbuild)$' "$OUT/differing" | sed -E 's|/[^/]*$||'
	} | LC_ALL=C sort -u | code_builders | LC_ALL=C sort -u | awk '{
		# a folder is built with all below it
		for (i = 1; i <= n; i++) if (index($0 "/", top[i] "/") == 1) next
		top[++n] = $0; print }'
}

# Sources of a folder without an archive are built by another one ("../../virt/kvm").
code_builders() {
	local folder archive
	while read -r folder; do
		if [ -f "$OFF/$folder/built-in.a" ]; then
			echo "$folder"
			continue
		fi
		(cd "$OFF" && find . -name built-in.a -printf '%P\n' | while read -r archive; do
			! ar t "$archive" | grep -q "/\.\./$folder/" || echo "${archive%/*}"
		done) | awk -v deepest= -v folder="$folder" '
			length($0) > length(deepest) { deepest = $0 }
			END { print deepest != "" ? deepest : folder }'
	done
}

# What the kernel consists of below folder $2 of build $1; but not the text of its
# configuration, which says that the option is off.
code_objects() {
	(cd "$1" && ar t "$2/built-in.a" | grep -vx kernel/configs.o | LC_ALL=C sort)
}

# Instructions and what they refer to, of every section that is executed.
code_of() {
	local object
	while read -r object; do
		objdump -dr --no-show-raw-insn "$1/$object" | sed 1,3d | sha256sum | sed "s| .*| $object|"
	done
}

# Each function and each variable: where it is in its section, and how large. Names of
# initcalls have the number of their line in them.
symbols_of() {
	(cd "$1" && xargs nm -A -S --defined-only |
		sed -E 's/(__initcall__kmod_[[:alnum:]_]+__)[0-9]+_[0-9]+_/\1/' | LC_ALL=C sort)
}

code_prepare() {
	VANILLA=$("$LAB" path vanilla-tree) PATCHED=$("$LAB" path patched)
	OFF=$("$LAB" path off) PLAIN=$("$LAB" path vanilla)
	LAB_SERIES=$TOP/patches/linux-7.3
	code_differs | code_folders >"$OUT/folders"
	[ -s "$OUT/folders" ] || { echo "error: no object depends on a patched file"; return 1; }
	sed 's|$|/|' "$OUT/folders" | xargs "$LAB" kernel --kernel vanilla -- -j"$(nproc)" \
		arch/x86/kernel/vmlinux.lds
}

# The same options, generated headers and objects, so that the rest is the same, too.
inputs_same() {
	local folder
	echo "options and generated headers that differ:"
	diff "$PLAIN/include/generated/autoconf.h" "$OFF/include/generated/autoconf.h" || return 1
	for folder in include/generated arch/x86/include/generated; do
		diff -rq -x '*.cmd' -x compile.h -x 'utsversion.h' "$PLAIN/$folder" "$OFF/$folder" || return 1
	done
	echo "lines of the linker script that differ:"
	diff <(code_script "$PLAIN") <(code_script "$OFF")
}

# Our class has a section of its own, which nothing is in.
code_script() {
	grep -vE '^#|^[ \t]*$' "$1/arch/x86/kernel/vmlinux.lds" | sed -E 's/\*\(__dl_group_sched_class\)//; s/[ \t]+/ /g'
}

objects_same() {
	local folder
	: >"$OUT/objects"
	while read -r folder; do
		code_objects "$OFF" "$folder" >"$OUT/objects-off"
		code_objects "$PLAIN" "$folder" >"$OUT/objects-vanilla"
		[ -s "$OUT/objects-off" ] || { echo "no objects in $folder"; return 1; }
		diff "$OUT/objects-vanilla" "$OUT/objects-off" || return 1
		cat "$OUT/objects-off" >>"$OUT/objects"
	done <"$OUT/folders"
	code_of "$OFF" <"$OUT/objects" >"$OUT/code-off"
	code_of "$PLAIN" <"$OUT/objects" >"$OUT/code-vanilla"
	echo "$(wc -l <"$OUT/objects") objects; their code differs in:"
	diff "$OUT/code-vanilla" "$OUT/code-off"
}

symbols_same() {
	symbols_of "$OFF" <"$OUT/objects" >"$OUT/symbols-off"
	symbols_of "$PLAIN" <"$OUT/objects" >"$OUT/symbols-vanilla"
	[ -s "$OUT/symbols-off" ] || { echo "no symbols"; return 1; }
	echo "symbols that differ:"
	diff "$OUT/symbols-vanilla" "$OUT/symbols-off"
}

code_compare() {
	say "off against vanilla: options, code, symbols ..."
	code_prepare >"$OUT/code-build.log" 2>&1 || {
		verdict "off: what could differ builds in the vanilla tree" "$OUT/code.log" \
			cat_and_fail "$OUT/code-build.log" || true
		return
	}
	say "built in the vanilla tree: $(paste -sd ' ' "$OUT/folders")"
	verdict "off: options, headers, linker script are vanilla's" "$OUT/inputs.log" inputs_same || true
	verdict "off: the code of each object is vanilla's" "$OUT/code.log" objects_same || true
	verdict "off: the objects have vanilla's symbols" "$OUT/symbols.log" symbols_same || true
}

cat_and_fail() {
	tail -n 30 "$1"
	return 1
}
