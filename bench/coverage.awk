# SPDX-License-Identifier: GPL-2.0
#
# Input: time-begin.tsv, time-end.tsv (of host-coverage.sh: thread, process, name, CPU
# it ran on last, CPU time in ns, its parent). Output: where, name, CPU, CPU time in
# ms, and as a percentage of that of the guest's threads; the last line is their
# sum. Variables: pid, of the guest's QEMU; listed, the threads of its cgroup, as ",1,2,".
#
# "outside" are the threads of the kernel. The host's own processes are left out: the
# other ends of the connections, and the shell that measures.

BEGIN { FS = OFS = "\t" }

FNR == NR { before[$1] = $5; next }

{ time = ($5 - before[$1]) / 1000000 }

time < 0.05 { next }

$2 == pid || index(listed, "," $1 ",") { add("guest", $3, $4, $1); sum += time; next }

$6 == 2 { add("outside", family($3), $4, ""); next }

# The workers of workqueues come and go.
function family(name) {
	sub(/^kworker.*/, "kworker", name)
	return name
}

function add(where, name, cpu, unique,    key) {
	key = where OFS name OFS cpu
	if (!((key, unique) in slot)) {
		slot[key, unique] = ++n
		line[n] = key
	}
	of[slot[key, unique]] += time
}

END {
	for (i = 1; i <= n; i++)
		printf "%s\t%.1f\t%.2f\n", line[i], of[i], 100 * of[i] / sum
	printf "sum\t\t\t%.1f\t100\n", sum
}
