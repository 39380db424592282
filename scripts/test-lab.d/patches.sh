# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of scripts/make-patches and scripts/lab export.

series_sum() {
	(cd "$REPO/patches/linux-7.3" && sha256sum -- *)
}

test_patches_are_normalised_once() {
	make_repo
	scripts/make-patches
	local sum
	sum=$(series_sum)
	grep -q '^diff --git a/kernel/sched/core.c b/kernel/sched/core.c$' patches/linux-7.3/0001-one.patch
	grep -q '^ kernel/sched/core.c | *2 +-$' patches/linux-7.3/0001-one.patch
	scripts/make-patches
	same "$(series_sum)" "$sum"
}

test_patches_take_an_edit() {
	make_repo
	scripts/make-patches
	local first
	first=$(sha256sum <patches/linux-7.3/0001-one.patch)
	sed -i 's/^core line 20$/core twenty/' "$PATCHED/kernel/sched/core.c"
	scripts/make-patches
	grep -q '^+core twenty$' patches/linux-7.3/0002-two.patch
	same "$(sha256sum <patches/linux-7.3/0001-one.patch)" "$first"
	for line in 'Subject: [PATCH] sched: 0002-two' Because. 'Signed-off-by: A Tester <tester@example.org>'; do
		same "$(grep -cxF "$line" patches/linux-7.3/0002-two.patch)" 1
	done
	scripts/lab tree >"$WORK/said" 2>&1
	same "$(cat "$WORK/said")" ""
	local sum
	sum=$(series_sum)
	scripts/make-patches
	same "$(series_sum)" "$sum"
}

test_patches_ask_where_to() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/rt.c"
	expect 125 'no patch touches kernel/sched/rt.c yet: make patches PATCH=' scripts/make-patches
}

test_patches_make_a_new_one() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/rt.c"
	scripts/make-patches 0003-three.patch
	same "$(tail -n 1 patches/linux-7.3/series)" 0003-three.patch
	grep -q '^From: A Tester <tester@example.org>$' patches/linux-7.3/0003-three.patch
	grep -q '^+edit$' patches/linux-7.3/0003-three.patch
	scripts/make-patches
	expect 125 'there is no edit' scripts/make-patches 0004-four.patch
}

test_patches_merge_into_an_earlier_one() {
	make_repo
	scripts/lab tree
	sed -i 's/^core line 20$/core twenty/' "$PATCHED/kernel/sched/core.c"
	scripts/make-patches 0001-one.patch
	grep -q '^+core twenty$' patches/linux-7.3/0001-one.patch
	! grep -q 'core twenty' patches/linux-7.3/0002-two.patch || fail "it is in both"
	same "$(sed -n 40p "$PATCHED/kernel/sched/core.c")" "core forty"
}

test_patches_refuse_an_overlap() {
	make_repo
	scripts/lab tree
	local sum
	sum=$(series_sum)
	sed -i 's/^core forty$/core 2 x 20/' "$PATCHED/kernel/sched/core.c"
	expect 125 'overlaps' scripts/make-patches 0001-one.patch
	same "$(series_sum)" "$sum"
	scripts/make-patches
	grep -q '^+core 2 x 20$' patches/linux-7.3/0002-two.patch
}

test_export_applies() {
	make_repo
	scripts/make-patches
	scripts/lab export "$WORK/mails" >"$WORK/said"
	cat "$WORK/said"
	grep -q '2 patches in .*; 3 lines added in existing kernel files' "$WORK/said"
	same "$(cd "$WORK/mails" && echo *)" \
		"0000-cover-letter.txt 0001-sched-0001-one.patch 0002-sched-0002-two.patch"
	grep -q '^Subject: \[PATCH 2/2\] sched: 0002-two$' "$WORK/mails/0002-sched-0002-two.patch"
	cp -a "$WORK/linux" "$WORK/am"
	cd "$WORK/am"
	git init -q . && git add . && git -c user.name=t -c user.email=t commit -qm vanilla
	git -c user.name=t -c user.email=t am -q "$WORK"/mails/000[12]-*
	for f in kernel/sched/core.c kernel/sched/ours.c include/linux/sched.h; do
		cmp "$f" "$PATCHED/$f"
	done
}

test_export_needs_a_place_for_every_file() {
	make_repo
	echo x >"$REPO/scripts/export.map"
	printf '0001-one.patch include/*\n' >scripts/export.map
	expect 125 'no line of scripts/export.map takes kernel/sched/ours.c' scripts/lab export "$WORK/mails"
}

test_export_refuses_an_edited_tree() {
	make_repo
	scripts/lab tree
	echo edit >>"$PATCHED/kernel/sched/core.c"
	expect 125 'edit that is not in patches/ yet' scripts/lab export "$WORK/mails"
}

test_export_new_files_alone() {
	make_repo
	printf 'From: A Tester <tester@example.org>\nSubject: [PATCH] sched: our file\n\nNew.\n\nSigned-off-by: A Tester <tester@example.org>\n' \
		>patches/linux-7.3/0000-ours.msg
	printf '0000-ours.msg kernel/*\n' >scripts/export.map
	printf 'A cover\n\nText.\n' >patches/linux-7.3/cover-letter.txt
	scripts/lab export "$WORK/mails"
	grep -q '^+ours$' "$WORK/mails/0001-sched-our-file.patch"
	grep -q '^Subject: \[PATCH 0/3\] A cover$' "$WORK/mails/0000-cover-letter.txt"
	grep -q '^A Tester (3):$' "$WORK/mails/0000-cover-letter.txt"
}

# The command that the help prints, with more than nine patches.
test_export_applies_as_told() {
	make_repo
	local i
	for i in $(seq 3 12); do
		make_patch "$(printf '%04d-p%d.patch' "$i" "$i")" kernel/sched/rt.c "s/^rt line $i\$/rt $i/"
	done
	scripts/lab export "$WORK/mails" >/dev/null
	rm -rf "$WORK/am"
	cp -a "$WORK/linux" "$WORK/am"
	cd "$WORK/am"
	git init -q . && git add . && git -c user.name=t -c user.email=t commit -qm vanilla
	export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t
	"$REPO/scripts/lab" export --help | sed -n 's/^    git am/git am -q/p' | sed "s|DIR|$WORK/mails|g" >"$WORK/command"
	grep -q . "$WORK/command"
	. "$WORK/command"
	same "$(git log --format=%s --reverse | sed 1d | sed 's/^sched: 00*//; s/-.*//' | paste -sd ' ')" \
		"1 2 3 4 5 6 7 8 9 10 11 12"
}
