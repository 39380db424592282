# SPDX-License-Identifier: GPL-2.0

.PHONY: papers check-papers

papers: ## the published experiments beside the same here, in two kernels (release; preempt for Table 2.1)
	papers/run.sh $(PAPERS)

check-papers: ## the tests of the model and of the verdicts: ten seconds
	$(MAKE) -C papers check
