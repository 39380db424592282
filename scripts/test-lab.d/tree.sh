# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of fetching and of scripts/lab tree.

test_tree_is_made() {
	make_repo
	scripts/lab tree
	same "$(sed -n 10p "$PATCHED/kernel/sched/core.c")" "core ten"
	same "$(sed -n 40p "$PATCHED/kernel/sched/core.c")" "core forty"
	same "$(cat "$PATCHED/kernel/sched/ours.c")" ours
	cmp "$PATCHED/kernel/sched/rt.c" "$WORK/linux/kernel/sched/rt.c"
}

test_tree_leaves_times_alone() {
	make_repo
	scripts/lab tree
	local before
	before=$(find "$PATCHED" -type f ! -path '*/.lab/*' -printf '%p %T@\n' | sort)
	scripts/lab tree
	same "$(find "$PATCHED" -type f ! -path '*/.lab/*' -printf '%p %T@\n' | sort)" "$before"
}

test_tree_follows_the_repository() {
	make_repo
	scripts/lab tree
	echo new >kernel/sched/ours.c
	echo more >kernel/sched/more.c
	sed -i '$d' patches/linux-7.3/series
	scripts/lab tree
	same "$(cat "$PATCHED/kernel/sched/ours.c")" new
	same "$(cat "$PATCHED/kernel/sched/more.c")" more
	same "$(sed -n 40p "$PATCHED/kernel/sched/core.c")" "core line 40"
	cmp "$PATCHED/include/linux/sched.h" "$WORK/linux/include/linux/sched.h"
	rm kernel/sched/more.c
	: >patches/linux-7.3/series
	scripts/lab tree
	[ ! -e "$PATCHED/kernel/sched/more.c" ] || fail "a removed file is still there"
	cmp "$PATCHED/kernel/sched/core.c" "$WORK/linux/kernel/sched/core.c"
}

test_tree_works_without_a_series() {
	make_repo
	rm -r patches
	scripts/lab tree
	cmp "$PATCHED/kernel/sched/core.c" "$WORK/linux/kernel/sched/core.c"
}

test_tree_keeps_an_edit() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/core.c"
	echo edit >>"$PATCHED/kernel/sched/rt.c"
	expect 0 'tree: 2 files .*make patches' scripts/lab tree
	same "$(tail -n 1 "$PATCHED/kernel/sched/core.c")" edit
	same "$(tail -n 1 "$PATCHED/kernel/sched/rt.c")" edit
	same "$(tail -n 1 "$XDG_CACHE_HOME/sched_vm/src/vanilla/kernel/sched/rt.c")" "rt line 30"
}

