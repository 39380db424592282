#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run-kvm.sh [KIND]: the tool with a real guest, in a machine of the lab where AMD-V
# is emulated, with an IOMMU and a network card. Some minutes, in real time. The kernel must have been
# built. BUILD is the folder of the programs.

set -e
here=$(cd "${0%/*}" && pwd)
build=${BUILD:-$here/../build}
cd "$here/../../.."
kind=${1:-release}
kernel=$(scripts/lab path "$kind")/arch/x86/boot/bzImage
exec scripts/lab run --no-build --kernel "$kind" --time real --kvm --cpus 2 --timeout 900 \
	--qemu -device --qemu intel-iommu,intremap=on --qemu -netdev --qemu user,id=card \
	--qemu -device --qemu e1000e,netdev=card,romfile= --out out/tools-kvm --add "$kernel" --add "$build" -- \
	"$here/kvm.sh" "$build/sched-vm" "$build/test-json" "$kernel"
