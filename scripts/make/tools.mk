# SPDX-License-Identifier: GPL-2.0

.PHONY: tools check-tools

tools: ## the command-line tool: tools/sched_vm/build/sched-vm
	$(MAKE) -C tools/sched_vm

check-tools: tools ## its tests, those on the release kernel and with a guest included
	$(MAKE) -C tools/sched_vm check
	scripts/lab kernel
	tools/sched_vm/tests/run-lab.sh
	tools/sched_vm/tests/run-kvm.sh
