#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: mkinitramfs.sh NGINX OUTPUT
#
# Packs the guest's initramfs: busybox, iperf3, cyclictest and the program NGINX with the
# libraries they are linked to. Not compressed, since unpacking takes an emulated guest longer
# than copying.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
usage="usage: mkinitramfs.sh NGINX OUTPUT"
nginx=${1:?$usage}
output=${2:?$usage}

# shellcheck source=demo/guest/initramfs-lib.sh
. "$here/../../demo/guest/initramfs-lib.sh"

initramfs_begin sh mount ip mkdir cat rm head grep awk sleep usleep timeout setsid dd kill ps
for program in iperf3 cyclictest; do
	add_program "$(command -v $program)" /bin/$program
done
install -m 755 "$here/init" "$root/init"
install -D -m 755 "$here/run" "$root/www/cgi-bin/run"
echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
add_nginx "$nginx" 8080
initramfs_pack "$output"
