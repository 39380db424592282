#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's column: sets of tasks as threads in capsules, in virtual time.

set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TOP=$(cd "$here/../.." && pwd -P)
LAB=$TOP/scripts/lab
# shellcheck source=papers/progress.sh
. "$here/../progress.sh"
JOBS=$(nproc)
QUICK=no
KERNEL=
KERNEL_UPDATE=yes
PROGRAM=
SCHED_VM=
PARTS=
SEEDS=2
ALL="check load policies guaranteed plan least semi global pieces gaps hosts extra switches decisions"

usage() {
	cat <<'END'
usage: papers/kernel/run.sh [OPTION...] OUT

Runs sets in the lab's release kernel, in virtual time, which it builds if need be, and
"decisions" (Table 2.1 by probe events) in its preempt kernel, which alone has these
(CONFIG_FPROBE_EVENTS). Writes what came out to OUT/kernel/*.csv, and what the model has of
the very same sets to OUT/model/kernel-*.csv. OUT/build has the programs of papers/. The sets,
and when each job ended, are in OUT/jobs.

  --quick         few sets, short runs: a minute and a half
  --parts "P..."  of check, load, policies, guaranteed, plan, least, semi, global, pieces, gaps,
                  hosts, extra, switches, decisions (with --quick: of check, plan, semi, gaps)
  --sets N        of each condition in policies, guaranteed and global (default: 2), and four
                  times as many in pieces
  --jobs N        so many machines at a time (default: the processors)
  --no-build      take the kernels as they were built last ("decisions": the preempt one)
  --kernel FILE   this bzImage (for all but "decisions", which are left out)
  --program FILE  the selftest "jobs", static; "extra" is beside it
  --sched-vm FILE the tool
END
}

die() {
	printf 'papers/kernel: error: %s\n' "$*" >&2
	exit 2
}

needs_value() {
	[ -n "${2-}" ] || die "$1 needs a value (papers/kernel/run.sh --help)"
}

while [ $# -gt 0 ]; do
	case $1 in
	--quick) QUICK=yes ;;
	--parts) needs_value "$@"; PARTS=$2; shift ;;
	--jobs) needs_value "$@"; JOBS=$2; shift ;;
	--sets) needs_value "$@"; SEEDS=$2; shift ;;
	--no-build) KERNEL_UPDATE=no ;;
	--kernel) needs_value "$@"; KERNEL_UPDATE=no KERNEL=$(realpath "$2"); shift ;;
	--program) needs_value "$@"; PROGRAM=$(realpath "$2"); shift ;;
	--sched-vm) needs_value "$@"; SCHED_VM=$(realpath "$2"); shift ;;
	-h | --help) usage; exit ;;
	-*) die "unknown option '$1' (papers/kernel/run.sh --help)" ;;
	*) break ;;
	esac
	shift
done
# The quick ones are those that can fail if the kernel does.
[ -n "$PARTS" ] || PARTS=$([ $QUICK = yes ] && echo "check plan semi gaps" || echo "$ALL")
[[ $SEEDS =~ ^[1-9][0-9]*$ ]] || die "--sets takes a number, not '$SEEDS'"
[ $# -eq 1 ] || { usage >&2; exit 2; }
OUT=$(realpath -m -- "$1")
BUILD=$OUT/build
SETS=$OUT/jobs

# many QUICK FULL: how much of it
many() {
	if [ $QUICK = yes ]; then echo "$1"; else echo "$2"; fi
}

# --- programs ---

build_programs() {
	local tree
	[ -x "$BUILD/gen-set" ] || make -s -C "$here/.." O="$BUILD"
	[ -n "$SCHED_VM" ] || [[ " $PARTS " != *" plan "* ]] || {
		make -s -C "$TOP/tools/sched_vm" O="$BUILD/sched_vm" all
		SCHED_VM=$BUILD/sched_vm/sched-vm
	}
	[ $KERNEL_UPDATE = no ] || "$LAB" kernel >&2
	[ $KERNEL_UPDATE = no ] || [[ " $PARTS " != *" decisions "* ]] || "$LAB" kernel preempt >&2
	[ -n "$PROGRAM" ] || {
		"$LAB" tree >&2
		tree=$("$LAB" path patched)
		mkdir -p "$BUILD/selftests"
		make -s -C "$tree/tools/testing/selftests/sched_vm" OUTPUT="$BUILD/selftests" \
			USERLDFLAGS=-static "$BUILD/selftests/jobs" "$BUILD/selftests/extra"
		PROGRAM=$BUILD/selftests/jobs
	}
}

# --- sets: a folder for each machine, with a file "run" of what it is to do ---

# machine FOLDER CPUS LENGTH_US [OPTIONS] [OPTIONS of the model; -: it has nothing to compare] [KERNEL]
machine() {
	mkdir -p "$SETS/$1"
	echo "CPUS=$2 LENGTH=$3 OPTION='${4:-}' MODEL='${5:-}' KIND=${6:-release}" >"$SETS/$1/run"
}

gen() {
	"$BUILD/gen-set" "$@"
}

sets_of_check() {
	many 16 60
}

# Two machines, as there are many sets.
sets_check() {
	local i length
	length=$(many 1000000 2000000)
	machine check-1 1 "$length"
	machine check-2 1 "$length"
	for ((i = 1; i <= $(sets_of_check); i++)); do
		gen mixed "$i" >"$SETS/check-$((i % 2 + 1))/mixed-$i.set"
	done
}

# What the publication has in seconds is a tenth here, and domains begin one after the other.
SCALED="--divide 10 --spare 2 --apart 20"

is_too_much() {
	awk '$1 == "task" && $2 == 3 { sum += $4 / $5 } END { exit sum < 0.21 }' "$1"
}

sets_load() {
	local c load seed nr
	machine load-1 1 4000000
	machine load-2 1 4000000
	for c in decreasing even increasing; do
		for load in $(many "95" "50 70 85 95 100"); do
			for ((seed = 1; seed <= $(many 1 2); seed++)); do
				# shellcheck disable=SC2086
				gen $SCALED capacity $c "$load" $seed >"$SETS/load-$((seed % 2 + 1))/f25_${c}_${load}_$seed.set"
			done
		done
	done
	# The seeds that the model takes
	for ((seed = 1, nr = 0; nr < $(many 1 3); seed++)); do
		# shellcheck disable=SC2086
		gen $SCALED capacity even 70 $seed overload >"$SETS/load-1/t22_yes_$seed.set"
		if is_too_much "$SETS/load-1/t22_yes_$seed.set"; then
			nr=$((nr + 1))
			# shellcheck disable=SC2086
			gen $SCALED capacity even 70 $seed >"$SETS/load-2/t22_no_$seed.set"
		else
			rm "$SETS/load-1/t22_yes_$seed.set"
		fi
	done
	sets_etf
	[ $QUICK = yes ] || sets_idle
}

# The same sets with idle time: of Table 2.2 all, of Fig. 2.5 those of high loads
sets_idle() {
	machine load-idle 1 4000000 "--extra idle" "--policy cbs-idle"
	cp "$SETS"/load-?/t22_*.set "$SETS"/load-?/f25_*_{85,95,100}_1.set "$SETS/load-idle/"
}

fits() {
	awk '$1 == "server" { sum += $5 / $6 } END { exit sum > 0.9999 }' "$1"
}

# Interfaces in whole milliseconds are mostly more than the CPU has: those that are not.
sets_etf() {
	local etf seed file
	for etf in $(many "" "100 50 10"); do
		for ((seed = 1; seed <= 16; seed++)); do
			file=$SETS/load-$((seed % 2 + 1))/f29_90_${etf}_$seed.set
			# shellcheck disable=SC2086
			gen $SCALED improved 90 550 650 "$etf" $seed >"$file"
			fits "$file" || rm "$file"
		done
	done
}

# Of policies and guaranteed: so long, and more sets instead
SOME_US=2000000

# Of Fig. 2.7, the budgets that the kernel admits with what it keeps for others by default
ADMITTED=950
RANGES="550-650 350-850 100-1100"

sets_policies() {
	local uw range seed way nr
	machine policies-none 1 $SOME_US
	machine policies-idle 1 $SOME_US "--extra idle" "--policy cbs-idle"
	machine policies-fair 1 $SOME_US "--extra fair --beside" "--policy cbs-idle --beside one"
	for uw in 70 90; do
		for range in $RANGES; do
			for ((seed = 1, nr = 0; nr < SEEDS; seed++)); do
				# shellcheck disable=SC2086
				gen $SCALED --most $ADMITTED improved $uw ${range/-/ } 100 $seed >"$SETS/f27" || continue
				nr=$((nr + 1))
				for way in none idle fair; do
					cp "$SETS/f27" "$SETS/policies-$way/f27_${uw}_${range}_$seed.set"
				done
			done
		done
	done
	rm "$SETS/f27"
}

# What a budget loses and owes, as sched-vm plan has it by default, in us
LOST=8
DEBT=20
LOADS="30 45 60 75"

# Those of Table 2.4 that the arithmetic of plan promises; all are in the list.
sets_guaranteed() {
	local c load seed file
	machine guaranteed-1 1 $SOME_US
	machine guaranteed-2 1 $SOME_US
	for c in decreasing even increasing; do
		for load in $LOADS; do
			for ((seed = 1; seed <= SEEDS; seed++)); do
				file=$SETS/guaranteed-$((seed % 2 + 1))/t24_${c}_${load}_$seed.set
				# shellcheck disable=SC2086
				gen $SCALED capacity $c "$load" $seed >"$file"
				echo "$c $load" >>"$SETS/guaranteed.list"
				"$BUILD/promised" cbs "$file" $LOST $DEBT || rm "$file"
			done
		done
	done
}

# planned FILE PERIOD: the least budget by sched-vm plan for the tasks of a set, or nothing
planned() {
	# shellcheck disable=SC2046
	"$SCHED_VM" plan $(awk '$1 == "task" { printf "--task %dus/%dus ", $4, $5 }' "$1") \
		--period "${2}us" --vcpus 1 --guest fp --json |
		awk '/"taken"/ { taken = 1 } taken && /"budget_us"/ { gsub(/[^0-9]/, ""); print; exit }'
}

# Those with Q >= 5 ms. Less: by 1 %, or twice what a period loses, as plan takes it.
sets_plan() {
	local seed nr=0 budget less period tasks=$SETS/guest
	machine plan-1 1 1200000
	machine plan-2 1 1200000
	for ((seed = 1; nr < $(many 8 40); seed++)); do
		gen guest $seed >"$tasks"
		period=$(awk '$1 == "server" { print $6 }' "$tasks")
		budget=$(planned "$tasks" "$period")
		[ "${budget:-0}" -ge 5000 ] || continue
		nr=$((nr + 1))
		less=$((budget - (budget / 100 > 16 ? budget / 100 : 16)))
		awk -v budget="$budget" -f "$here/worst.awk" "$tasks" >"$SETS/plan-1/enough-$seed.set"
		awk -v budget="$less" -f "$here/worst.awk" "$tasks" >"$SETS/plan-2/less-$seed.set"
	done
	rm "$tasks"
}

# 20 jobs a step; of the low domain a bit less than the rest, for the rounding.
sets_least() {
	local x
	machine least 1 2000000 --least -
	for x in $(many "" "1000 100 50"); do
		cat >"$SETS/least/quantum_$x.set" <<END
server 1 1 0 $x $((2 * x)) $((2 * x)) 1 0
server 2 1 0 $((2 * x - (x / 500 ? x / 500 : 1))) $((4 * x)) $((4 * x)) 2 0
task 1 1 50000 100000 100000 0 100
task 2 1 100000 100000 100000 0 100
END
	done
}

# Three guests of 60 % on two CPUs: of these, who needs all of its budget would be late by a
# switch. What the third gets, if it is busy, and how its jobs fare
sets_semi() {
	machine semi 2 "$(many 1000000 4000000)"
	cat >"$SETS/semi/response.set" <<'END'
cpus 2
server 1 1 0 6000 10000 10000 1 0
server 2 1 1 6000 10000 10000 2 0
server 3 1 0 3500 10000 10000 3 0
server 3 1 1 2500 10000 10000 4 0
task 1 1 5800 10000 10000 0 100
task 2 1 5800 10000 10000 100 100
task 3 1 5800 10037 10037 200 100
END
	sed 's/^task 3 .*/task 3 1 100 100 100 200 100/' "$SETS/semi/response.set" >"$SETS/semi/share.set"
}

