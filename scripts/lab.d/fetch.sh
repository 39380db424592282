# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Brings the pristine sources of the kernel into the cache, once. They come from
# LINUX_SRC if that is set, else from the machine's own Debian mirror, else from
# kernel.org. Nothing half-done ever has its final name: every step works on a
# temporary one and renames it when it is complete.
#
# Any 7.3.x will do. Of those that there are, the newest is taken on which our patches
# apply.

FETCH_PACKAGE=linux-source-$LAB_VERSION
FETCH_SUITE=trixie-backports
FETCH_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
FETCH_CDN=https://cdn.kernel.org/pub/linux/kernel/v7.x
FETCH_TRIES=4			# versions, the newest first
FETCH_DL=$LAB_CACHE/dl
FETCH_CONFIG=$FETCH_DL/debian.config

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
	mkdir -p "$FETCH_DL"
	FETCH_REFUSED=()
	if [ -n "${LINUX_SRC:-}" ]; then
		fetch_new "$new"
		fetch_local "$new"
		fetch_check "$new"
	elif ! fetch_debian "$new" && ! fetch_cdn "$new"; then
		fetch_nothing
	fi
	rm -rf "$LAB_SRC/vanilla"
	mv "$new" "$LAB_SRC/vanilla"
}

fetch_new() {
	rm -rf "$1"
	mkdir -p "$1"
}

