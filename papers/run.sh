#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make papers: runs the published experiments and prints what came out, beside what was
# published.

set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OUT=$(realpath -m -- "${PAPERS_OUT:-$here/../out/papers}")
# shellcheck source=papers/progress.sh
. "$here/progress.sh"
# shellcheck source=papers/titles.sh
. "$here/titles.sh"
# shellcheck source=demo/keep-lib.sh
. "$here/../demo/keep-lib.sh"
JOBS=$(nproc)
QUICK=
ONLY=
KERNEL=yes
SEEDS=

usage() {
	cat <<'EOF'
usage: papers/run.sh [--only "ID..."] [--quick] [--no-kernel] [--jobs N] [--sets N]

Runs the published experiments in the model, and what of them threads in capsules can do in
the lab's release kernel and, of t2.1 (Table 2.1), in its preempt kernel, which has probe
events; these are built if need be. Prints the verdicts, and writes tables and pictures to
out/papers/report.html and the figures to out/papers/ID.csv. What else was measured in the
kernel and in guests is taken from out/papers/kernel and out/papers/guest (papers/README.md).

  --only "ID..."  these alone, e.g. "t2.2 f2.5"; --list says what each is
  --quick         few sets, short runs, no kernel: under a minute
  --no-kernel     the model alone; the kernel's column stays what it was
  --jobs N        so many at a time (default: the processors)
  --sets N        in the kernel, of each condition of t2.4, f2.7 and f3.5 (default: 2),
                  and four times as many of semi

PAPERS_OUT is where the results go. Those of the last run without options stay in
out/papers.last when another one begins. Status: 0 if all verdicts hold, 1 if one does not.
EOF
}

die() {
	printf 'papers: error: %s\n' "$*" >&2
	exit 2
}

# Which experiment has the values of an id?
experiment_of() {
	case $1 in
	t2.3) echo f2.5 ;;
	f2.8) echo f2.7 ;;
	f3.6 | f3.7 | f3.8 | f3.9) echo f3.5 ;;
	semi3) echo semi ;;
	t2.1 | f2.4 | t4.2 | d-f11 | extra | resch | kernel | plan) ;;
	*) echo "$1" ;;
	esac
}

# And which part of papers/kernel/run.sh?
part_of() {
	case $1 in
	t2.2 | t2.3 | f2.5 | f2.9) echo load ;;
	t2.4) echo guaranteed ;;
	f2.7 | f2.8) echo policies ;;
	f3.5 | f3.6 | f3.7 | f3.8 | f3.9) echo global ;;
	f2.4) echo least ;;
	d-f11) echo gaps ;;
	t4.2) echo hosts ;;
	extra | resch) echo extra ;;
	t2.1) echo switches decisions ;;
	semi) echo semi global pieces ;;
	semi3) echo semi ;;
	kernel) echo check ;;
	plan) echo plan ;;
	esac
}

parts() {
	local id
	for id in ${ONLY:-t2.1 t2.2 t2.4 f2.4 f2.7 f3.5 t4.2 d-f11 extra semi kernel plan}; do
		part_of "$id"
	done | tr ' ' '\n' | sort -u | paste -s -d ' '
}

choose() {
	local id
	[ -n "$ONLY" ] || { "$OUT/build/experiment" --list; return; }
	for id in $ONLY; do
		experiment_of "$id"
	done | sort -u
}

ids() {
	echo "$(sed -n 's/^\t{ "\([^"]*\)", exp_.*/\1/p' "$here/exp/main.c" | tr '\n' ' ')t2.3 f2.8 f3.6 f3.7 f3.8 f3.9 semi3 t2.1 f2.4 t4.2 d-f11 extra resch kernel plan" |
		tr ' ' '\n' | sort -V
}

list() {
	local id
	printf '%-9s %-6s %-7s %s\n' ID MODEL KERNEL WHAT
	for id in $(ids); do
		printf '%-9s %-6s %-7s %s\n' "$id" "$([ -z "$(experiment_of "$id")" ] || echo yes)" \
			"$([ -z "$(part_of "$id")" ] || echo yes)" "$(title "$id")"
	done
	printf '\nKERNEL is the release kernel of the lab; for t2.1, the preempt kernel, too.\n'
}

check_only() {
	local id
	for id in $ONLY; do
		ids | grep -qxF -e "$id" || die "there is no experiment '$id' (papers/run.sh --list)"
	done
}

check_model() {
	local id
	for id in $(choose); do
		"$OUT/build/experiment" --list | grep -qxF -e "$id" ||
			die "'$id' needs the arithmetic of sched-vm plan, tools/sched_vm/rt-*.c, which is not there"
	done
}

needs_value() {
	[ -n "${2-}" ] || die "$1 needs a value (papers/run.sh --help)"
}

while [ $# -gt 0 ]; do
	case $1 in
	--only) needs_value "$@"; ONLY=$2; shift ;;
	--quick) QUICK=--quick KERNEL=no ;;
	--no-kernel) KERNEL=no ;;
	--jobs) needs_value "$@"; JOBS=$2; shift ;;
	--sets) needs_value "$@"; SEEDS=$2; shift ;;
	--list) list; exit ;;
	-h | --help) usage; exit ;;
	*) die "unknown option '$1' (papers/run.sh --help)" ;;
	esac
	shift
done
# Before anything is built, or what was there before is removed.
[[ $JOBS =~ ^[1-9][0-9]*$ ]] || die "--jobs takes a number, not '$JOBS'"
[[ ${SEEDS:-1} =~ ^[1-9][0-9]*$ ]] || die "--sets takes a number, not '$SEEDS'"
check_only

mkdir -p "$OUT"
make -s -C "$here" O="$OUT/build" >"$OUT/build.log" 2>&1 || {
	cat "$OUT/build.log" >&2
	die "papers/ does not build"
}
check_model
keep_whole
rm -rf "$OUT/model" "$OUT"/*.csv
: >"$OUT/times.txt"
mkdir -p "$OUT/model"
[ $KERNEL = no ] || [ -z "$(parts)" ] ||
	"$here/kernel/run.sh" --jobs "$JOBS" ${SEEDS:+--sets "$SEEDS"} --parts "$(parts)" "$OUT" || die "the kernel's column cannot be had (--no-kernel)"
# Runs an experiment in the model, and notes how long that took.
# shellcheck disable=SC2086,SC2317
experiment() {
	local TIMEFORMAT="model $1 %1R %1U"
	{ time "$OUT/build/experiment" $QUICK "$1" >"$OUT/model/$1.csv.new" 2>&3; } 3>&2 2>>"$OUT/times.txt" &&
		mv "$OUT/model/$1.csv.new" "$OUT/model/$1.csv" && progress_of model "$1"
}

# What took how long, and all of it: OUT/times.txt has "model|kernel WHAT REAL CPU", in seconds.
times() {
	awk -v all="$SECONDS" '
		{ real[$1] += $3; cpu[$1] += $4; if ($3 > most[$1]) { most[$1] = $3; longest[$1] = $2 } }
		END {
			for (who in real)
				printf "%s: %d s of CPU time in %d s, the longest %d s (%s); ", who, cpu[who], real[who], most[who], longest[who]
			printf "%d s from begin to end\n", all
		}' "$OUT/times.txt"
}

export -f experiment
OF=$(choose | wc -l)
export OUT QUICK OF
choose | xargs -P "$JOBS" -I ID bash -c 'experiment ID' || die "an experiment has failed"
rc=0
"$here/report.sh" "$OUT" || rc=$?
[ -n "$ONLY$QUICK$SEEDS" ] || [ $KERNEL = no ] || touch "$OUT/whole"
times
exit $rc