# Of Fig. 3.5 to 3.9, what the kernel has: partitioned guests of fixed priorities, and capsules on
# a CPU each; and where these do not fit, in pieces. Each group of CPUs is a machine. The list
# has "U SEED whole|pieces|none BANDWIDTH".
UTILISATIONS="190 310 370 390 410 430 450"
GLOBAL_US=1000000

sets_global() {
	local u seed how file
	local -a options=(--divide 10 --apart 20 --lost "$LOST" --debt "$DEBT" --most 990)
	mkdir -p "$SETS/global"
	for u in $UTILISATIONS; do
		for ((seed = 1; seed <= SEEDS; seed++)); do
			file=$SETS/global/${u}_$seed how=whole
			gen "${options[@]}" global "$u" prm $seed >"$file" || {
				how=pieces
				gen "${options[@]}" --spread 1 global "$u" prm $seed >"$file" || how=none
			}
			echo "$u $seed $how $(awk '$1 == "server" { sum += $5 / $6 } END { print sum + 0 }' "$file")" >>"$SETS/global.list"
			[ $how = none ] || awk -v name="${file}_$how" -f "$here/parts.awk" "$file"
			rm "$file"
		done
	done
	global_machines
}

# Of these sets, those that fit in pieces alone: so many, of each seed those of all loads. What is
# run is the CPUs that a vCPU in pieces has, and what else is on them, if they are up to three.
PIECES_US=1000000

