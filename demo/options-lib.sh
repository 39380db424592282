# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Values of options. What is wrong with one is said before anything is built or
# removed, with status 2. Sourced by run-lib.sh and host-lib.sh, which have say().

wrong() {
	say "error: $*"
	exit 2
}

# needs_value OPTION [VALUE]...: the arguments from there on
needs_value() {
	[ -n "${2-}" ] || wrong "$1 needs a value ($0 --help)"
}

# The same for a number above 0; needs_decimal: it may be a fraction.
needs_number() {
	needs_value "$@"
	[[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || wrong "$1 takes a number above 0, not '$2'"
}

needs_decimal() {
	needs_value "$@"
	[[ $2 =~ ^[0-9]{1,9}(\.[0-9]{1,9})?$ && $2 =~ [1-9] ]] || wrong "$1 takes a number above 0, not '$2'"
}

# needs_words "WORD..." OPTION [VALUE]...: some of these
needs_words() {
	local all=$1 word
	shift
	needs_value "$@"
	for word in $2; do
		[[ " $all " == *" $word "* ]] || wrong "$1 takes some of '$all', not '$word'"
	done
	[ -n "${word-}" ] || wrong "$1 needs a value ($0 --help)"
}
