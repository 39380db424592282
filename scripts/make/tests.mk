# SPDX-License-Identifier: GPL-2.0

.PHONY: check check-quick check-debug checkpatch

check: ## everything: builds five kernels, tests, prints the figures
	scripts/check

check-quick: ## the tests that take seconds; one kernel
	scripts/check --quick

check-debug: ## the same tests under KASAN, lockdep, kmemleak; another kernel
	scripts/check --debug

checkpatch: ## checkpatch --strict, codespell, shellcheck
	scripts/check --style
