# SPDX-License-Identifier: GPL-2.0
#
# make help lists what there is. What it takes is in scripts/lab; further targets
# come from the fragments scripts/make/*.mk, whose help lines are the comments
# "##" after a target's name.

LAB := scripts/lab

.PHONY: help deps tree kernel patches shell export test-lab clean distclean

help: ## this list
	@echo 'Targets:'
	@sed -n -E 's/^([a-z][a-z0-9_-]*):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo
	@echo 'KIND=... chooses the kind of kernel (release, off, vanilla, preempt, debug, kcsan, debian).'
	@echo 'scripts/lab help lists all commands of the lab.'

deps: ## install the Debian packages needed
	$(LAB) deps

tree: ## bring the patched kernel tree up to date
	$(LAB) tree

kernel: ## build the kernel (KIND=release)
	$(LAB) kernel --kernel $(or $(KIND),release)

patches: ## turn edits in the kernel tree into patches (PATCH=name.patch)
	scripts/make-patches $(PATCH)

shell: ## boot the kernel with a shell (KIND=release)
	$(LAB) shell --kernel $(or $(KIND),release)

export: ## the whole change as a git-am-able series in out/export
	$(LAB) export out/export

test-lab: ## the quick tests of the lab itself
	scripts/test-lab.sh

clean: ## remove builds and out/
	$(LAB) clean

distclean: ## and the kernel sources and the cache
	$(LAB) clean --all

-include $(sort $(wildcard scripts/make/*.mk))
