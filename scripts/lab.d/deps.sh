# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Installs the Debian packages of scripts/deps.list that are missing.

DEPS_LIST=$LAB_TOP/scripts/deps.list

deps_help() {
	cat <<EOF
usage: scripts/lab deps [--dry-run]

Installs what is missing of the packages in scripts/deps.list (with sudo, if not
root). With --dry-run, only says what it would do.
EOF
}

cmd_deps() {
	local dry=no
	case ${1:-} in
	--dry-run) dry=yes ;;
	-h | --help) deps_help; return ;;
	'') ;;
	*) die "deps: unknown option '$1' (scripts/lab deps --help)" ;;
	esac
	command -v dpkg-query >/dev/null ||
		die "this is no Debian machine: install the equivalents of scripts/deps.list by hand"
	local -a missing
	mapfile -t missing < <(deps_missing)
	if [ ${#missing[@]} -eq 0 ]; then
		say "all packages are there"
	elif [ $dry = yes ]; then
		echo "$(deps_sudo)apt-get update && $(deps_sudo)apt-get install --no-install-recommends ${missing[*]}"
	else
		deps_install "${missing[@]}"
	fi
}

# deps_require PACKAGE...: ends the lab if one of these is missing. (On a machine
# that is not Debian's, nobody knows; the compiler will tell.)
deps_require() {
	local missing
	command -v dpkg-query >/dev/null || return 0
	missing=$(deps_missing | grep -xF -f <(printf '%s\n' "$@") | paste -sd ' ') || true
	[ -z "$missing" ] || die "packages are missing ($missing): run scripts/lab deps"
}

deps_missing() {
	local wanted
	wanted=$(sed -e 's/#.*//' "$DEPS_LIST" | awk 'NF { print $1 }' | LC_ALL=C sort)
	# shellcheck disable=SC2016,SC2086
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
		sed -n 's/ installed$//p' | LC_ALL=C sort -u | comm -23 <(printf '%s\n' "$wanted") -
}

deps_sudo() {
	[ "$(id -u)" -eq 0 ] || echo "sudo "
}

deps_install() {
	local sudo
	sudo=$(deps_sudo)
	say "installing: $*"
	# here, not in a step: it has no terminal to ask on
	[ -z "$sudo" ] || sudo -v || die "deps: not root, and sudo does not let you; as root: apt-get install $*"
	step "reading the package lists" "$LAB_LOGS/deps.log" ${sudo:+sudo -n} apt-get -q update
	step "installing $# packages" "$LAB_LOGS/deps.log" \
		${sudo:+sudo -n} env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "$@"
}
