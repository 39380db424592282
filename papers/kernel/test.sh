#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: test.sh OPTION... OUT (those of run.sh)
#
# TAP: does the kernel do what the model says? A quick number of sets.

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OUT=${!#}

echo "TAP version 13"
rm -rf "$OUT/kernel" "$OUT/model"
"$here/run.sh" --quick "$@" || {
	echo "Bail out! the sets could not be run"
	exit 1
}
awk -f "$here/../verdicts.awk" "$OUT"/model/*.csv "$OUT"/kernel/*.csv >"$OUT/verdicts.txt" || true
awk -F '\t' '
	{ printf "%s %d %s: %s\n", $2 == "NOT" ? "not ok" : "ok", NR, $1, $3; failed += $2 == "NOT" }
	END { print "1.." NR; exit failed > 0 || !NR }' "$OUT/verdicts.txt"
