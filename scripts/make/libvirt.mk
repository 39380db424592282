# SPDX-License-Identifier: GPL-2.0

.PHONY: libvirt check-libvirt

libvirt: ## fetch libvirt, apply libvirt/patches, build it
	libvirt/build

check-libvirt: ## libvirt's own tests with our patches, and those of the hook
	libvirt/test/run $(LIBVIRT)
