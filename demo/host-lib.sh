# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Messages, and what is noted down for the report in OUT. Sourced by host.sh, and
# by that of bench/, whose messages begin with ME.

say() {
	printf '%s: [%d:%02d] %s\n' "${ME:-demo}" $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2
}

die() {
	say "error: $*"
	exit 1
}

# needs_value OPTION [VALUE]...: the arguments from there on
needs_value() {
	[ -z "${2-}" ] || return 0
	say "error: $1 needs a value ($0 --help)"
	exit 2
}

# Runs a command that belongs into the report.
traced() {
	local words
	printf -v words '%q ' "$@"
	printf '%s\n' "${words% }" >>"$OUT/commands.txt"
	"$@"
}

# traced_write TEXT FILE
traced_write() {
	echo "echo $1 >$2" >>"$OUT/commands.txt"
	echo "$1" >"$2"
}

# fact NAME VALUE: for the report.
fact() {
	printf '%s\t%s\n' "$1" "$2" >>"$OUT/facts.txt"
}
