# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the initramfs of any guest needs. Sourced by mkinitramfs.sh, and by that of
# bench/.

die() {
	printf 'mkinitramfs: error: %s\n' "$*" >&2
	exit 1
}

# initramfs_begin APPLET...: the folder $root, with busybox
initramfs_begin() {
	local busybox applet
	busybox=$(command -v busybox) || die "busybox is not installed: run scripts/lab deps"
	if ldd "$busybox" >/dev/null 2>&1; then
		die "$busybox is not statically linked: install busybox-static"
	fi
	root=$(mktemp -d "${TMPDIR:-/tmp}/initramfs.XXXXXX")
	trap 'rm -rf "$root"' EXIT
	chmod 755 "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,run,tmp,etc}
	install -m 755 "$busybox" "$root/bin/busybox"
	for applet; do
		ln -s busybox "$root/bin/$applet"
	done
}

# Copies a program together with the loader and the libraries it needs.
add_program() {
	local lib
	install -D -m 755 "$1" "$root$2"
	if ldd "$1" | grep 'not found' >&2; then
		die "libraries of $1 are not installed: run scripts/lab deps"
	fi
	ldd "$1" | grep -oE '/[^ ]+' | while read -r lib; do
		install -D -m 755 "$lib" "$root$lib"
	done
}

# add_nginx NGINX PORT: the web server, and the file of 100 kB that it serves
add_nginx() {
	local size=100000
	mkdir -p "$root"/{www,etc/nginx,var/log/nginx}
	mkdir -p "$root"/var/lib/nginx/{body,proxy,fastcgi,uwsgi,scgi}
	add_program "$1" /bin/nginx
	sed "s/listen 80 /listen $2 /" "${BASH_SOURCE[0]%/*}/nginx.conf" >"$root/etc/nginx/nginx.conf"
	echo 'nobody:x:65534:65534::/:/bin/false' >>"$root/etc/passwd"
	echo 'nobody:x:65534:' >>"$root/etc/group"

	# Not all zeroes, in case anything on the way should compress.
	seq 1000000 | head -c $size >"$root/www/100k" || true
	[ "$(stat -c %s "$root/www/100k")" -eq $size ] || die "cannot make the file"
}

# The same input makes the same archive.
initramfs_pack() {
	find "$root" -exec touch -h -d @0 {} +
	mkdir -p "$(dirname "$1")"
	(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc --reproducible -R 0:0) |
		cat >"$1.new"
	mv "$1.new" "$1"
}