test_tree_discards_an_edit_when_told() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/core.c"
	echo edit >>"$PATCHED/kernel/sched/rt.c"
	expect 0 'discarded the edit of kernel/sched/core.c \(kept in' scripts/lab tree --discard
	same "$(sed -n 10p "$PATCHED/kernel/sched/core.c")" "core ten"
	same "$(tail -n 1 "$PATCHED/kernel/sched/rt.c")" "rt line 30"
	grep -q '^+edit' "$XDG_CACHE_HOME"/sched_vm/discarded/*.diff
}

test_tree_discards_edits_in_ci() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/core.c"
	echo stray >"$PATCHED/kernel/sched/stray.c"
	CI=true scripts/lab tree
	same "$(tail -n 1 "$PATCHED/kernel/sched/core.c")" "core line 60"
	[ ! -e "$PATCHED/kernel/sched/stray.c" ] || fail "the stray file is still there"
}

test_tree_refuses_an_edit_under_a_changed_series() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/core.c"
	make_patch 0003-three.patch kernel/sched/core.c 's/^core line 50$/core fifty/'
	expect 125 'kernel/sched/core.c was edited.*its patches have changed too' scripts/lab tree
	same "$(tail -n 1 "$PATCHED/kernel/sched/core.c")" edit
}

test_tree_refuses_an_edit_of_our_file_in_the_tree() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/ours.c"
	expect 125 'kernel/sched/ours.c is a file of this repository' scripts/lab tree
	scripts/lab tree --discard
	same "$(cat "$PATCHED/kernel/sched/ours.c")" ours
}

test_tree_reports_a_stray_file() {
	make_repo
	scripts/lab tree
	echo stray >"$PATCHED/kernel/sched/stray.c"
	expect 0 'stray.c: unknown file' scripts/lab tree
}

test_tree_names_a_patch_that_does_not_apply() {
	make_repo
	sed -i 's/^ core line 11$/ core line eleven/' patches/linux-7.3/0001-one.patch
	expect 125 'error: patches/linux-7.3/0001-one.patch does not apply to .*: kernel/sched/core.c: Hunk #1 FAILED at' scripts/lab tree
	same "$(grep -c . "$WORK/output")" "$(grep -c '^lab: ' "$WORK/output")"
}

test_tree_names_a_missing_patch() {
	make_repo
	echo 0009-nine.patch >>patches/linux-7.3/series
	expect 125 'series names 0009-nine.patch' scripts/lab tree
}

test_tree_refuses_a_copy_of_a_kernel_file() {
	make_repo
	cp "$WORK/linux/kernel/sched/rt.c" kernel/sched/rt.c
	expect 125 'kernel/sched/rt.c is an existing file of the kernel' scripts/lab tree
}

test_fetch_takes_a_tarball() {
	make_repo
	tar -C "$WORK" -cJf "$WORK/linux.tar.xz" linux
	LINUX_SRC=$WORK/linux.tar.xz scripts/lab tree
	same "$(sed -n 10p "$PATCHED/kernel/sched/core.c")" "core ten"
}

test_fetch_keeps_trees_of_other_sources() {
	make_repo
	scripts/lab tree
	cp -a "$WORK/linux" "$WORK/linux2"
	LINUX_SRC=$WORK/linux2 expect 125 'clean --sources first' scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/core.c"
	LINUX_SRC=$WORK/linux2 expect 125 'would lose the edits' scripts/lab clean --sources
	scripts/lab tree --discard
	LINUX_SRC=$WORK/linux2 scripts/lab clean --sources
	LINUX_SRC=$WORK/linux2 scripts/lab tree
	rm -rf "$WORK/linux2"
}

test_fetch_refuses_another_version() {
	make_repo
	sed -i 's/PATCHLEVEL = 3/PATCHLEVEL = 2/' "$WORK/linux/Makefile"
	expect 125 "is Linux '7.2', not 7.3" scripts/lab tree
	[ ! -e "$XDG_CACHE_HOME/sched_vm/src/vanilla" ] || fail "it was taken all the same"
}

test_fetch_refuses_a_broken_tarball() {
	make_repo
	tar -C "$WORK" -cJf "$WORK/linux.tar.xz" linux
	head -c 300 "$WORK/linux.tar.xz" >"$WORK/half.tar.xz"
	LINUX_SRC=$WORK/half.tar.xz expect 125 'unpacking .*half.tar.xz failed.*log: ' scripts/lab tree
	[ ! -e "$XDG_CACHE_HOME/sched_vm/src/vanilla" ] || fail "half a tree was taken for a whole one"
}

test_fetch_starts_again_after_an_interruption() {
	make_repo
	mkdir -p "$XDG_CACHE_HOME/sched_vm/src/.vanilla.new" "$XDG_CACHE_HOME/sched_vm/src/.patched.new/kernel"
	echo half >"$XDG_CACHE_HOME/sched_vm/src/.vanilla.new/half"
	scripts/lab tree
	[ ! -e "$PATCHED/half" ] || fail "leftovers of the interrupted attempt"
	same "$(sed -n 10p "$PATCHED/kernel/sched/core.c")" "core ten"
}

# A machine whose mirror fails and whose kernel.org is the folder $WORK/cdn.
make_cdn() {
	mkdir -p "$WORK/bin" "$WORK/cdn"
	rm -f "$WORK"/cdn/*
	tar -C "$WORK" -cJf "$WORK/cdn/linux-7.3.4.tar.xz" linux
	(cd "$WORK/cdn" && sha256sum linux-7.3.4.tar.xz >sha256sums.asc)
	cat >"$WORK/bin/curl" <<-EOF
		#!/bin/bash
		while [ \$# -gt 1 ]; do [ "\$1" != -o ] || out=\$2; shift; done
		cp "$WORK/cdn/\${1##*/}" "\$out"
	EOF
	printf '#!/bin/sh\nexit 100\n' >"$WORK/bin/apt-get"
	chmod +x "$WORK"/bin/*
	unset LINUX_SRC
	PATH=$WORK/bin:$PATH
}

test_fetch_falls_back_to_kernel_org() {
	make_repo
	make_cdn
	expect 0 'trying kernel.org' scripts/lab tree
	same "$(sed -n 10p "$PATCHED/kernel/sched/core.c")" "core ten"
	mv "$WORK/cdn" "$WORK/gone"  # nothing is downloaded twice
	rm -rf "$XDG_CACHE_HOME/sched_vm/src"
	scripts/lab tree
	rm -rf "$WORK/gone"
}

test_fetch_checks_the_checksum() {
	make_repo
	make_cdn
	echo x >>"$WORK/cdn/linux-7.3.4.tar.xz"
	expect 125 'has a wrong checksum' scripts/lab tree
	[ ! -e "$XDG_CACHE_HOME/sched_vm/src/vanilla" ] || fail "it was taken all the same"
}

# Another version at kernel.org: add_version 7.3.6 [a line of core.c that it changes]
add_version() {
	rm -rf "$WORK/other"
	mkdir "$WORK/other"
	cp -a "$WORK/linux" "$WORK/other/linux"
	sed -i "s/^SUBLEVEL = .*/SUBLEVEL = ${1##*.}/" "$WORK/other/linux/Makefile"
	[ -z "${2:-}" ] || sed -i "s/^core line $2\$/core line, changed/" "$WORK/other/linux/kernel/sched/core.c"
	tar -C "$WORK/other" -cJf "$WORK/cdn/linux-$1.tar.xz" linux
	(cd "$WORK/cdn" && sha256sum linux-*.tar.xz >sha256sums.asc)
}

