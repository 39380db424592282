# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Option off: not one instruction differs from a kernel without our patches.

# Instructions and what they refer to, of every section that is executed.
code_of() {
	local folder=$1 object
	while read -r object; do
		objdump -dr --no-show-raw-insn "$folder/$object" | sed 1,3d |
			sha256sum | sed "s| .*| $object|"
	done
}

code_objects() {
	(cd "$1" && find kernel init fs/proc lib -name '*.o' ! -name 'built-in*' \
		! -name '*.mod.o' ! -name 'version*.o' ! -path 'kernel/configs.o' | LC_ALL=C sort)
}

code_same() {
	local off vanilla
	off=$("$LAB" path off) vanilla=$("$LAB" path vanilla)
	code_objects "$off" >"$OUT/objects-off"
	code_objects "$vanilla" >"$OUT/objects-vanilla"
	[ -s "$OUT/objects-off" ] || { echo "no objects"; return 1; }
	diff "$OUT/objects-vanilla" "$OUT/objects-off" || return 1
	code_of "$off" <"$OUT/objects-off" >"$OUT/code-off"
	code_of "$vanilla" <"$OUT/objects-off" >"$OUT/code-vanilla"
	echo "objects whose code differs:"
	diff "$OUT/code-vanilla" "$OUT/code-off"
}

# Everything else: each function and each variable is there, as large as before.
symbols_same() {
	local kind
	for kind in off vanilla; do
		nm -S --defined-only "$("$LAB" path "$kind")/vmlinux" |
			awk 'NF == 4 { print $4, $2, $3 }' | LC_ALL=C sort >"$OUT/symbols-$kind"
		[ -s "$OUT/symbols-$kind" ] || { echo "no symbols"; return 1; }
	done
	echo "symbols that differ:"
	diff "$OUT/symbols-vanilla" "$OUT/symbols-off"
}

code_compare() {
	is_built off 2 && is_built vanilla 2 || return 0
	say "off against vanilla: code and symbols ..."
	verdict "off: the code of kernel/ is vanilla's" "$OUT/code.log" code_same || true
	verdict "off: vmlinux has vanilla's symbols" "$OUT/symbols.log" symbols_same || true
}
