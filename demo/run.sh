#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: run.sh [--kernel KIND|FILE] [--no-deps] [options of host.sh]
#
# make demo: gets ready what is needed, boots the host of the guests, measures
# there (host.sh), and writes the report (report.sh).

set -euo pipefail
export LC_ALL=C.UTF-8

cd "$(dirname "${BASH_SOURCE[0]}")/.."
OUT=out/demo
BUILD=$OUT/build
KERNEL=release
DEPS=yes
TIMEOUT=3600
LAB=scripts/lab
# The CPUs of the lab stay awake when they have nothing to do. To wake an emulated CPU
# takes as long as the machine likes, and would be measured.
MACHINE=(--append idle=poll)

# shellcheck source=demo/run-lib.sh
. demo/run-lib.sh

usage() {
	cat <<END
usage: demo/run.sh [--kernel KIND|FILE] [--no-deps] [options]
  --kernel KIND|FILE of scripts/lab (default $KERNEL), or a bzImage
  --no-deps          do not look for missing packages
$(demo/host.sh --help | tail -n +2)
END
}

prepare() {
	[ $DEPS = no ] || $LAB deps
	mkdir -p $BUILD
	get_kernel "$KERNEL"
	build_client
	get_nginx
	if stale $BUILD/initramfs.cpio demo/guest/* "$NGINX" "$(command -v busybox)"; then
		say "the guests' initramfs"
		demo/guest/mkinitramfs.sh "$NGINX" $BUILD/initramfs.cpio
	fi
}

OPTIONS=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) needs_value "$@"; KERNEL=$2; shift ;;
	--no-deps) DEPS=no ;;
	-h | --help) usage; exit ;;
	--plain) OPTIONS+=("$1") ;;
	--requests | --connections | --period) needs_value "$@"; OPTIONS+=("$1" "$2"); shift ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
demo/host.sh "${OPTIONS[@]}" --check || exit

keep_whole
prepare
check_load
describe_machine "web server" "$("$NGINX" -v 2>&1 | sed 's/.*: //')" \
	"load generator" "$(wrk -v 2>&1 | sed -n '1s/ Copyright.*//p')"
judge demo/report.sh demo/host.sh "${OPTIONS[@]}" "$BUILD" "$OUT"
