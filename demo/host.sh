#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: host.sh [options] BUILD OUT
#
# The experiment itself. It runs as root on the host of the two guests: the kernel
# that scripts/lab has booted (run.sh calls it there). BUILD has bzImage,
# initramfs.cpio and client; the figures go to OUT, for report.sh.
#
#   CPU 0   the clients: the periodic one of guest 1, the load on guest 2
#   CPU 1   all threads of both guests, and nothing else on purpose
#
# Both guests live as long as the boot: the reservation of guest 1 is written and
# taken away again under its running threads.

set -euo pipefail
export LC_ALL=C.UTF-8

# Some options, and what both parts below use.
REQUESTS=330	# in each scenario whose 99th percentile is given; two thirds of that in the others
CONNECTIONS=16	# of the load, all of them busy
PERIOD_MS=	# of the requests and the reservation; empty: calibrated
PLAIN=no	# only what needs no reservation, for kernels without
BUILD=
OUT=

# shellcheck disable=SC2034
CLIENT_CPU=0 GUEST_CPU=1

usage() {
	cat <<END
usage: host.sh [options] BUILD OUT
  --requests N       in each scenario whose 99th percentile is given (default $REQUESTS); 2/3 of that in the two others
  --connections N    of the load on guest 2 (default $CONNECTIONS)
  --period MS        of the requests and the reservation (default: calibrated)
  --plain            leave out the reservation, for kernels that have none
END
}

# shellcheck source=demo/host-lib.sh
. "${BASH_SOURCE[0]%/*}/host-lib.sh"
# shellcheck source=demo/host-guests.sh
. "${BASH_SOURCE[0]%/*}/host-guests.sh"
# shellcheck source=demo/host-measure.sh
. "${BASH_SOURCE[0]%/*}/host-measure.sh"

while [ $# -gt 0 ]; do
	case $1 in
	--requests) needs_number "$@"; REQUESTS=$2; shift ;;
	--connections) needs_number "$@"; CONNECTIONS=$2; shift ;;
	--period) needs_number "$@"; PERIOD_MS=$2; shift ;;
	--plain) PLAIN=yes ;;
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
rm -f "$OUT"/{facts,commands,threads,usage,load}.txt "$OUT"/*.csv "$OUT"/*.stalls "$OUT"/guest*

[ "$PLAIN" = no ] || SCENARIOS=("${PLAIN_SCENARIOS[@]}")
# Whatever the shell starts stays off the guests' CPU.
taskset -pc $CLIENT_CPU $$ >/dev/null
trap guests_stop EXIT
fact host_kernel "$(uname -srvm)"
fact host_cpu "$(sed -n 's/^model name[[:space:]]*: //p;T;q' /proc/cpuinfo)"
guests_prepare
guests_start "${GUESTS[@]}"
calibrate
measure_all
guests_stop
guests_remove
say "all measured"
