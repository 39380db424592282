# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What it takes to boot the host of the guests and to describe it. Sourced by
# run.sh, and by that of bench/, whose messages begin with ME. Both set LAB, OUT,
# BUILD and TIMEOUT, and OPTIONS: with none, everything is measured.

say() {
	printf '%s: [%d:%02d] %s\n' "${ME:-demo}" $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2
}

die() {
	say "error: $*"
	exit 2
}

# shellcheck source=demo/options-lib.sh
. "${BASH_SOURCE[0]%/*}/options-lib.sh"
# shellcheck source=demo/keep-lib.sh
. "${BASH_SOURCE[0]%/*}/keep-lib.sh"

# stale FILE SOURCES...: true if FILE has to be made, again
stale() {
	local file=$1 source
	shift
	[ -s "$file" ] || return 0
	for source; do
		[ ! "$source" -nt "$file" ] || return 0
	done
	return 1
}

# get_kernel KIND|FILE: $BUILD/bzImage
get_kernel() {
	local image=$1
	if [ ! -f "$image" ]; then
		say "the kernel"
		image=$($LAB kernel --kernel "$1")
	fi
	cmp -s "$image" "$BUILD/bzImage" || cp "$image" "$BUILD/bzImage"
}

# A busy machine is the enemy of all figures: say so before.
check_load() {
	local load
	read -r load _ </proc/loadavg
	if awk -v load="$load" -v cpus="$(nproc)" 'BEGIN { exit !(load > cpus / 2) }'; then
		say "note: this machine has other things to do (load $load on $(nproc) CPUs): the figures will be noisy"
	fi
}

qemu_says() {
	"$1" --version | head -n 1
}

# describe_machine [NAME VALUE]...: for the report, with these lines, too
describe_machine() {
	local cpu
	cpu=$(sed -n 's/^model name[[:space:]]*: //p;T;q' /proc/cpuinfo)
	{
		printf 'what\tis\n'
		printf 'machine\t%d x %s, %s\n' "$(nproc)" "$cpu" "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
		printf 'its kernel\t%s\n' "$(uname -srm)"
		printf 'its load before\t%s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
		printf 'QEMU of the host of the guests\t%s\n' "$(qemu_says "$($LAB path qemu)")"
		printf 'QEMU of the guests\t%s\n' "$(qemu_says qemu-system-x86_64)"
		printf 'host of the guests\t2 CPUs, emulated (%s)%s\n' "${SCHED_VM_ACCEL:-tcg, AMD-V included}" "${MACHINE[*]:+, ${MACHINE[*]}}"
		printf 'guests\tKVM on that, virtio-net with vhost, tap, bridge\n'
		[ $# -eq 0 ] || printf '%s\t%s\n' "$@"
		printf 'source\t%s\n' "$(git describe --always --dirty 2>/dev/null || echo unknown)"
	} >"$OUT/machine.txt"
}

# What is measured prefers not to wait for what else the machine does. Linux weighs
# sessions first (autogroup), then processes. Only root may; without, it is noisier.
# shellcheck disable=SC2016
PREFER='{ echo -15 >/proc/self/autogroup; renice -n -15 $$; } >/dev/null 2>&1; exec "$@"'

# measure COMMAND...: on the host of the guests, with the options MACHINE
measure() {
	local -a command=("$LAB" run --time real --kvm --cpus 2 --mem 1536 --timeout "$TIMEOUT" "${MACHINE[@]}"
		--kernel "$BUILD/bzImage" --out "$OUT" -- "$@")
	printf '%s\n' "${command[*]}" >"$OUT/started.txt"
	say "booting the host of the guests"
	setsid bash -c "$PREFER" - "${command[@]}" &
	LAB_PID=$!
	trap 'kill $LAB_PID 2>/dev/null; wait; exit 130' INT TERM HUP
	wait $LAB_PID
}

# judge REPORT COMMAND...: measures, and reports; true if what is to be shown is shown.
# All of it is real time, and the machine may have had other things to do: what is not
# shown is measured once more, and the second verdict counts. The first report stays
# beside it.
judge() {
	local report=$1 try status lab_status
	shift
	for try in 1 2; do
		lab_status=0 status=0
		measure "$@" || lab_status=$?
		# 99: all is measured, but the kernel has complained. That is a report, and a failure.
		[ $lab_status -eq 0 ] || [ $lab_status -eq 99 ] ||
			die "the measurement has failed (status $lab_status); what there is of it is in $OUT"
		cp "$OUT/machine.txt" "$OUT/machine.new"
		finish_facts
		"$report" "$OUT" || status=$?
		[ $lab_status -eq 0 ] || die "the kernel has complained, see above"
		[ $status -eq 1 ] && [ $try -eq 1 ] || break
		mv "$OUT/report.html" "$OUT/report-first.html"
		mv "$OUT/machine.new" "$OUT/machine.txt"
		say "not shown: once more, in case this machine had other things to do (this report: $OUT/report-first.html)"
	done
	rm -f "$OUT/machine.new"
	[ ${#OPTIONS[@]} -gt 0 ] || touch "$OUT/whole"
	say "the report, with the picture: $OUT/report.html"
	return $status
}

finish_facts() {
	sed -n 's/^host_kernel\t/kernel of host and guests\t/p; s/^host_cpu\t/CPU of the host, as emulated\t/p' \
		"$OUT/facts.txt" >>"$OUT/machine.txt"
}

build_client() {
	stale "$BUILD/client" demo/client.c || return 0
	say "the client"
	gcc -O2 -Wall -Wextra -o "$BUILD/client" demo/client.c
}

# A program to be put into the guests is all that is wanted here. Were nginx
# installed, it would run on this machine as well, on port 80. So, unless it is
# there anyway, the package is only unpacked.
get_nginx() {
	NGINX=$(PATH=$PATH:/usr/sbin command -v nginx) && return
	NGINX=$BUILD/nginx/usr/sbin/nginx
	[ ! -x "$NGINX" ] || return 0
	say "the package nginx"
	rm -rf "$BUILD/nginx" "$BUILD/nginx.new"
	mkdir -p "$BUILD/nginx.new"
	(
		cd "$BUILD/nginx.new"
		apt-get -qq download nginx 2>apt.log || { cat apt.log >&2; exit 1; }
		dpkg-deb -x nginx_*.deb .
	) || die "cannot get the Debian package nginx: apt-get update may help"
	mv "$BUILD/nginx.new" "$BUILD/nginx"
}
