# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds a kernel of a kind (scripts/config/kinds).
#
# The build folder is a child of the source tree, src/TREE/.build-KIND, because
# then kbuild uses relative paths only (".."): the compiler is called in the very
# same way for both trees, so that ccache finds the objects of one for the other,
# and no path of this machine gets into the kernel.

KINDS=$LAB_TOP/scripts/config/kinds

kernel_help() {
	cat <<EOF
usage: scripts/lab kernel [KIND | --kernel KIND] [-- MAKE-TARGET...]

Brings the tree up to date and builds the kernel; does nothing, quickly, if it is
up to date. Prints the path of the image. KIND is one of:

$(kinds_list)

With targets after "--", runs make for these in the build folder instead
(e.g. -- kernel/sched/core.o, or -- W=1 C=1 kernel/sched/).
EOF
}

kinds_list() {
	sed -n -E 's/^([a-z]+) .* : (.*)$/\1\t\2/p' "$KINDS" | expand -t 9
}

cmd_kernel() {
	local kind=release
	local -a targets=()
	while [ $# -gt 0 ]; do
		case $1 in
		# --config is what it was called once
		--kernel | --config)
			[ $# -ge 2 ] || die "kernel: $1 needs a kind (scripts/lab kernel --help)"
			kind=$2
			shift
			;;
		--kernel=* | --config=*) kind=${1#*=} ;;
		--) shift; targets=("$@"); break ;;
		-h | --help) kernel_help; return ;;
		-*) die "kernel: unknown option '$1' (scripts/lab kernel --help)" ;;
		*) kind=$1 ;;
		esac
		shift
	done
	kernel_kind "$kind"
	if [ ${#targets[@]} -gt 0 ]; then
		kernel_update prepare
		kernel_make "${targets[@]}"
	else
		kernel_update bzImage
		echo "$KERNEL_IMAGE"
	fi
}

kernel_is_kind() {
	[[ $1 =~ ^[a-z]+$ ]] && grep -q "^$1 " "$KINDS"
}

# Looks up a kind: KERNEL_TREE, KERNEL_FRAGMENTS, KERNEL_BUILD, KERNEL_IMAGE.
kernel_kind() {
	local line
	kernel_is_kind "$1" || die "no kind of kernel '$1': scripts/lab kernel --help lists them"
	line=$(sed -n -E "s/^$1 +([^:]*):.*/\1/p" "$KINDS")
	KERNEL_KIND=$1
	read -r KERNEL_TREE KERNEL_FRAGMENTS <<<"$line"
	KERNEL_TREE=$LAB_SRC/$KERNEL_TREE
	KERNEL_BUILD=$KERNEL_TREE/.build-$1
	KERNEL_IMAGE=$KERNEL_BUILD/arch/x86/boot/bzImage
}

# kernel_update TARGET [COPY]: the sources, the configuration, and the target, each
# only if something has changed; then the image goes to COPY, if that is given.
#
# One build at a time, since two at once take longer than one after the other; but
# who finds the kernel up to date does not wait for somebody else's build.
kernel_update() {
	kernel_sources
	if [ "$1" = bzImage ] && kernel_is_fresh && kernel_copy "${2:-}" && kernel_is_fresh; then
		return
	fi
	lock build
	kernel_build_fresh "$1"
	kernel_copy "${2:-}"
	unlock build
}

kernel_sources() {
	case $KERNEL_TREE in
	*/vanilla) load fetch; cmd_fetch ;;
	*) load fetch tree; cmd_tree ;;
	esac
	[[ " $KERNEL_FRAGMENTS" != *" @debian"* ]] || fetch_config
}

kernel_is_fresh() {
	[ -f "$KERNEL_BUILD/.lab-built" ] &&
		[ "$(kernel_fingerprint)" = "$(cat "$KERNEL_BUILD/.lab-built")" ]
}

kernel_copy() {
	[ -z "$1" ] || cp "$KERNEL_IMAGE" "$1"
}

# If the sources change during the build (an editor; another clone of the
# repository with the same cache), what came out is a mixture: once more.
kernel_build_fresh() {
	local try
	for try in 1 2 3; do
		TREE_QUIET=yes kernel_sources  # it has told of edits already
		[ "$1" != bzImage ] || ! kernel_is_fresh || return 0
		[ "$try" -eq 1 ] || say "the sources have changed during the build: once more"
		kernel_build "$1"
		[ "$1" = bzImage ] || return 0
	done
	kernel_is_ours || die "another clone of this repository uses the same trees at this moment: give one of them another XDG_CACHE_HOME"
}

kernel_is_ours() {
	[ "${KERNEL_TREE##*/}" = vanilla ] || [ "$(cat "$KERNEL_TREE/.lab/top")" = "$LAB_TOP" ]
}

kernel_build() {
	local print
	load deps
	deps_require gcc make flex bison bc libelf-dev libssl-dev dwarves lz4
	need gcc make flex bison bc pahole lz4
	need_space 700 "building a kernel"
	print=$(kernel_fingerprint)
	mkdir -p "$KERNEL_BUILD" "$LAB_CACHE/build"
	ln -sfn "../src/${KERNEL_TREE##*/}/.build-$KERNEL_KIND" "$LAB_CACHE/build/$KERNEL_KIND"
	rm -f "$KERNEL_BUILD/.lab-built"
	kernel_configure
	[ "$1" = bzImage ] || return 0
	step "building the $KERNEL_KIND kernel" "$LAB_LOGS/build-$KERNEL_KIND.log" \
		kernel_make -j"$(nproc)" bzImage
	kernel_warnings
	echo "$print" >"$KERNEL_BUILD/.lab-built"
}

