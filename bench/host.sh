#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: host.sh [options] BUILD OUT
#
# The measurements. It runs as root on the host of the guests: the kernel that
# scripts/lab has booted (run.sh calls it there). BUILD has bzImage and
# initramfs.cpio; the figures go to OUT, for report.sh.
#
#   CPU 0   the other ends of the guests' connections
#   CPU 1   all threads of all guests, and nothing else on purpose
#
# The guests live as long as they are needed; reservations are written, changed and
# taken away under their running threads.

set -euo pipefail
export LC_ALL=C.UTF-8

ME=bench-vm
ROUNDS=		# of each measurement; empty: what the part takes
WINDOW=		# seconds of a throughput; empty: 1.5
PERIOD_MS=100	# of the reservations; long, since all is slow where AMD-V is emulated
PARTS="coverage linear isolation latency steal suggest"
ONLY=$PARTS
PLAIN=no	# for demo/host-guests.sh: this needs the reservation

# shellcheck disable=SC2034
CLIENT_CPU=0 GUEST_CPU=1

usage() {
	cat <<END
usage: host.sh [options] BUILD OUT
  --only "PART..."   of: $PARTS
  --rounds N         how often each is measured (default: linear 12, others 2)
  --seconds N        of each throughput (default 1.5)
  --period MS        of the reservations (default $PERIOD_MS)
END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=demo/host-lib.sh
. "$here/../demo/host-lib.sh"
# shellcheck source=demo/host-guests.sh
. "$here/../demo/host-guests.sh"
# shellcheck source=bench/host-load.sh
. "$here/host-load.sh"
# shellcheck source=bench/host-coverage.sh
. "$here/host-coverage.sh"
# shellcheck source=bench/host-network.sh
. "$here/host-network.sh"
# shellcheck source=bench/host-latency.sh
. "$here/host-latency.sh"
# shellcheck source=bench/host-suggest.sh
. "$here/host-suggest.sh"

while [ $# -gt 0 ]; do
	case $1 in
	--only) needs_words "$PARTS" "$@"; ONLY=$2; shift ;;
	--rounds) needs_number "$@"; ROUNDS=$2; shift ;;
	--seconds) needs_decimal "$@"; WINDOW=$2; shift ;;
	--period) needs_number "$@"; PERIOD_MS=$2; shift ;;
	--check) exit ;;	# for run.sh: those before it are right
	-h | --help) usage; exit ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
[ $# -eq 2 ] || { usage >&2; exit 2; }
BUILD=$1
OUT=$2
PERIOD_US=$((PERIOD_MS * 1000))
: "${WINDOW:=1.5}"
rm -f "$OUT"/{facts,commands,latency-none}.txt "$OUT"/*.csv "$OUT"/*.tsv "$OUT"/suggest.json "$OUT"/guest*

wanted() {
	[[ " $ONLY " == *" $1 "* ]]
}

# Whatever the shell starts stays off the guests' CPU.
taskset -pc $CLIENT_CPU $$ >/dev/null
trap guests_stop EXIT
fact host_kernel "$(uname -srvm)"
fact host_cpu "$(sed -n 's/^model name[[:space:]]*: //p;T;q' /proc/cpuinfo)"
fact period_us $PERIOD_US
fact window_s "$WINDOW"
fact only "$ONLY"
keep_awake $CLIENT_CPU $GUEST_CPU
guests_prepare
traced_write +cpu "$CGROUPS/cgroup.subtree_control"
if wanted coverage; then
	guests_start 3
	coverage
	guest_stop 3
fi
if [ "$ONLY" != coverage ]; then
	guests_start 1 2
	! wanted linear || linear
	! wanted isolation || isolation
	! wanted steal || steal
	! wanted suggest || suggest
	! wanted latency || latency
	guest_stop 1
	guest_stop 2
fi
guests_remove
say "all measured"
