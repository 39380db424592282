# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Where things are, for scripts and for people.

cmd_path() {
	load kernel
	case ${1:-} in
	cache) echo "$LAB_CACHE" ;;
	logs) echo "$LAB_LOGS" ;;
	qemu) load qemu; qemu_choose several; echo "$QEMU" ;;
	vanilla-tree | patched) echo "$LAB_SRC/${1%-tree}" ;;
	'')
		printf '%-12s %s\n' cache "$LAB_CACHE" patched "$LAB_SRC/patched" \
			vanilla-tree "$LAB_SRC/vanilla" logs "$LAB_LOGS"
		;;
	-h | --help)
		echo "usage: scripts/lab path [cache|patched|vanilla-tree|logs|qemu|[--kernel] KIND]"
		echo
		echo "Prints where a tree, or the build folder of a kernel of this kind, is; all of it"
		echo "without an argument. qemu: the one that emulates several CPUs at a time."
		;;
	--kernel)
		[ $# -ge 2 ] || die "path: $1 needs a kind (scripts/lab kernel --help)"
		cmd_path_kernel "$2"
		;;
	*) cmd_path_kernel "$1" ;;
	esac
}

# The build folder of a kernel of this kind
cmd_path_kernel() {
	kernel_kind "$1"
	echo "$KERNEL_BUILD"
}
