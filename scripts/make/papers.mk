# SPDX-License-Identifier: GPL-2.0

.PHONY: papers check-papers

papers: ## the published experiments beside the same here; report in out/papers
	papers/run.sh $(PAPERS)

check-papers: ## the tests of the model and of the verdicts: ten seconds
	$(MAKE) -C papers check
