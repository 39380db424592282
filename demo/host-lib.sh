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

# shellcheck source=demo/options-lib.sh
. "${BASH_SOURCE[0]%/*}/options-lib.sh"

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