sets_pieces() {
	local u seed file nr=0 wanted=$((4 * SEEDS))
	local -a options=(--divide 10 --apart 20 --lost "$LOST" --debt "$DEBT" --most 990)
	mkdir -p "$SETS/all-pieces"
	for ((seed = 1; nr < wanted; seed++)); do
		for u in 370 390 410 430 450; do
			file=$SETS/all-pieces/${u}_$seed
			! gen "${options[@]}" global $u prm $seed >"$file" || continue
			gen "${options[@]}" --spread 1 global $u prm $seed >"$file" || continue
			awk -v name="$file" -f "$here/parts.awk" "$file"
			rm -f "$file"-1-*.set "$file"-[4-9]-*.set
			for file in "$file"-*.set; do
				[ -e "$file" ] && [ $nr -lt "$wanted" ] || continue
				nr=$((nr + 1))
				pieces_machine "$file" $((nr % 2 + 1))
			done
		done
	done
	rm -r "$SETS/all-pieces"
}

# pieces_machine PATH-CPUS-N.set NR: two machines for each number of CPUs
pieces_machine() {
	local cpus=${1%-*}
	cpus=${cpus##*-}
	machine "pieces-$cpus-$2" "$cpus" $PIECES_US
	mv "$1" "$SETS/pieces-$cpus-$2/"
}

# PATH-CPUS-N.set: a folder for each number of CPUs, and for one CPU two.
global_machines() {
	local file cpus nr=0
	for file in "$SETS"/global/*.set; do
		[ -e "$file" ] || continue
		cpus=${file%-*} cpus=${cpus##*-}
		[ "$cpus" -gt 1 ] || nr=$((nr + 1)) cpus=1-$((nr % 2 + 1))
		machine "global-$cpus" "${cpus%-*}" $GLOBAL_US
		mv "$file" "$SETS/global-$cpus/"
	done
	rmdir "$SETS/global"
}

# 25 % in two ways, and how long nothing comes
sets_gaps() {
	local pair
	machine gaps 1 1000000
	for pair in 5000/20000 10000/40000 25000/100000; do
		echo "server 1 1 0 1 ${pair#*/} 1 1 0" |
			awk -v budget="${pair%/*}" -v hog=1 -f "$here/worst.awk" >"$SETS/gaps/${pair%/*}_${pair#*/}.set"
	done
}

