# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What is done, and since when, on standard error. Sourced by run.sh and kernel/run.sh.

BEGIN=${BEGIN:-$EPOCHSECONDS}
export BEGIN

# progress TEXT...
progress() {
	local s=$((EPOCHSECONDS - BEGIN))
	printf 'papers: [%d:%02d] %s\n' $((s / 60)) $((s % 60)) "$*" >&2
}

# progress_of kernel|model NAME: one more of OF is done. Each has a line in OUT/times.txt.
progress_of() {
	progress "$1: $2 ($(grep -c "^$1 " "$OUT/times.txt") of $OF)"
}

export -f progress progress_of
