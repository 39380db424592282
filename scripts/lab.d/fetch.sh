# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Brings the pristine sources of the kernel into the cache, once. They come from
# LINUX_SRC if that is set, else from the machine's own Debian mirror, else from
# kernel.org. Nothing half-done ever has its final name: every step works on a
# temporary one and renames it when it is complete.

FETCH_PACKAGE=linux-source-$LAB_VERSION
FETCH_SUITE=trixie-backports
FETCH_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
FETCH_CDN=https://cdn.kernel.org/pub/linux/kernel/v7.x
FETCH_CDN_VERSION=7.3.4
FETCH_DL=$LAB_CACHE/dl

cmd_fetch() {
	local vanilla=$LAB_SRC/vanilla
	fetch_is_there && return
	lock fetch
	if ! fetch_is_there; then
		need_space 4500 "Linux $LAB_VERSION (two trees)"
		need tar xz
		fetch_unpack
		say "Linux $LAB_VERSION is in $vanilla ($(cat "$vanilla/.lab-origin"))"
	fi
	unlock fetch
}

# Sources that are there already are those to use; others than these only when the
# old trees, which may have edits in them, have been removed by hand.
fetch_is_there() {
	local origin=$LAB_SRC/vanilla/.lab-origin
	[ -f "$origin" ] || return 1
	[ -z "${LINUX_SRC:-}" ] || [ "$(cat "$origin")" = "$(fetch_local_name)" ] ||
		die "the trees in $LAB_SRC are made from $(cat "$origin"), not from LINUX_SRC=$LINUX_SRC as it is now: unset it, or scripts/lab clean --sources first"
}

fetch_local_name() {
	echo "LINUX_SRC=$LINUX_SRC $(stat -c %Y "$LINUX_SRC" 2>/dev/null)"
}

fetch_unpack() {
	local new=$LAB_SRC/.vanilla.new
	rm -rf "$new"
	mkdir -p "$new" "$FETCH_DL"
	if [ -n "${LINUX_SRC:-}" ]; then
		fetch_local "$new"
	else
		fetch_debian
		if [ -n "$FETCH_DEB" ]; then
			fetch_unpack_debian "$new"
		else
			fetch_cdn "$new"
		fi
	fi
	fetch_check "$new"
	rm -rf "$LAB_SRC/vanilla"
	mv "$new" "$LAB_SRC/vanilla"
}

fetch_check() {
	local v
	v=$(awk '/^VERSION =/ { v = $3 } /^PATCHLEVEL =/ { p = $3 } END { print v "." p }' \
		"$1/Makefile" 2>/dev/null) || true
	[ "$v" = "$LAB_VERSION" ] ||
		die "$(cat "$1/.lab-origin") is Linux '$v', not $LAB_VERSION: set LINUX_SRC= to a tarball or tree of Linux $LAB_VERSION"
}

# --- LINUX_SRC ---

fetch_local() {
	[ -e "$LINUX_SRC" ] || die "LINUX_SRC=$LINUX_SRC does not exist"
	if [ -d "$LINUX_SRC" ]; then
		[ ! -e "$LINUX_SRC/.config" ] ||
			die "LINUX_SRC=$LINUX_SRC has been built in: run make mrproper there first"
		step "copying $LINUX_SRC" "$LAB_LOGS/fetch.log" fetch_copy_tree "$LINUX_SRC" "$1"
	else
		step "unpacking $LINUX_SRC" "$LAB_LOGS/fetch.log" fetch_untar "$LINUX_SRC" "$1"
	fi
	fetch_local_name >"$1/.lab-origin"
}

fetch_copy_tree() {
	tar -C "$1" --exclude=./.git -cf - . | tar -C "$2" -xf -
}

fetch_untar() {
	tar -C "$2" --strip-components=1 --no-same-owner -xf "$1"
}

# --- the machine's Debian mirror ---

# Its base URI, as apt itself knows it: the one that serves the release that the
# machine runs, which is neither the security archive nor a third party's.
fetch_mirror() {
	local codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 2>/dev/null |
		awk -v c="$codename" '$2 == c && !/security/ && !seen++ { print $1 }' || true
}

# apt-get with a configuration of our own: the machine's is not touched.
fetch_apt() {
	local apt=$LAB_CACHE/apt
	local -a opt=(
		-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
		-o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Get::List-Cleanup=0)
	# The _apt user may not enter a folder of root's home.
	[ "$(id -u)" -ne 0 ] || opt+=(-o APT::Sandbox::User=root)
	apt-get "${opt[@]}" "$@"
}

