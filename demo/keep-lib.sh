# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The results of the last run of everything are worth hours. Sourced by run-lib.sh and
# papers/run.sh, which set OUT and have a folder "build" in it.

# keep_whole: before another run begins; what it needs of OUT stays there, too
keep_whole() {
	[ -f "$OUT/whole" ] || return 0
	rm -rf "$OUT.last"
	mkdir "$OUT.last"
	find "$OUT" -mindepth 1 -maxdepth 1 ! -name build -exec cp -a -t "$OUT.last" {} +
	rm "$OUT/whole"
}
