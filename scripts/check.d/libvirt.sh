# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# libvirt with our patches: its own tests, and those of the hook. Building it from
# nothing takes 6 minutes, its tests one.

libvirt_run() {
	local log=$OUT/libvirt.log passed failed
	say "libvirt with our patches ..."
	"$TOP/libvirt/test/run" >"$log" 2>&1 || true
	read -r passed failed < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log") || true
	count "${passed:-0}" "${failed:-1}" 0
	say "libvirt: ${passed:-0} passed, ${failed:-no} failed"
	[ "${failed:-1}" -eq 0 ] || {
		tail -n 40 "$log" | sed 's/^/        /'
		note_failure "libvirt" "$(tail -n 12 "$log" | sed 's/^/        /')"
	}
}