# The domains of Table 2.1, for as long
sets_switches() {
	machine switches 1 10000000 --switches -
	gen --spare 2 --apart 20 capacity even 70 1 >"$SETS/switches/even.set"
}

# The same, twice: without probe events and with
sets_decisions() {
	[ -z "$KERNEL" ] || {
		[ "$PARTS" != decisions ] || die "decisions are measured in the preempt kernel, not with --kernel"
		return 0
	}
	machine decisions 1 10000000 --decisions - preempt
	gen --spare 2 --apart 20 capacity even 70 1 >"$SETS/decisions/even.set"
}

# One guest with a reservation, five without, by what it has beyond it
sets_hosts() {
	machine hosts 1 0
	cp "$here/hosts.sh" "$SETS/hosts/command.sh"
}

# What a capsule has beyond its budget, and RESCH's guest, by the selftest
sets_extra() {
	[ -x "${PROGRAM%/*}/extra" ] || die "there is no selftest 'extra' beside $PROGRAM"
	machine extra 1 0
	echo 'exec /tests/extra' >"$SETS/extra/command.sh"
}

# --- runs ---

# run_machine FOLDER: FOLDER.tap
run_machine() {
	local folder=$1 CPUS LENGTH OPTION MODEL KIND command rc=0 TIMEFORMAT
	shift
	# shellcheck disable=SC1090
	. "$SETS/$folder/run"
	[ "$CPUS" -eq 1 ] || set -- --turns 20
	[ "$folder" != hosts ] || set -- --add chrt
	command="exec sh /sets/command.sh"
	if [ ! -f "$SETS/$folder/command.sh" ]; then
		[ "$(find "$SETS/$folder" -name '*.set' | wc -l)" -gt 0 ] || return 0
		command="exec /tests/${PROGRAM##*/} $OPTION --length $LENGTH /sets/*.set"
	fi
	TIMEFORMAT="kernel $folder %1R %1U"
	# shellcheck disable=SC2086
	{ time (cd / && TERM=dumb "$LAB" run --no-build --kernel "${KERNEL:-$KIND}" --time virtual --cpus "$CPUS" "$@" \
		--timeout 1500 --log "$SETS/$folder/kernel.log" --add "${PROGRAM%/*}=/tests" --add "$SETS/$folder=/sets" -- \
		sh -c "$command" \
		>"$SETS/$folder.tap" 2>"$SETS/$folder.err" </dev/null) || rc=$?; } 2>>"$OUT/times.txt"
	[ $rc -eq 0 ] || {
		echo "$folder: status $rc" >>"$SETS/failed"
		grep -h -E '^(not ok|Bail out)|missed' "$SETS/$folder.tap" | head -n 5 >>"$SETS/failed" || true
		tail -n 3 "$SETS/$folder.err" >>"$SETS/failed"
	}
	progress_of kernel "$folder"
}

