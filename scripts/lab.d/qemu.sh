# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Which QEMU emulates several CPUs at a time. Before 8.1 that was not safe for a
# kernel, which changes its own code while it runs (static keys, tracepoints): QEMU
# translated a page without holding it, so a CPU could keep the translation of an
# int3 that another had just replaced, and in the end die of it ("Oops: int3"). On
# Debian 12, which has 7.2, the one of its backports is unpacked into the cache; it
# runs with the libraries of the installed one. In virtual time one thread emulates
# all CPUs, so there the installed one is as good.

QEMU_GOOD=8.1
QEMU_DIR=$LAB_CACHE/qemu
QEMU_PACKAGES=(qemu-system-x86 qemu-system-common qemu-system-data seabios)

cmd_qemu() {
	die "this is no command"
}

# qemu_choose one|several: sets QEMU to a program that can emulate so many CPUs at a
# time.
qemu_choose() {
	QEMU=qemu-system-x86_64
	[ "$1" = several ] || return 0
	if [ -n "${SCHED_VM_QEMU:-}" ]; then
		QEMU=$SCHED_VM_QEMU
		need "$QEMU"
	elif ! qemu_is_good "$QEMU"; then
		lock qemu
		qemu_is_there || qemu_fetch
		unlock qemu
		! qemu_is_there || QEMU=$QEMU_DIR/usr/bin/qemu-system-x86_64
	fi
}

qemu_version() {
	"$1" --version 2>/dev/null | sed -n '1s/^QEMU emulator version \([0-9.]*\).*/\1/p'
}

# One that does not say which it is, is taken for good.
qemu_is_good() {
	local version
	version=$(qemu_version "$1") || true
	[ "$(printf '%s\n' $QEMU_GOOD "${version:-$QEMU_GOOD}" | sort -V | head -n 1)" = $QEMU_GOOD ]
}

qemu_is_there() {
	[ -x "$QEMU_DIR/usr/bin/qemu-system-x86_64" ]
}

# If it cannot be had, that is said once a day, and the installed one must do.
qemu_fetch() {
	local tried=$LAB_CACHE/qemu.tried uri=
	[ -z "$(find "$tried" -mtime -1 2>/dev/null)" ] || return 0
	touch "$tried"
	load fetch
	! command -v apt-get >/dev/null || uri=$(fetch_mirror)
	if [ -n "$uri" ] && [ -r "$FETCH_KEYRING" ]; then
		need_space 200 "QEMU"
		lock fetch
		step_try "downloading a QEMU without the faults of $(qemu_version "$QEMU")" \
			"$LAB_LOGS/qemu.log" qemu_unpack "$uri"
		unlock fetch
	fi
	qemu_is_there ||
		say "QEMU $(qemu_version "$QEMU") may break kernels with several CPUs, and the Debian mirror gives no newer one (log: $LAB_LOGS/qemu.log); set SCHED_VM_QEMU= to QEMU $QEMU_GOOD or later"
}

qemu_unpack() {
	local new=$LAB_CACHE/.qemu.new deb codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	rm -rf "$new" "$QEMU_DIR"
	fetch_debs "$1" "$codename-backports" "$new/dl" "${QEMU_PACKAGES[@]}"
	for deb in "$new"/dl/*.deb; do
		dpkg -x "$deb" "$new"
	done
	rm -r "$new/dl"
	# It may want libraries that are not there, or be no better.
	"$new/usr/bin/qemu-system-x86_64" --version || return
	qemu_is_good "$new/usr/bin/qemu-system-x86_64" || return
	mv "$new" "$QEMU_DIR"
}
