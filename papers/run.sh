#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make papers: runs the published experiments and prints what came out, beside what was
# published.

set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OUT=$(realpath -m -- "${PAPERS_OUT:-$here/../out/papers}")
JOBS=$(nproc)
QUICK=
ONLY=
KERNEL=yes

usage() {
	cat <<'EOF'
usage: papers/run.sh [--only "ID..."] [--quick] [--no-kernel] [--jobs N]

Runs the published experiments in the model, and what of them threads in capsules can do in
the lab's kernel, which is built if need be; prints the verdicts, and writes tables and
pictures to out/papers/report.html and the figures to out/papers/ID.csv. What else was
measured in the kernel and in guests is taken from out/papers/kernel and out/papers/guest
(papers/README.md).

  --only "ID..."  these alone, e.g. "t2.2 f2.5"; --list names them
  --quick         few sets, short runs, no kernel: under a minute
  --no-kernel     the model alone; the kernel's column stays what it was
  --jobs N        so many at a time (default: the processors)

PAPERS_OUT is where the results go. Status: 0 if all verdicts hold, 1 if one does not.
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
	f2.4) echo least ;;
	d-f11) echo gaps ;;
	t4.2) echo hosts ;;
	extra | resch) echo extra ;;
	t2.1) echo switches ;;
	semi | semi3) echo semi ;;
	kernel) echo check ;;
	plan) echo plan ;;
	esac
}

parts() {
	local id
	for id in ${ONLY:-t2.1 t2.2 f2.4 t4.2 d-f11 extra semi3 kernel plan}; do
		part_of "$id"
	done | sort -u | paste -s -d ' '
}

choose() {
	local id
	[ -n "$ONLY" ] || { "$OUT/build/experiment" --list; return; }
	for id in $ONLY; do
		experiment_of "$id"
	done | sort -u
}

list() {
	echo "$(sed -n 's/^\t{ "\([^"]*\)", exp_.*/\1/p' "$here/exp/main.c" | tr '\n' ' ')t2.3 f2.8 f3.6 f3.7 f3.8 f3.9 semi3 t2.1 f2.4 t4.2 d-f11 extra resch kernel plan" |
		tr ' ' '\n' | sort -V
}

check_only() {
	local id
	for id in $ONLY; do
		list | grep -qxF -e "$id" || die "there is no experiment '$id' (papers/run.sh --list)"
	done
	for id in $(choose); do
		"$OUT/build/experiment" --list | grep -qxF -e "$id" ||
			die "'$id' needs the arithmetic of sched-vm plan, tools/sched_vm/rt-*.c, which is not there"
	done
}

while [ $# -gt 0 ]; do
	case $1 in
	--only) ONLY=${2:?--only needs the ids of experiments}; shift ;;
	--quick) QUICK=--quick KERNEL=no ;;
	--no-kernel) KERNEL=no ;;
	--jobs) JOBS=${2:?--jobs needs a number}; shift ;;
	--list) list; exit ;;
	-h | --help) usage; exit ;;
	*) die "unknown option '$1' (papers/run.sh --help)" ;;
	esac
	shift
done
[[ $JOBS =~ ^[1-9][0-9]*$ ]] || die "--jobs takes a number, not '$JOBS'"

mkdir -p "$OUT"
make -s -C "$here" O="$OUT/build" >"$OUT/build.log" 2>&1 || {
	cat "$OUT/build.log" >&2
	die "papers/ does not build"
}
check_only
rm -rf "$OUT/model" "$OUT"/*.csv
mkdir -p "$OUT/model"
[ $KERNEL = no ] || [ -z "$(parts)" ] ||
	"$here/kernel/run.sh" --jobs "$JOBS" --parts "$(parts)" "$OUT" || die "the kernel's column cannot be had (--no-kernel)"
choose | xargs -P "$JOBS" -I ID sh -c \
	"'$OUT/build/experiment' $QUICK ID >'$OUT/model/ID.csv.new' && mv '$OUT/model/ID.csv.new' '$OUT/model/ID.csv'" ||
	die "an experiment has failed"
"$here/report.sh" "$OUT"