# The machines, those first that take longest, about: so much virtual time, in us, or a minute
machines() {
	local folder CPUS LENGTH OPTION MODEL KIND nr
	for folder in "$SETS"/*/; do
		# shellcheck disable=SC1090
		. "$folder/run"
		nr=$(find "$folder" -name '*.set' | wc -l)
		# --least runs a set again and again.
		[ "$OPTION" != --least ] || nr=$((nr * 9))
		echo "$((LENGTH ? nr * LENGTH * CPUS : 60000000)) $(basename "$folder")"
	done | sort -k 1,1nr -k 2 | cut -d ' ' -f 2
}

# What the kernel and the model say of each set: NAME.kernel, NAME.model
collect() {
	local folder set name CPUS LENGTH OPTION MODEL KIND
	for folder in "$SETS"/*/; do
		# shellcheck disable=SC1090
		. "$folder/run"
		[ "$MODEL" != - ] || continue
		for set in "$folder"/*.set; do
			[ -f "$set" ] || continue
			name=${set%.set}
			awk -v name="$(basename "$name")" '$2 == "job" && $3 == name { print $4 }' "${folder%/}.tap" >"$name.kernel"
			# shellcheck disable=SC2086
			"$BUILD/model-run" $MODEL --jobs --length "$LENGTH" "$set" >"$name.model" || [ $? -eq 1 ]
			echo "$LENGTH" >"$name.length"
		done
	done
}

# --- figures ---

# emit COLUMN FILE LINE...
emit() {
	local file=$OUT/$1/kernel-$2.csv
	shift 2
	[ -s "$file" ] || echo 'id,condition,value,unit' >"$file"
	printf '%s\n' "$@" >>"$file"
}

# stats NAME COLUMN: the lines of stats.awk for a set
stats() {
	awk -v length_us="$(cat "$1.length")" -f "$here/stats.awk" "$1.set" "$1.$2"
}

JITTER=15
RUNS=32
FIRM=60
WITHIN=30

figures_check() {
	local set name i jobs firm elsewhere worst
	emit kernel check "kernel,sets wanted,$(sets_of_check),sets"
	for set in "$SETS"/check-*/*.set; do
		name=${set%.set}
		for ((i = 1; i <= RUNS; i++)); do
			"$BUILD/model-run" --jobs --length "$(cat "$name.length")" --jitter $JITTER --seed $i "$set" >"$name.jitter$i" ||
				[ $? -eq 1 ]
		done
		read -r jobs firm elsewhere worst < <(awk -v length_us="$(cat "$name.length")" -v firm_us=$FIRM -v within=$WITHIN \
			-f "$here/compare.awk" "$name.model" "$name".jitter* "$name.kernel")
		name=$(basename "$name")
		emit kernel check "kernel,set=$name jobs,$jobs,jobs" "kernel,set=$name firm,$firm,jobs" \
			"kernel,set=$name elsewhere,$elsewhere,jobs" "kernel,set=$name largest difference,$worst,us"
	done
}

# missed_of COLUMN DOMAIN FILES...: of the jobs of several sets, those missed
missed_of() {
	local column=$1 domain=$2 name
	shift 2
	for name; do
		stats "${name%.set}" "$column"
	done | awk -v domain="$domain" '$1 == domain { jobs += $2; missed += $3 }
		END { if (jobs) printf "%.6g\n", 100 * missed / jobs }'
}

# Of the same condition, several seeds
figures_load() {
	local c load d over etf value
	for c in decreasing even increasing; do
		for load in 50 70 85 95 100; do
			ls "$SETS"/load-?/f25_"${c}_${load}"_*.set >/dev/null 2>&1 || continue
			value=$(missed_of kernel all "$SETS"/load-?/f25_"${c}_${load}"_*.set)
			emit kernel load "f2.5,case=$c policy=cbs load=$load,$value,% missed"
		done
	done
	for over in yes no; do
		for d in 1 2 3 4 5; do
			value=$(missed_of kernel d$d "$SETS"/load-?/t22_"$over"_*.set)
			emit kernel load "t2.2,overloaded=$over policy=cbs domain=$d,$value,% missed"
		done
	done
	for etf in 100 50 10; do
		ls "$SETS"/load-?/f29_90_${etf}_*.set >/dev/null 2>&1 || continue
		value=$(missed_of kernel d5 "$SETS"/load-?/f29_90_${etf}_*.set)
		emit kernel load "f2.9,uw=90 etf=$etf policy=cbs,$value,% missed"
	done
	[ ! -d "$SETS/load-idle" ] || figures_idle
}

figures_idle() {
	local c load d over value
	for c in decreasing even increasing; do
		for load in 85 95 100; do
			value=$(missed_of kernel all "$SETS/load-idle/f25_${c}_${load}_1.set")
			emit kernel load "f2.5,case=$c policy=cbs-idle load=$load,$value,% missed"
		done
	done
	for over in yes no; do
		for d in 1 2 3 4 5; do
			value=$(missed_of kernel d$d "$SETS/load-idle/t22_${over}"_*.set)
			emit kernel load "t2.2,overloaded=$over policy=cbs-idle domain=$d,$value,% missed"
		done
	done
}

# quartile_of COLUMN DOMAIN FILES...: response / deadline, the mean of several sets
quartile_of() {
	local column=$1 domain=$2 name
	shift 2
	for name; do
		name=${name%.set}
		awk -v length_us="$(cat "$name.length")" -v quartile="$domain" -f "$here/stats.awk" "$name.set" "$name.$column"
	done | awk '{ sum += $1 } END { printf "%.6g\n", sum / NR }'
}

