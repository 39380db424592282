# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# In the lab, as sh: guests with and without a reservation on one CPU, all of them busy. One
# has 4 of every 10 ms, and the others come one after the other; and all of that again with
# what cpu.rt_extra can be. Output: lines "others=N domain=D PERCENT", with "extra=E" before
# the domain. hosts.sh [EXTRA...]: these alone.

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

# others N: so many of them are there
others() {
	for other in 1 2 3 4 5; do
		echo $((other > $1)) >"$base/g$other/cgroup.freeze"
	done
}

# measure N SECONDS WORDS: with WORDS after the number of others
measure() {
	# Behind nobody but the capsule, while it looks
	chrt -f -p 97 $$ || exit 1
	sleep 0.5
	used >/tmp/before
	sleep "$2"
	used >/tmp/after
	chrt -o -p 0 $$ || exit 1
	paste /tmp/before /tmp/after | awk -v n="$1" -v words="$3" '
		$1 == "now" { elapsed = ($4 - $2) / 1000; next }
		{
			share = 100 * ($4 - $2) / elapsed
			total += share
			if ($1 == "rt" || substr($1, 2) + 0 <= n)
				printf "# result others=%d %sdomain=%s %.2f\n", n, words, $1 == "rt" ? "rt" : substr($1, 2), share
		}
		END { printf "# result others=%d %stotal %.2f\n", n, words, total }'
}

echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
mkdir $base
echo +cpu >$base/cgroup.subtree_control
mkdir $base/rt $base/g1 $base/g2 $base/g3 $base/g4 $base/g5
echo "4000 10000" >$base/rt/cpu.rt.max || exit 1
others 0
busy rt
for group in g1 g2 g3 g4 g5; do
	busy $group
done
[ $# -gt 0 ] || set -- none idle fair
for extra; do
	echo "$extra" >$base/rt/cpu.rt_extra || exit 1
	for n in 0 1 2 3 4 5; do
		others $n
		if [ "$extra" = none ]; then
			measure $n 4 ''
		else
			measure $n 2 "extra=$extra "
		fi
	done
done
echo 1 >$base/cgroup.kill
