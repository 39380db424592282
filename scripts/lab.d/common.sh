# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What all subcommands share: messages, locks, steps with elapsed time, and where
# things are.

LAB_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/sched_vm
LAB_SRC=$LAB_CACHE/src           # vanilla/ and patched/, each with its builds
LAB_LOGS=${LAB_TOP:?}/out/lab        # logs of steps and of runs
LAB_SERIES=$LAB_TOP/patches/linux-7.3
LAB_VERSION=7.3                  # the kernel's
LAB_RC=125                       # our own exit status when the lab itself fails

# The real standard error: a step's own goes to its log.
exec {LAB_ERR}>&2

say() {
	printf 'lab: %s\n' "$*" >&"$LAB_ERR"
}

die() {
	printf 'lab: error: %s\n' "$*" >&"$LAB_ERR"
	exit "$LAB_RC"
}

# Sources lab.d/NAME.sh once; a subcommand loads the others that it needs.
load() {
	local name
	for name; do
		[ -n "$(declare -F "cmd_$name")" ] && continue
		# shellcheck disable=SC1090
		. "$LAB_LIB/$name.sh"
	done
}

lab_init() {
	mkdir -p "$LAB_CACHE" "$LAB_SRC" "$LAB_LOGS" 2>/dev/null ||
		die "cannot write to $LAB_CACHE or $LAB_LOGS: is the disk full, or not yours?"
	LAB_TMP=
	trap lab_exit EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# A private folder that goes when the lab ends.
lab_tmp() {
	[ -n "$LAB_TMP" ] || LAB_TMP=$(mktemp -d "${TMPDIR:-/tmp}/sched_vm-lab.XXXXXX")
}

STEP_PID=
lab_exit() {
	[ -z "$STEP_PID" ] || kill -- "-$STEP_PID" 2>/dev/null || true
	[ -z "$LAB_TMP" ] || rm -rf "$LAB_TMP"
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null ||
			die "'$tool' is not installed: run scripts/lab deps"
	done
}

# need_space MIB FOR_WHAT: at least that much room in the cache.
need_space() {
	local free
	free=$(df -Pm "$LAB_CACHE" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$1" ] ||
		die "$2 needs $1 MiB in $LAB_CACHE, and $free are free: make room, or set XDG_CACHE_HOME to another disk"
}

# lock NAME: taken until unlock NAME or the end of the process. Whoever is started
# meanwhile inherits it, so a build that outlives its lab still keeps others out.
declare -A LAB_LOCKS=()
lock() {
	local fd
	mkdir -p "$LAB_CACHE/lock"
	exec {fd}>>"$LAB_CACHE/lock/$1"
	LAB_LOCKS[$1]=$fd
	flock -n "$fd" && return
	say "waiting for another lab on this machine ($1) ..."
	flock "$fd"
}

unlock() {
	local fd=${LAB_LOCKS[$1]}
	exec {fd}>&-
	unset "LAB_LOCKS[$1]"
}

elapsed() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# show_step WHAT SECONDS: one line that is rewritten on a terminal, a line every
# half a minute elsewhere.
show_step() {
	if [ -t "$LAB_ERR" ]; then
		printf '\rlab: %s ... %s ' "$1" "$(elapsed "$2")" >&"$LAB_ERR"
	elif [ "$2" -gt 0 ] && [ $(($2 % 30)) -eq 0 ]; then
		say "$1 ... $(elapsed "$2")"
	fi
}

end_line() {
	[ ! -t "$LAB_ERR" ] || printf '\r\033[K' >&"$LAB_ERR"
}

# step WHAT LOG COMMAND...: run a long command with its output in LOG and show how
# long it has been going. A failure names the log, and ends the lab.
step() {
	step_try "$@"
	[ "$STEP_RC" -eq 0 ] || step_failed "$1" "$2" "$STEP_RC"
}

# The same, but a failure only sets STEP_RC. (Not a return status: as part of a
# condition, bash would ignore failures inside the command.)
step_try() {
	local what=$1 log=$2 start=$SECONDS
	shift 2
	: >"$log" || die "cannot write $log: is the disk full?"
	[ -t "$LAB_ERR" ] || say "$what ..."
	set -m  # a process group of its own, so that it can be ended as a whole
	"$@" >>"$log" 2>&1 </dev/null &
	STEP_PID=$!
	set +m
	while kill -0 "$STEP_PID" 2>/dev/null; do
		show_step "$what" $((SECONDS - start))
		sleep "$([ $((SECONDS - start)) -lt 2 ] && echo 0.1 || echo 1)"
	done
	STEP_RC=0
	wait "$STEP_PID" || STEP_RC=$?
	STEP_PID=
	end_line
	[ "$STEP_RC" -ne 0 ] || [ $((SECONDS - start)) -lt 2 ] ||
		say "$what: done in $(elapsed $((SECONDS - start)))"
}

step_failed() {
	local what=$1 log=$2 rc=$3 reason
	[ "$rc" -ne "$LAB_RC" ] || exit "$LAB_RC"  # die() has said it already
	if grep -q 'No space left on device' "$log"; then
		die "$what: the disk is full: make room, or set XDG_CACHE_HOME to another disk; log: $log"
	fi
	reason=$(grep -m3 -E '(^|[^a-z])([Ee]rror|fatal|FAILED)[: ]' "$log" || tail -n 3 "$log")
	[ -z "$reason" ] || printf '%s\n' "$reason" >&"$LAB_ERR"
	die "$what failed (status $rc); log: $log"
}

# sha256 of standard input, alone.
sha() {
	sha256sum | cut -d' ' -f1
}

# install_file FROM TO: replaces TO (never writes through a link to it), whole.
# The time is that of now, so that make sees a change.
install_file() {
	mkdir -p "$(dirname "$2")"
	cp --no-preserve=all "$1" "$2.lab-new"
	[ ! -x "$1" ] || chmod +x "$2.lab-new"
	mv -f "$2.lab-new" "$2"
}
