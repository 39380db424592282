# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Removes what can be made again.

cmd_clean() {
	case ${1:-} in
	'') clean_builds ;;
	--sources) clean_sources ;;
	--all)
		clean_sources
		rm -rf "$LAB_CACHE"
		;;
	-h | --help)
		echo "usage: scripts/lab clean [--sources | --all]"
		echo
		echo "Removes the builds and out/; --sources: the kernel trees as well; --all:"
		echo "also what was downloaded, and the compiler's cache."
		;;
	*) die "clean: unknown option '$1' (scripts/lab clean --help)" ;;
	esac
}

clean_builds() {
	lock build
	rm -rf "$LAB_SRC"/*/.build-* "$LAB_CACHE/build" "$LAB_TOP/out"
}

# Edits in the tree that are not in patches/ yet would be lost.
clean_sources() {
	load fetch tree
	if [ -f "$TREE_STATE/stamp" ]; then
		LINUX_SRC='' cmd_tree
		[ ! -s "$TREE_TMP/edited" ] ||
			die "clean would lose the edits in $TREE: make patches, or scripts/lab tree --discard"
	fi
	clean_builds
	rm -rf "$LAB_SRC"
}
