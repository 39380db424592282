# SPDX-License-Identifier: GPL-2.0

.PHONY: demo

demo: ## two KVM guests on one CPU, one with a reservation; report in out/demo
	demo/run.sh $(DEMO)
