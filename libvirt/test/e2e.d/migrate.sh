# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The elements of <cputune>: virsh migrate. The other host is a daemon in namespaces of
# its own, with its own files, host name, and /dst as the root of its groups. Both have
# the same CPUs, so a domain that migrates has its reservation twice for a while.

# start_host NAME PROGRAM: its sockets are in /run/NAME/run
start_host() {
	local name=$1 root=/run/$1 folder
	mkdir -p "$root"/{run,lib,cache,log,etc} "$CG/$name/init" /var/{lib,cache,log}/libvirt
	cp /etc/libvirt/qemu.conf "$root/etc"
	for folder in virtqemud libvirtd; do
		echo "host_uuid = \"$(md5sum <<<"$name" | cut -c 1-32)\"" >"$root/etc/$folder.conf"
	done
	say "starting the daemon of $name ..."
	# shellcheck disable=SC2016
	LIBVIRT_LOG_OUTPUTS="1:file:$OUT/$name.log" LIBVIRT_LOG_FILTERS='1:util.cgroup 2:qemu' \
		bash -c 'echo $$ >"$1/cgroup.procs"; exec unshare --mount --uts --cgroup bash "${@:2}"' \
		- "$CG/$name" "$HERE/e2e.d/host" "$@"
	for _ in $(seq 120); do
		"$VIRSH" -q -c "$(uri "$name")" version >/dev/null 2>&1 && return
		sleep 1
	done
	not_ok "the daemon of $name runs" "$("$VIRSH" -c "$(uri "$name")" version 2>&1)"
	return 1
}

# There is one socket, whatever the daemon is.
uri() {
	local socket=/run/$1/run/virtqemud-sock
	[ -e "$socket" ] || socket=/run/$1/run/libvirt-sock
	echo "qemu+unix:///system?socket=$socket"
}

migrate() {
	virsh migrate guest "$(uri "$1")" --live --unsafe \
		--listen-address 127.0.0.1 --migrateuri tcp://127.0.0.1 "${@:2}"
}

test_refused() {
	local text
	domain guest "$(reservation 20000 12000)" >/dev/null
	works 'start' start guest
	GROUP=$(group_of guest)
	wait_up guest
	text=$(migrate dst) && not_ok 'migrate: does not fit' 'it did not fail'
	has 'migrate: does not fit' "$text" \
		'cannot reserve 12000 us of CPU time in every 20000 us: .*% of CPU [01] are missing'
	is 'it still runs here' "$(virsh domstate guest)" running
	is 'with its reservation' "$(cat "$CG$GROUP/cpu.rt.max")" '12000 20000'
	between 'and its share' "$(share "$GROUP" 10)" 80 125
	is 'nothing is left there' "$(find "$CG/dst" -name '*guest*')" ''
}

test_migrate() {
	local text
	works 'a smaller reservation' schedinfo guest --live --set rt_budget=6000
	text=$(migrate dst) || { not_ok 'migrate' "$text"; return 1; }
	ok 'migrate'
	is 'it is not here any more' "$(virsh domstate guest)" 'shut off'
	is 'nor is its group' "$(find "$CG/machine" -name '*guest*')" ''
	GROUP=$(cd "$CG" && find dst -name '*guest*' -type d)
	is 'the reservation is there' "$(cat "$CG/$GROUP/cpu.rt.max")" '6000 20000'
	cp /run/dst/run/qemu/guest.pid /run/libvirt/qemu/guest.pid
	all_served guest "/$GROUP"
	between 'share of two CPUs with 30 % each' "$(share "/$GROUP" 10)" 40 64
	"$VIRSH" -q -c "$(uri dst)" destroy guest
	is 'no group is left in the end' "$(find "$CG" -name '*guest*')" ''
}

# It would drop the elements.
test_older() {
	local text
	works 'start again' start guest
	make_users
	start_host old /usr/sbin/libvirtd || return
	text=$(migrate old) && not_ok 'migrate to an older libvirt' 'it did not fail'
	has 'migrate to an older libvirt' "$text" 'cpu-reservation'
	is 'it stays here' "$(virsh domstate guest)" running
	works 'destroy' destroy guest
}

# Also if only the destination is to have them.
test_older_with_xml() {
	local text
	domain guest '' >/dev/null
	works 'start without a reservation' start guest
	virsh dumpxml guest --migratable |
		sed "s|<resource>|<cputune>$(reservation 20000 6000)</cputune>&|" >/run/with.xml
	text=$(migrate old --xml /run/with.xml) &&
		not_ok 'migrate --xml to an older libvirt' 'it did not fail'
	has 'migrate --xml to an older libvirt' "$text" 'cpu-reservation'
	works 'destroy that' destroy guest
}

run_tests() {
	start_daemon "$BUILD/src/virtqemud" -d
	start_host dst "$BUILD/src/virtqemud" || return
	test_refused
	test_migrate || return
	test_older
	test_older_with_xml
}
