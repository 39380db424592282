# SPDX-License-Identifier: GPL-2.0
#
# In the lab, as sh: guests with and without a reservation on one CPU, all of them busy. One
# has 4 of every 10 ms, and the others come one after the other. Output: lines
# "others=N domain=D PERCENT".

base=/sys/fs/cgroup/hosts

busy() {
	sh -c 'while :; do :; done' &
	echo $! >"$base/$1/cgroup.procs"
}

# used: the time now, in ns, and the CPU time of each, in us
used() {
	awk '/^now at/ { print "now", $3; exit }' /proc/timer_list
	for group in rt g1 g2 g3 g4 g5; do
		sed -n "s/^usage_usec/$group/p" $base/$group/cpu.stat
	done
}

echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
mkdir $base
echo +cpu >$base/cgroup.subtree_control
mkdir $base/rt $base/g1 $base/g2 $base/g3 $base/g4 $base/g5
echo "4000 10000" >$base/rt/cpu.rt.max || exit 1
busy rt
for n in 0 1 2 3 4 5; do
	[ $n = 0 ] || busy g$n
	# Behind nobody but the capsule, while it looks
	busybox chrt -f -p 97 $$ >/dev/null
	sleep 0.5
	used >/tmp/before
	sleep 4
	used >/tmp/after
	busybox chrt -o -p 0 $$ >/dev/null
	paste /tmp/before /tmp/after | awk -v n=$n '
		$1 == "now" { elapsed = ($4 - $2) / 1000; next }
		{
			share = 100 * ($4 - $2) / elapsed
			total += share
			if ($1 == "rt" || substr($1, 2) + 0 <= n)
				printf "# result others=%d domain=%s %.2f\n", n, $1 == "rt" ? "rt" : substr($1, 2), share
		}
		END { printf "# result others=%d total %.2f\n", n, total }'
done
echo 1 >$base/cgroup.kill