figures_policies() {
	local way uw range condition column
	for way in none idle fair; do
		for uw in 70 90; do
			for range in $RANGES; do
				condition="uw=$uw periods=$range budgets=admitted policy=cbs"
				case $way in
				idle) condition+="-idle" ;;
				fair) condition+="-idle beside=one" ;;
				esac
				for column in model kernel; do
					emit $column policies \
						"f2.7,$condition,$(missed_of $column d5 "$SETS/policies-$way/f27_${uw}_${range}"_*.set),% missed" \
						"f2.7,$condition q3,$(quartile_of $column 5 "$SETS/policies-$way/f27_${uw}_${range}"_*.set),response / deadline; upper quartile"
				done
			done
		done
	done
	emit kernel policies "f2.7,sets of each condition,$SEEDS,sets"
}

# sum_missed COLUMN FILES...: jobs, of sets that may not be there
sum_missed() {
	local column=$1 name
	shift
	for name; do
		[ ! -e "$name" ] || stats "${name%.set}" "$column"
	done | awk '$1 == "all" { missed += $3 } END { print missed + 0 }'
}

figures_guaranteed() {
	local c load sets all column
	for c in decreasing even increasing; do
		for load in $LOADS; do
			all=$(grep -c "^$c $load\$" "$SETS/guaranteed.list")
			sets=$(find "$SETS"/guaranteed-? -name "t24_${c}_${load}_*.set" | wc -l)
			emit kernel guaranteed "t2.4,case=$c policy=cbs load=$load run,$sets,of $all sets"
			[ "$sets" -gt 0 ] || continue
			for column in model kernel; do
				emit $column guaranteed "t2.4,case=$c policy=cbs load=$load run missed,$(sum_missed $column "$SETS"/guaranteed-?/t24_"${c}_${load}"_*.set),jobs"
			done
		done
	done
}

# Does a job of the guest miss its deadline? Its tasks are between the one that uses up the
# first budget and that of the busy server.
missed_guest() {
	local last
	last=$(grep -c '^task' "$1.set")
	stats "$1" "$2" | awk -v last="$last" '$1 ~ /^[0-9]+$/ && $1 > 1 && $1 < last { jobs += $2; missed += $3 }
		END { exit !missed }'
}

figures_plan() {
	local set name column sets late dry
	for column in model kernel; do
		sets=0 late=0 dry=0
		for set in "$SETS"/plan-1/*.set; do
			name=${set%.set}
			sets=$((sets + 1))
			! missed_guest "$name" $column || late=$((late + 1))
			name=${name/plan-1\/enough/plan-2/less}
			! missed_guest "$name" $column || dry=$((dry + 1))
		done
		emit $column plan "plan,sets,$sets,sets" "plan,budget=Q missed,$late,sets" \
			"plan,budget=less missed,$(awk -v a=$dry -v b=$sets 'BEGIN { print 100 * a / b }'),% of sets"
	done
}

figures_least() {
	local name value
	while read -r name value; do
		emit kernel least "f2.4,quantum=${name}us first miss,$(awk -v v="$value" 'BEGIN { print v / 1000 }'),% utilisation"
	done < <(sed -n 's/^# result jobs\.least\.quantum_\([0-9]*\) /\1 /p' "$SETS/least.tap")
}

figures_semi() {
	local column jobs missed worst work others length skip=100000
	# Whole periods, and not those in which a server begins: whatever its phase, it has Q in each.
	length=$(($(cat "$SETS/semi/share.length") - 2 * skip))
	for column in model kernel; do
		work=$(awk -F , -v from=$skip -v to=$((skip + length)) '
			$1 == 3 && $4 > from && $4 <= to { sum += 100 }
			END { print sum }' "$SETS/semi/share.$column")
		read -r _ jobs missed worst _ < <(stats "$SETS/semi/response" $column | grep '^d3 ')
		others=$(stats "$SETS/semi/response" $column | awk '$1 == "d1" || $1 == "d2" { sum += $3 } END { print sum + 0 }')
		emit $column semi "semi3,how=cbs busy share,$(awk -v w="$work" -v l="$length" 'BEGIN { print 100 * w / l }'),% of a CPU" \
			"semi3,how=cbs cost=5.8ms worst,$(awk -v w="$worst" 'BEGIN { print w / 1000 }'),ms" \
			"semi3,how=cbs cost=5.8ms missed,$(awk -v a="$missed" -v b="$jobs" 'BEGIN { print 100 * a / b }'),% missed" \
			"semi3,how=cbs cost=5.8ms others,$others,jobs"
	done
}

# CPUs that take turns let a job end some 0.1 ms later.
TURNS_US=200

# global_missed COLUMN NAME: jobs of a set that miss, of all its machines
global_missed() {
	local column=$1 name grace
	for name in "$SETS"/global-*/"$2"-*.set; do
		grace=0
		[[ $name == */global-1-* ]] || grace=$TURNS_US
		name=${name%.set}
		awk -v length_us="$(cat "$name.length")" -v grace_us=$grace -f "$here/stats.awk" "$name.set" "$name.$column"
	done | awk '$1 == "all" { missed += $3 } END { print missed + 0 }'
}