# Neither of those that could be had, or none could.
fetch_nothing() {
	[ ${#FETCH_REFUSED[@]} -gt 0 ] ||
		die "Linux $LAB_VERSION cannot be downloaded (log: $LAB_LOGS/fetch-cdn.log): set LINUX_SRC= to a tarball or tree of it"
	die "the patches apply to no Linux $LAB_VERSION that there is (${FETCH_REFUSED[*]}; log: $LAB_LOGS/patch.log): correct them for the newest (LINUX_SRC=TARBALL scripts/lab tree says where), or set LINUX_SRC= to a tarball of one that they are for"
}

# fetch_fits DIR: our patches apply to it
fetch_fits() {
	load tree
	lab_tmp
	rm -rf "$LAB_TMP/fits"
	tree_series >"$LAB_TMP/fits.series"
	! tree_stage_on "$1" "$LAB_TMP/fits" <"$LAB_TMP/fits.series" || return 0
	printf '%s\n' "$TREE_WHY" >"$LAB_LOGS/patch.log"
	say "patches/linux-7.3/$TREE_PATCH does not apply to $(cat "$1/.lab-origin"): $(tree_hunks "$TREE_WHY")"
	FETCH_REFUSED+=("$(cat "$1/.lab-origin")")
	return 1
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
	"${FETCH_APT:-apt-get}" "${opt[@]}" "$@"
}

# fetch_debian DIR: unpacks there the newest package to which our patches apply, one
# that is in the cache already before others; false if this is no Debian machine, or
# its mirror has none: then the caller tries elsewhere.
fetch_debian() {
	local new=$1 deb version uri=
	while read -r deb; do
		! fetch_unpack_debian "$deb" "$new" || return 0
	done < <(fetch_cached_debs)
	! command -v apt-get >/dev/null || uri=$(fetch_mirror)
	if [ -z "$uri" ]; then
		say "no Debian mirror is configured here; trying kernel.org"
		return 1
	fi
	[ -r "$FETCH_KEYRING" ] ||
		die "$FETCH_KEYRING is missing: apt-get install debian-archive-keyring"
	step_try "asking the Debian mirror for $FETCH_PACKAGE" "$LAB_LOGS/fetch.log" \
		fetch_debian_list "$uri"
	while read -r version; do
		[ ! -f "$(fetch_deb_name "$version")" ] || continue
		step_try "downloading $FETCH_PACKAGE $version from the Debian mirror" "$LAB_LOGS/fetch.log" \
			fetch_debian_download "$uri" "$version"
		[ -f "$(fetch_deb_name "$version")" ] || continue
		! fetch_unpack_debian "$(fetch_deb_name "$version")" "$new" || return 0
	done < <(head -n $FETCH_TRIES "$FETCH_DL/versions" 2>/dev/null)
	say "the Debian mirror gives no $FETCH_PACKAGE that fits (log: $LAB_LOGS/fetch.log); trying kernel.org"
	return 1
}

fetch_unpack_debian() {
	need dpkg-deb
	fetch_new "$2"
	step "unpacking $(basename "$1")" "$LAB_LOGS/unpack.log" fetch_undeb "$1" "$2"
	basename "$1" >"$2/.lab-origin"
	fetch_check "$2"
	fetch_fits "$2"
}

fetch_cached_debs() {
	find "$FETCH_DL" -maxdepth 1 -name "${FETCH_PACKAGE}_*.deb" | sort -rV
}

# As apt names the file of a version
fetch_deb_name() {
	echo "$FETCH_DL/${FETCH_PACKAGE}_${1//:/%3a}_all.deb"
}

# The versions that the suite's index has, the newest first
fetch_debian_list() {
	rm -f "$FETCH_DL/versions"
	fetch_source "$1" "$FETCH_SUITE"
	fetch_apt -q update
	FETCH_APT=apt-cache fetch_apt madison "$FETCH_PACKAGE" |
		awk -F ' *[|] *' '{ print $2 }' | sort -rVu >"$FETCH_DL/versions"
}

fetch_debian_download() {
	local tmp=$FETCH_DL/.debian.new
	mkdir -p "$tmp"
	cd "$tmp"
	fetch_apt -q download "$FETCH_PACKAGE=$2"
	mv "$tmp/${FETCH_PACKAGE}"_*.deb "$FETCH_DL/"
}

fetch_source() {
	local apt=$LAB_CACHE/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	echo "deb [signed-by=$FETCH_KEYRING] $1 $2 main" >"$apt/sources.list"
}

# fetch_debs URI SUITE DIR PACKAGE...: packages of a suite of the mirror, verified,
# into DIR. What was interrupted is kept: apt resumes, and checks the hash at the end.
fetch_debs() {
	local uri=$1 suite=$2 dir=$3
	shift 3
	mkdir -p "$dir"
	fetch_source "$uri" "$suite"
	fetch_apt -q update
	cd "$dir"
	fetch_apt -q download "${@/%//$suite}"
}

# Debian's configuration for amd64, without what is a module there
fetch_config() {
	local uri
	[ ! -f "$FETCH_CONFIG" ] || return 0
	need dpkg-deb xz
	uri=$(fetch_mirror)
	[ -n "$uri" ] || die "this machine has no Debian mirror: that kind of kernel cannot be configured"
	mkdir -p "$FETCH_DL"
	step "downloading Debian's configuration" "$LAB_LOGS/fetch-config.log" fetch_config_new "$uri"
}

fetch_config_new() {
	local new=$FETCH_DL/.config.new
	rm -rf "$new"
	fetch_debs "$1" "$FETCH_SUITE" "$new" "linux-config-$LAB_VERSION"
	dpkg-deb --fsys-tarfile "$new"/*.deb |
		tar -xOf - "./usr/src/linux-config-$LAB_VERSION/config.amd64_none_amd64.xz" |
		xz -d | grep -v '=m$' >"$new/debian.config"
	mv "$new/debian.config" "$FETCH_CONFIG"
}

fetch_undeb() {
	local xz=./usr/src/$FETCH_PACKAGE.tar.xz
	dpkg-deb --fsys-tarfile "$1" | tar -xOf - "$xz" | xz -dT0 |
		tar -C "$2" --strip-components=1 --no-same-owner -xf -
}

# --- kernel.org ---

# fetch_cdn DIR: as fetch_debian does, from there; what is in the cache needs no net.
fetch_cdn() {
	local new=$1 name
	while read -r name; do
		! fetch_unpack_cdn "$name" "$new" || return 0
	done < <(cd "$FETCH_DL" && find . -maxdepth 1 -name "linux-$LAB_VERSION*.tar.xz" -printf '%P\n' | sort -rV)
	need curl
	step_try "asking kernel.org for Linux $LAB_VERSION" "$LAB_LOGS/fetch-cdn.log" fetch_cdn_list
	[ "$STEP_RC" -eq 0 ] || return 1
	while read -r name; do
		[ ! -f "$FETCH_DL/$name" ] || continue
		step_try "downloading $name from kernel.org" "$LAB_LOGS/fetch-cdn.log" fetch_cdn_download "$name"
		[ "$STEP_RC" -ne "$LAB_RC" ] || exit "$LAB_RC"
		[ -f "$FETCH_DL/$name" ] || continue
		! fetch_unpack_cdn "$name" "$new" || return 0
	done < <(fetch_cdn_names | head -n $FETCH_TRIES)
	return 1
}

fetch_unpack_cdn() {
	fetch_new "$2"
	step "unpacking $1" "$LAB_LOGS/unpack.log" fetch_untar "$FETCH_DL/$1" "$2"
	echo "$1" >"$2/.lab-origin"
	fetch_check "$2"
	fetch_fits "$2"
}

fetch_cdn_list() {
	mkdir -p "$FETCH_DL/.cdn.new"
	curl -fsS --retry 3 -o "$FETCH_DL/.cdn.new/sha256sums.asc" "$FETCH_CDN/sha256sums.asc"
}

# The tarballs of all 7.3.x, the newest first
fetch_cdn_names() {
	sed -n -E "s/^[0-9a-f]{64}  (linux-${LAB_VERSION//./\\.}(\.[0-9]+)?\.tar\.xz)\$/\1/p" \
		"$FETCH_DL/.cdn.new/sha256sums.asc" | sort -rV
}

# The checksum comes over the same TLS connection; its PGP signature is checked
# too if the machine has gpg and kernel.org's key.
fetch_cdn_download() {
	local name=$1 tmp=$FETCH_DL/.cdn.new
	curl -fsS --retry 3 -C - -o "$tmp/$name" "$FETCH_CDN/$name"
	if command -v gpg >/dev/null && gpg --list-keys autosigner@kernel.org >/dev/null 2>&1; then
		gpg --verify "$tmp/sha256sums.asc"
	fi
	(cd "$tmp" && grep "  $name\$" sha256sums.asc | sha256sum -c -) ||
		{ rm -f "${tmp:?}/$name"; die "$name from kernel.org has a wrong checksum: try again, or set LINUX_SRC="; }
	mv "$tmp/$name" "$FETCH_DL/"
}
