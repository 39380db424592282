# SPDX-License-Identifier: GPL-2.0

.PHONY: bench-vm

bench-vm: ## KVM guests: what is in the capsule, throughput, isolation, latency; report in out/bench-vm
	bench/run.sh $(BENCH)