# Sets FETCH_DEB to the verified package, or to nothing if this is no Debian
# machine or its mirror does not have it: then the caller tries elsewhere.
fetch_debian() {
	local uri=
	FETCH_DEB=$(fetch_cached_deb)
	[ -z "$FETCH_DEB" ] || return 0
	! command -v apt-get >/dev/null || uri=$(fetch_mirror)
	if [ -z "$uri" ]; then
		say "no Debian mirror is configured here; trying kernel.org"
		return 0
	fi
	[ -r "$FETCH_KEYRING" ] ||
		die "$FETCH_KEYRING is missing: apt-get install debian-archive-keyring"
	step_try "downloading $FETCH_PACKAGE from the Debian mirror" "$LAB_LOGS/fetch.log" \
		fetch_debian_download "$uri"
	FETCH_DEB=$(fetch_cached_deb)
	[ -n "$FETCH_DEB" ] ||
		say "the Debian mirror does not give $FETCH_PACKAGE (log: $LAB_LOGS/fetch.log); trying kernel.org"
}

fetch_unpack_debian() {
	need dpkg-deb
	step "unpacking $(basename "$FETCH_DEB")" "$LAB_LOGS/unpack.log" \
		fetch_undeb "$FETCH_DEB" "$1"
	basename "$FETCH_DEB" >"$1/.lab-origin"
}

fetch_cached_deb() {
	find "$FETCH_DL" -maxdepth 1 -name "${FETCH_PACKAGE}_*.deb" | sort -V | tail -n 1
}

fetch_debian_download() {
	local tmp=$FETCH_DL/.debian.new
	fetch_debs "$1" "$FETCH_SUITE" "$tmp" "$FETCH_PACKAGE"
	mv "$tmp/${FETCH_PACKAGE}"_*.deb "$FETCH_DL/"
}

# fetch_debs URI SUITE DIR PACKAGE...: packages of a suite of the mirror, verified,
# into DIR. What was interrupted is kept: apt resumes, and checks the hash at the end.
fetch_debs() {
	local uri=$1 suite=$2 dir=$3 apt=$LAB_CACHE/apt
	shift 3
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$dir"
	echo "deb [signed-by=$FETCH_KEYRING] $uri $suite main" >"$apt/sources.list"
	fetch_apt -q update
	cd "$dir"
	fetch_apt -q download "${@/%//$suite}"
}

fetch_undeb() {
	local xz=./usr/src/$FETCH_PACKAGE.tar.xz
	dpkg-deb --fsys-tarfile "$1" | tar -xOf - "$xz" | xz -dT0 |
		tar -C "$2" --strip-components=1 --no-same-owner -xf -
}

# --- kernel.org ---

fetch_cdn() {
	local name=linux-$FETCH_CDN_VERSION.tar.xz
	need curl
	if [ ! -f "$FETCH_DL/$name" ]; then
		step_try "downloading $name from kernel.org" "$LAB_LOGS/fetch-cdn.log" \
			fetch_cdn_download "$name"
		[ -f "$FETCH_DL/$name" ] ||
			die "Linux $LAB_VERSION cannot be downloaded (log: $LAB_LOGS/fetch-cdn.log): set LINUX_SRC= to a tarball or tree of it"
	fi
	step "unpacking $name" "$LAB_LOGS/unpack.log" fetch_untar "$FETCH_DL/$name" "$1"
	echo "$name" >"$1/.lab-origin"
}

# The checksum comes over the same TLS connection; its PGP signature is checked
# too if the machine has gpg and kernel.org's key.
fetch_cdn_download() {
	local name=$1 tmp=$FETCH_DL/.cdn.new
	mkdir -p "$tmp"
	curl -fsS --retry 3 -o "$tmp/sha256sums.asc" "$FETCH_CDN/sha256sums.asc"
	curl -fsS --retry 3 -C - -o "$tmp/$name" "$FETCH_CDN/$name"
	if command -v gpg >/dev/null && gpg --list-keys autosigner@kernel.org >/dev/null 2>&1; then
		gpg --verify "$tmp/sha256sums.asc"
	fi
	(cd "$tmp" && grep "  $name\$" sha256sums.asc | sha256sum -c -) ||
		{ rm -f "${tmp:?}/$name"; die "$name from kernel.org has a wrong checksum: try again, or set LINUX_SRC="; }
	mv "$tmp/$name" "$FETCH_DL/"
}
