# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# An interactive shell in a lab kernel.

shell_help() {
	cat <<EOF
usage: scripts/lab shell [options]

Boots a kernel in QEMU with a shell on this terminal. Leave it with exit. The
options are those of scripts/lab run (scripts/lab run --help), except --timeout.
EOF
}

cmd_shell() {
	case ${1:-} in
	-h | --help) shell_help; return ;;
	esac
	load run
	run_defaults
	RUN_SHELL=yes
	run_options "$@"
	[ ${#RUN_CMD[@]} -eq 0 ] ||
		die "shell: takes no command; scripts/lab run [options] -- ${RUN_CMD[*]} does"
	run_check_options
	run_it
}
