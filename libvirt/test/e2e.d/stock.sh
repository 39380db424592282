# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The hook, with Debian's libvirt.

# shellcheck source=libvirt/test/e2e.d/hook.sh
. "$HERE/e2e.d/hook.sh"

run_tests() {
	VIRSH=/usr/bin/virsh
	make_users
	start_daemon /usr/sbin/libvirtd -d
	has 'libvirt is not ours' "$(cat "$OUT/version")" 'libvirt 9\.0\.0'
	test_hook
	test_hook_pinned
	test_hook_refused_by_partition
}