sublevel() {
	sed -n 's/^SUBLEVEL = //p' "$XDG_CACHE_HOME/sched_vm/src/vanilla/Makefile"
}

# The mirrors move on: any 7.3.x will do, the newest first, 10 after 9.
test_fetch_takes_a_newer_version() {
	make_repo
	make_cdn
	add_version 7.3.9
	add_version 7.3.10
	add_version 7.4.1
	expect 0 'Linux 7.3 is in .*linux-7.3.10.tar.xz' scripts/lab tree
	same "$(sublevel)" 10
	same "$(sed -n 10p "$PATCHED/kernel/sched/core.c")" "core ten"
}

test_fetch_takes_the_newest_that_fits() {
	make_repo
	make_cdn
	add_version 7.3.5
	add_version 7.3.6 41
	expect 0 '0002-two.patch does not apply to linux-7.3.6.tar.xz: kernel/sched/core.c: Hunk #1 FAILED at' scripts/lab tree
	same "$(sublevel)" 5
	same "$(sed -n 40p "$PATCHED/kernel/sched/core.c")" "core forty"
}

test_fetch_says_what_does_not_fit() {
	make_repo
	make_cdn
	rm "$WORK"/cdn/*
	add_version 7.3.6 11
	add_version 7.3.5 41
	expect 125 'apply to no Linux 7.3 that there is \(linux-7.3.6.tar.xz linux-7.3.5.tar.xz; log: .*correct them' \
		scripts/lab tree
	grep -q '0001-one.patch does not apply to linux-7.3.6.tar.xz: kernel/sched/core.c: Hunk #1 FAILED at' "$WORK/output"
	grep -q '0002-two.patch does not apply to linux-7.3.5.tar.xz: kernel/sched/core.c: Hunk #1 FAILED at' "$WORK/output"
	[ ! -e "$XDG_CACHE_HOME/sched_vm/src/vanilla" ] || fail "it was taken all the same"
}

# A Debian mirror with these versions of the package, each with a tarball of Linux:
# add_deb 7.3.6-1 [a line of core.c that it changes]
add_deb() {
	local tree=$WORK/deb-tree
	add_version "${1%%-*}" "${2:-}"
	rm -rf "$tree"
	mkdir -p "$tree/DEBIAN" "$tree/usr/src"
	mv "$WORK/cdn/linux-${1%%-*}.tar.xz" "$tree/usr/src/linux-source-7.3.tar.xz"
	printf 'Package: linux-source-7.3\nVersion: %s\nArchitecture: all\nMaintainer: A Tester <tester@example.org>\nDescription: test\n' \
		"$1" >"$tree/DEBIAN/control"
	mkdir -p "$WORK/mirror"
	dpkg-deb -b "$tree" "$WORK/mirror/linux-source-7.3_$1_all.deb" >/dev/null
	cat >"$WORK/bin/apt-get" <<-EOF
		#!/bin/bash
		case "\$*" in
		indextargets*) echo "http://mirror.example.org/ \$(. /etc/os-release && echo "\$VERSION_CODENAME")" ;;
		*download*) echo "\${!#}" >>"$WORK/asked"; cp "$WORK/mirror/linux-source-7.3_\${!###*=}_all.deb" . 2>/dev/null ||
			cp "$WORK/mirror/\$(echo "\${!#}" | tr = _)_all.deb" . ;;
		esac
	EOF
	cat >"$WORK/bin/apt-cache" <<-EOF
		#!/bin/sh
		cd "$WORK/mirror" && ls | sed -E 's/^(.*)_(.*)_all.deb/ \1 | \2 | http:\/\/mirror.example.org\/ main amd64 Packages/'
	EOF
	chmod +x "$WORK"/bin/*
}

test_fetch_debian_keeps_several() {
	make_repo
	make_cdn
	rm -rf "$WORK/mirror" "$WORK/asked"
	add_deb 7.3.4-1
	add_deb 7.3.10-1~bpo13+1
	add_deb 7.3.12-1 41
	expect 0 '0002-two.patch does not apply to linux-source-7.3_7.3.12-1_all.deb: kernel/sched/core.c: Hunk #1 FAILED at' scripts/lab tree
	same "$(sublevel)" 10
	same "$(paste -sd ' ' "$WORK/asked")" "linux-source-7.3=7.3.12-1 linux-source-7.3=7.3.10-1~bpo13+1"
	rm -rf "$XDG_CACHE_HOME/sched_vm/src" "$WORK/mirror"
	scripts/lab tree
	same "$(sublevel)" 10
}

test_fetch_without_any_source() {
	make_repo
	make_cdn
	rm "$WORK/cdn"/*
	expect 125 'set LINUX_SRC= to a tarball or tree of it' scripts/lab tree
}

test_full_disk_is_said() {
	make_repo
	mkdir -p "$WORK/bin"
	printf '#!/bin/sh\necho Filesystem\necho x 9 9 5 99 /\n' >"$WORK/bin/df"
	chmod +x "$WORK/bin/df"
	PATH=$WORK/bin:$PATH expect 125 'needs [0-9]+ MiB in .*, and 5 are free: make room' scripts/lab tree
}

test_two_labs_at_once() {
	make_repo
	scripts/lab tree &
	scripts/lab tree
	wait $!
	same "$(sed -n 10p "$PATCHED/kernel/sched/core.c")" "core ten"
}

test_missing_packages_are_named() {
	make_repo
	echo 'no-such-package-of-debian  test' >>scripts/deps.list
	expect 0 'apt-get install .* no-such-package-of-debian' scripts/lab deps --dry-run
	sed -i 's/^lz4 /no-lz4 /' scripts/deps.list
	sed -i 's/ dwarves lz4$/ dwarves no-lz4/' scripts/lab.d/kernel.sh
	expect 125 'packages are missing \(no-lz4\): run scripts/lab deps' scripts/lab kernel
}

# Clones share a cache, and with it the tree.
test_tree_says_whose_it_was() {
	make_repo
	scripts/lab tree
	cp -a "$REPO" "$WORK/clone"
	echo "ours, changed" >"$WORK/clone/kernel/sched/ours.c"
	expect 0 "it had the sources of $REPO, and has those of $WORK/clone now" "$WORK/clone/scripts/lab" tree
	expect 0 "it had the sources of $WORK/clone, and has those of $REPO now" scripts/lab tree
	scripts/lab tree >"$WORK/said" 2>&1
	same "$(cat "$WORK/said")" ""
}