# For each set "U HOW BANDWIDTH MODEL KERNEL", the last two being jobs missed
global_results() {
	local u seed how bandwidth
	while read -r u seed how bandwidth; do
		[ "$how" = none ] && echo "$u $how 0 0 0" && continue
		echo "$u $how $bandwidth $(global_missed model "${u}_${seed}_$how") $(global_missed kernel "${u}_${seed}_$how")"
	done <"$SETS/global.list"
}

# Guests of fixed priorities (prm) in this project's servers; what fits is what plan's
# arithmetic promises.
figures_global() {
	local u column at
	local -a lines
	global_results >"$SETS/global.results"
	for u in $UTILISATIONS; do
		for column in model kernel; do
			at=$([ $column = model ] && echo 4 || echo 5)
			mapfile -t lines < <(awk -v u="$u" -v at="$at" '
				function share(what, value) {
					printf "%s,%.6g,%% of sets\n", what, 100 * value / sets
				}
				$1 != u { next }
				{ sets++ }
				$2 == "whole" { fit++; well += !$at; asked += $3 }
				$2 == "pieces" { pieces++; well_pieces += !$at }
				END {
					of = "u=" u " guest=prm "
					print "f3.5," of "sets," sets ",sets"
					if (at == 4)
						share("f3.5," of "vmm=pedf server=theory", fit)
					share("f3.5," of "vmm=pedf server=cbs", well)
					share("semi," of "how=partitioned", well)
					share("semi," of "how=budgets", well + well_pieces)
					print "semi," of "sets in pieces," pieces + 0 ",sets"
					if (fit && at == 4)
						printf "f3.7,u=%d guest=prm,%.6g,CPUs\n", u, asked / fit
				}' "$SETS/global.results")
			emit $column global "${lines[@]}"
		done
	done
}

# late_of NAME COLUMN: jobs, those late, and of these those of vCPUs that have one CPU
late_of() {
	awk -v length_us="$(cat "$1.length")" -v grace_us=$TURNS_US -f "$here/stats.awk" "$1.set" "$1.$2" | awk '
		FNR == NR && $1 == "server" { pieces[$2, $3]++ }
		FNR == NR && $1 == "task" { of[++nr] = $2 SUBSEP $3 }
		FNR == NR { next }
		$1 in of && pieces[of[$1]] == 1 { whole += $3 }
		$1 == "all" { jobs = $2; late = $3 }
		END { print jobs, late, whole + 0 }' "$1.set" -
}

figures_pieces() {
	local set column jobs late whole of
	for set in "$SETS"/pieces-*/*.set; do
		of=$(basename "$set" .set)
		for column in model kernel; do
			read -r jobs late whole < <(late_of "${set%.set}" $column)
			emit $column pieces "semi,set=$of in pieces late,$(awk -v a="$late" -v b="$jobs" 'BEGIN { print 100 * a / b }'),% missed" \
				"semi,set=$of in pieces late on one CPU,$whole,jobs"
		done
	done
}

# The busy task does 100 us at a time.
figures_gaps() {
	local set column gap q p
	for set in "$SETS"/gaps/*.set; do
		IFS=_ read -r q p < <(basename "$set" .set)
		for column in model kernel; do
			gap=$(awk -F , '$1 == 1 && NR > 1 && $4 - last - 100 > gap { gap = $4 - last - 100 }
				$1 == 1 { last = $4 } END { print gap / 1000 }' "${set%.set}.$column")
			emit $column gaps "d-f11,q=$((q / 1000)) p=$((p / 1000)) longest gap,$gap,ms"
		done
	done
}

# results_of PART WHAT NAME COUNT: those of a distribution, by the names of Table 2.1
results_of() {
	local what value
	while read -r what value; do
		case $what in
		count) emit kernel "$1" "t2.1,$4 policy=cbs,$value,in 10 s" ;;
		total_us) emit kernel "$1" "t2.1,$3 total policy=cbs,$value,us" ;;
		median_ns) emit kernel "$1" "t2.1,$3 median policy=cbs,$value,ns" ;;
		p99_ns) emit kernel "$1" "t2.1,$3 99 % policy=cbs,$value,ns" ;;
		max_ns) emit kernel "$1" "t2.1,$3 max policy=cbs,$value,ns" ;;
		esac
	done < <(sed -n "s/^# result jobs\.even\.$2\.//p" "$SETS/$1.tap")
}

# total_of PART WHAT
total_of() {
	sed -n "s/^# result jobs\.even\.$2\.total_us //p" "$SETS/$1.tap"
}

# From the last instruction of one thread to the first of the next, with what interrupts it
figures_switches() {
	results_of switches switch 'from thread to thread' 'switches from thread to thread'
	emit kernel switches "t2.1,from thread to thread loss policy=cbs,$(total_of switches switch | awk '{ print $1 / 1e5 }'),%"
}

# What the publication has: the scheduler's decision (calls, there), and the context switch
figures_decisions() {
	local both
	[ -e "$SETS/decisions.tap" ] || return 0
	[ -n "$(total_of decisions decision)" ] || die "the preempt kernel has no probe events (CONFIG_FPROBE_EVENTS)"
	results_of decisions decision do_schedule 'do_schedule calls'
	emit kernel decisions "t2.1,less a probe policy=cbs,$(sed -n 's/^# result jobs\.even\.probe_ns //p' "$SETS/decisions.tap"),ns"
	results_of decisions switched 'context switch' 'context switches'
	both=$({
		total_of decisions decision
		total_of decisions switched
	} | awk '{ sum += $1 } END { print sum }')
	emit kernel decisions "t2.1,both total policy=cbs,$both,us" \
		"t2.1,loss in 10 s policy=cbs,$(awk -v v="$both" 'BEGIN { print v / 1e5 }'),%"
}

figures_hosts() {
	local line
	while read -r line; do
		emit kernel hosts "t4.2,${line% *},${line##* },% of a CPU"
	done < <(sed -n 's/^# result //p' "$SETS/hosts.tap")
}

# extra_share BESIDE: of a CPU, in percent, what a busy 40/100 ms has with extra time
extra_share() {
	{ "$BUILD/model-run" --policy cbs-idle --beside "$1" --length 2000000 --trace - || [ $? -eq 1 ]; } <<-'END' |
		server 1 1 0 40000 100000 100000 1 0
		task 1 1 2000000 2000000 2000000 0 100
	END
		awk -F , '{ ran += $2 - $1 } END { print ran / 20000 }'
}

# resch_missed BUDGET OPTION...: jobs of rt_task1, in percent, in a server with a period of 12 ms
resch_missed() {
	local budget=$1
	shift
	{ "$BUILD/model-run" "$@" --length 2000000 - || [ $? -eq 1 ]; } <<-END |
		server 1 1 0 $budget 12000 12000 1 0
		task 1 1 8000 20000 20000 0 100
		task 1 1 80000 220000 220000 0 100
	END
		awk -F , '$2 == 1 { print 100 * $4 / $3 }'
}

figures_extra() {
	local how missed jobs gap extra what value
	while read -r how missed jobs gap; do
		value=$(awk -v a="$missed" -v b="$jobs" 'BEGIN { printf "%.6g", 100 * a / b }')
		emit kernel extra "resch,how=$how rt_task1 missed,$value,% missed" \
			"resch,how=$how rt_task1 longest distance,$gap,ms"
	done < <(sed -n 's/^# \([a-z]*\): \([0-9]*\) of \([0-9]*\) jobs of rt_task1 miss, at most \([0-9.]*\) ms .*/\1 \2 \3 \4/p' "$SETS/extra.tap")
	while read -r extra what value; do
		emit kernel extra "extra,extra=$extra $what,$(awk -v v="$value" 'BEGIN { print 100 * v }'),% of a CPU"
	done < <(sed -n 's/^# result extra\.\(idle\|fair\)\.\(alone\|beside\|300\|max\) /\1 \2 /p' "$SETS/extra.tap")
	emit model extra "resch,how=hard rt_task1 missed,$(resch_missed 4000),% missed" \
		"resch,how=extra rt_task1 missed,$(resch_missed 4000 --policy cbs-idle --beside one),% missed" \
		"resch,how=enough rt_task1 missed,$(resch_missed 9350),% missed" \
		"extra,extra=idle alone,$(extra_share nobody),% of a CPU" \
		"extra,extra=idle beside,$(extra_share busy),% of a CPU" \
		"extra,extra=fair alone,$(extra_share nobody),% of a CPU" \
		"extra,extra=fair beside,$(extra_share one),% of a CPU"
}

progress "the kernel and the programs"
build_programs
[ ! -e "$OUT/times.txt" ] || sed -i '/^kernel /d' "$OUT/times.txt"
rm -rf "$SETS" "$OUT"/kernel/kernel-*.csv "$OUT"/model/kernel-*.csv
mkdir -p "$SETS" "$OUT/kernel" "$OUT/model"
progress "the sets"
for part in $PARTS; do
	"sets_$part" || die "there is no part '$part', or it has no sets"
done
export -f run_machine
OF=$(machines | wc -l)
export OUT SETS LAB PROGRAM KERNEL OF
machines | xargs -P "$JOBS" -I FOLDER bash -c 'run_machine FOLDER'
[ ! -s "$SETS/failed" ] || {
	cat "$SETS/failed" >&2
	die "a run has failed"
}
collect
for part in $PARTS; do
	"figures_$part"
done
