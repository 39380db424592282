#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: mkinitramfs.sh NGINX OUTPUT
#
# Packs the guest's initramfs: busybox, the program NGINX with the libraries it is
# linked to, and the file of 100 kB that it serves. Not compressed, since unpacking
# takes an emulated guest longer than copying.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
usage="usage: mkinitramfs.sh NGINX OUTPUT"
nginx=${1:?$usage}
output=${2:?$usage}

# shellcheck source=demo/guest/initramfs-lib.sh
. "$here/initramfs-lib.sh"

initramfs_begin sh mount ip
add_nginx "$nginx" 80
install -m 755 "$here/init" "$root/init"
initramfs_pack "$output"
