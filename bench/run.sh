#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: run.sh [--kernel KIND|FILE] [--no-deps] [options of host.sh]
#
# make bench-vm: gets ready what is needed, boots the host of the guests, measures
# there (host.sh), and writes the report (report.sh).

set -euo pipefail
export LC_ALL=C.UTF-8

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ME=bench-vm
OUT=out/bench-vm
BUILD=$OUT/build
KERNEL=release
DEPS=yes
# shellcheck disable=SC2034
TIMEOUT=1500
LAB=scripts/lab

# shellcheck source=demo/run-lib.sh
. demo/run-lib.sh

usage() {
	cat <<END
usage: bench/run.sh [--kernel KIND|FILE] [--no-deps] [options]
  --kernel KIND|FILE of scripts/lab (default $KERNEL), or a bzImage
  --no-deps          do not look for missing packages
$(bench/host.sh --help | tail -n +2)
END
}

prepare() {
	[ $DEPS = no ] || $LAB deps
	mkdir -p $BUILD
	get_kernel "$KERNEL"
	build_client
	make -s -C tools/sched_vm O="$PWD/$BUILD/sched_vm" all
	get_nginx
	if stale $BUILD/initramfs.cpio bench/guest/* demo/guest/initramfs-lib.sh demo/guest/nginx.conf "$NGINX" \
		"$(command -v busybox)" "$(command -v iperf3)" "$(command -v cyclictest)"; then
		say "the guests' initramfs"
		bench/guest/mkinitramfs.sh "$NGINX" $BUILD/initramfs.cpio
	fi
}

OPTIONS=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) needs_value "$@"; KERNEL=$2; shift ;;
	--no-deps) DEPS=no ;;
	-h | --help) usage; exit ;;
	--only | --rounds | --seconds | --period) needs_value "$@"; OPTIONS+=("$1" "$2"); shift ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
bench/host.sh "${OPTIONS[@]}" --check || exit

keep_whole
prepare
check_load
describe_machine "iperf3" "$(iperf3 --version | head -n 1)" \
	"cyclictest" "$(cyclictest --help | head -n 1)" \
	"web server" "$("$NGINX" -v 2>&1 | sed 's/.*: //')"
judge bench/report.sh bench/host.sh "${OPTIONS[@]}" $BUILD $OUT
