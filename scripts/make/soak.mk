# SPDX-License-Identifier: GPL-2.0

SOAK := adversary-long adversary-long-2 adversary-long-4 adversary-debug

.PHONY: soak

soak: ## what takes hours: owners who do whatever they may, at random
	CHECK_BUILT_UNTIL=0 CHECK_STARTED_UNTIL=0 CASE_TIMEOUT=14400 scripts/check $(SOAK)
