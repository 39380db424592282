# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Where things are, for scripts and for people.

cmd_path() {
	load kernel
	case ${1:-} in
	vanilla-tree | patched) echo "$LAB_SRC/${1%-tree}" ;;
	'')
		printf '%-10s %s\n' cache "$LAB_CACHE" tree "$LAB_SRC/patched" \
			pristine "$LAB_SRC/vanilla" logs "$LAB_LOGS"
		;;
	-h | --help) echo "usage: scripts/lab path [patched|vanilla-tree|KIND]" ;;
	*) kernel_kind "$1"; echo "$KERNEL_BUILD" ;;
	esac
}
