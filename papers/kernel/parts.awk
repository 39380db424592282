# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -v name=PATH -f parts.awk SET
#
# A set on several CPUs as several sets: CPUs that have no vCPU in common have nothing to do
# with each other, and so are machines of their own. Writes PATH-CPUS-N.set, where N counts
# from 1, and the CPUs of each from 0.

# Which CPU stands for all that have to do with this one?
function of(cpu) {
	while (cpu in same)
		cpu = same[cpu]
	return cpu
}

$1 == "server" {
	server[++servers] = $0
	vcpu = $2 " " $3
	if (vcpu in first && of($4) != of(first[vcpu]))
		same[of($4)] = of(first[vcpu])
	if (!(vcpu in first))
		first[vcpu] = $4
	used[$4] = 1
}

$1 == "task" { task[++tasks] = $0 }

$1 == "seed" { seed = $0 }

# The servers and tasks of those CPUs for which @root stands
function write_part(root,    cpu, i, word, nr, file, number) {
	for (cpu = 0; cpu < 16; cpu++)
		if (cpu in used && of(cpu) == root)
			number[cpu] = nr++
	file = name "-" nr "-" ++parts ".set"
	printf "cpus %d\n%s\n", nr, seed >file
	for (i = 1; i <= servers; i++) {
		split(server[i], word, " ")
		if (!(word[4] in number))
			continue
		word[4] = number[word[4]]
		print word[1], word[2], word[3], word[4], word[5], word[6], word[7], word[8], word[9] >file
	}
	for (i = 1; i <= tasks; i++) {
		split(task[i], word, " ")
		if (first[word[2] " " word[3]] in number)
			print task[i] >file
	}
	close(file)
}

END {
	for (i = 0; i < 16; i++)
		if (i in used && of(i) == i)
			write_part(i)
}