kernel_warnings() {
	local n
	n=$(grep -c 'warning: ' "$LAB_LOGS/build-$KERNEL_KIND.log") || true
	[ "$n" -eq 0 ] || {
		grep -m3 'warning: ' "$LAB_LOGS/build-$KERNEL_KIND.log" >&"$LAB_ERR" || true
		say "$n compiler warnings: see $LAB_LOGS/build-$KERNEL_KIND.log"
	}
}

# Changes when anything does that the kernel is made from. The vanilla tree never
# changes; in the patched one, all that matters is newer than the stamp.
kernel_fingerprint() {
	{
		gcc --version 2>/dev/null
		kernel_config_inputs
		cat "$KERNEL_TREE/.lab-origin" 2>/dev/null
		declare -f kernel_make kernel_write_config
		case $KERNEL_TREE in
		*/patched) kernel_tree_changes ;;
		esac
	} | sha
}

# Documentation and tests are no part of the kernel.
kernel_tree_changes() {
	[ -f "$KERNEL_TREE/.lab/stamp" ] || return 0
	(cd "$KERNEL_TREE" && find . -mindepth 1 \
		\( -path './.build-*' -o -path ./.lab -o -path ./Documentation \
		-o -path ./tools/testing -o -path ./tools/sched_vm \) -prune -o \
		-cnewer .lab/stamp -type f -printf '%P %s %T@\n') | LC_ALL=C sort
}

# --- configuration ---

kernel_config_inputs() {
	local f
	grep "^$KERNEL_KIND " "$KINDS"
	for f in $KERNEL_FRAGMENTS; do
		cat "$(kernel_fragment "$f")" ||
			die "scripts/config/kinds wants ${f#\?}.config for '$KERNEL_KIND', which is not there"
	done
}

kernel_fragment() {
	case $1 in
	@debian) echo "$FETCH_CONFIG" ;;
	*) echo "$LAB_TOP/scripts/config/${1#\?}.config" ;;
	esac
}

# Made again only if a fragment or a Kconfig file has changed; kbuild itself sees
# which options differ and rebuilds what uses them.
kernel_configure() {
	local key
	key=$({ kernel_config_inputs; kernel_tree_changes | grep Kconfig || true; gcc --version; } | sha)
	[ "$key" != "$(cat "$KERNEL_BUILD/.lab-config" 2>/dev/null)" ] || [ ! -f "$KERNEL_BUILD/.config" ] || return 0
	step "configuring the $KERNEL_KIND kernel" "$LAB_LOGS/config-$KERNEL_KIND.log" kernel_write_config
	kernel_check_config
	echo "$key" >"$KERNEL_BUILD/.lab-config"
}

# merge_config.sh refuses redefined values on 7.3; olddefconfig takes the last.
kernel_write_config() {
	kernel_make tinyconfig
	kernel_config_inputs >>"$KERNEL_BUILD/.config"
	kernel_make olddefconfig
}

# Kconfig drops options whose dependencies are not met without a word.
kernel_check_config() {
	local f bad=
	for f in $KERNEL_FRAGMENTS; do
		[ "$f" != @debian ] || continue
		bad+=$(kernel_check_fragment "$f")
	done
	[ -z "$bad" ] ||
		die "options of scripts/config that Kconfig did not accept:$bad (kind $KERNEL_KIND; is a dependency missing?)"
}

# What a later fragment of the same kind redefines does not count for this one.
kernel_check_fragment() {
	local line option
	grep -E '^(# )?CONFIG_' "$(kernel_fragment "$1")" | while IFS= read -r line; do
		option=$(sed -E 's/^(# )?(CONFIG_[A-Za-z0-9_]+).*/\2/' <<<"$line")
		! kernel_option_is_set "$option" "$line" || continue
		[ "$(kernel_last_word "$option")" = "$line" ] || continue
		case $1 in
		\?*) kernel_tree_knows "$option" || continue ;;
		esac
		printf ' %s' "$option"
	done
}

kernel_last_word() {
	kernel_config_inputs | grep -E "^(# )?$1[= ]" | tail -n 1
}

kernel_option_is_set() {
	case $2 in
	'# '*) ! grep -q "^$1=" "$KERNEL_BUILD/.config" ;;
	*) grep -qxF "$2" "$KERNEL_BUILD/.config" ;;
	esac
}

kernel_tree_knows() {
	grep -rqE --include='Kconfig*' --exclude-dir='.build-*' \
		"^(menu)?config ${1#CONFIG_}\$" "$KERNEL_TREE"
}

# --- make ---

# The same for all kinds and machines, so that kernels are reproducible and ccache
# can share. See lab.d/ccache-cpp for the trick in it.
kernel_make() {
	local cc=gcc
	if command -v ccache >/dev/null; then
		cc='ccache gcc'
		export CCACHE_DIR=$LAB_CACHE/ccache CCACHE_MAXSIZE=4G CCACHE_COMPILERCHECK=content
		export CCACHE_PREFIX_CPP=$LAB_LIB/ccache-cpp CCACHE_NOHASHDIR=1
		export CCACHE_SLOPPINESS=include_file_mtime,include_file_ctime
	fi
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u ARCH -u CROSS_COMPILE -u KBUILD_OUTPUT \
		KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026' KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=sched_vm \
		make -C "$KERNEL_TREE" O="$KERNEL_BUILD" CC="$cc" HOSTCC="$cc" "$@"
}
