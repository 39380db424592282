#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the lab itself (TAP). They use a cache and a repository of their own and
# a "Linux 7.3" of a few files, so they take seconds and disturb nobody.
# With --boot [KIND] (default release; or --boot --kernel KIND), kernels of the real
# cache are booted, too.

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sched_vm-test.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

# shellcheck source=scripts/test-lab.d/harness.sh
. "$TOP/scripts/test-lab.d/harness.sh"
# shellcheck source=scripts/test-lab.d/tree.sh
. "$TOP/scripts/test-lab.d/tree.sh"
# shellcheck source=scripts/test-lab.d/patches.sh
. "$TOP/scripts/test-lab.d/patches.sh"
# shellcheck source=scripts/test-lab.d/run.sh
. "$TOP/scripts/test-lab.d/run.sh"
# shellcheck source=scripts/test-lab.d/check.sh
. "$TOP/scripts/test-lab.d/check.sh"
# shellcheck source=scripts/test-lab.d/report.sh
. "$TOP/scripts/test-lab.d/report.sh"

case ${1:-} in
'') tests=$(declare -F | sed -n 's/^declare -f \(test_.*\)/\1/p') ;;
--boot)
	shift
	[ "${1:-}" != --kernel ] || shift
	BOOT_KERNEL=${1:-release}
	tests=$(declare -F | sed -n -E 's/^declare -f ((test|boot)_.*)/\1/p')
	;;
-h | --help)
	echo "usage: scripts/test-lab.sh [--boot [--kernel KIND]] | TEST..."
	exit
	;;
*) tests="$*" ;;
esac
# shellcheck disable=SC2086
run_tests $tests
