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
file_size=100000

# shellcheck source=demo/guest/initramfs-lib.sh
. "$here/initramfs-lib.sh"

initramfs_begin sh mount ip
mkdir -p "$root"/{www,etc/nginx,var/log/nginx}
mkdir -p "$root"/var/lib/nginx/{body,proxy,fastcgi,uwsgi,scgi}
add_program "$nginx" /bin/nginx
install -m 755 "$here/init" "$root/init"
install -m 644 "$here/nginx.conf" "$root/etc/nginx/nginx.conf"
echo 'nobody:x:65534:65534::/:/bin/false' >"$root/etc/passwd"
echo 'nobody:x:65534:' >"$root/etc/group"

# Not all zeroes, in case anything on the way should compress.
seq 1000000 | head -c "$file_size" >"$root/www/100k" || true
[ "$(stat -c %s "$root/www/100k")" -eq "$file_size" ] || die "cannot make the file"

initramfs_pack "$output"
