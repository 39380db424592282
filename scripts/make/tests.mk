# SPDX-License-Identifier: GPL-2.0

.PHONY: check check-quick check-debug soak checkpatch

check: ## everything: builds four kernels, tests, prints the figures (CASES="basic live": these alone)
	scripts/check $(CASES)

check-quick: ## the tests that take seconds; one kernel
	scripts/check --quick

check-debug: ## the same tests under KASAN, lockdep, kmemleak; another kernel
	scripts/check --debug

soak: ## what finds more the longer it runs: long churn, random steps; a night
	scripts/check --soak

checkpatch: ## checkpatch --strict, codespell, shellcheck
	scripts/check --style
