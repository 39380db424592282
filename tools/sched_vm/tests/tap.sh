# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# TAP for shell scripts. Each test is a function that returns 0, or says with
# "fail" why not, or by any command that fails; "skip" ends it with a reason. A line
# "note: ..." is shown even if all is well.
# clean_up is called after each.

tap_nr=0
tap_failed=0

# run NAME...: each in a subshell
run() {
	echo "TAP version 13"
	echo "1..$#"
	for tap_name; do
		tap_nr=$((tap_nr + 1))
		# Not "|| tap_rc=$?": set -e would say nothing to what is before it.
		set +e
		(set -e; "$tap_name") >"$WORK/log" 2>&1
		tap_rc=$?
		clean_up >/dev/null 2>&1
		grep -h '^note: ' "$WORK/log" | sed 's/^/# /'
		case $tap_rc in
		0) echo "ok $tap_nr $tap_name" ;;
		4) echo "ok $tap_nr $tap_name # SKIP $(tail -n 1 "$WORK/log")" ;;
		*)
			sed 's/^/# /' "$WORK/log"
			echo "not ok $tap_nr $tap_name"
			tap_failed=1
			;;
		esac
	done
	return $tap_failed
}

fail() {
	echo "FAIL: $*"
	exit 1
}

skip() {
	echo "$*"
	exit 4
}

# expect STATUS PATTERN COMMAND...: it ends with STATUS, and says PATTERN
expect() {
	want=$1 pattern=$2
	shift 2
	rc=0
	"$@" >"$WORK/output" 2>&1 || rc=$?
	# The notes of a program are none of ours.
	sed 's/^note: / &/' "$WORK/output"
	[ "$rc" -eq "$want" ] || fail "'$*' ended with $rc, not $want"
	[ -z "$pattern" ] || grep -q -E -e "$pattern" "$WORK/output" || fail "'$*' did not say '$pattern'"
}

same() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# between VALUE LEAST MOST
between() {
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || fail "$1 is not from $2 to $3"
}
