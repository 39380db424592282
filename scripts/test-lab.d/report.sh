# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the demo's report, on made-up response times.

# make_times SCENARIO COUNT AWK-EXPRESSION: of i, from 1, in us; half in each part
make_times() {
	local part
	for part in 1 2; do
		awk -v n="$2" -v part="$part" 'BEGIN {
			print "request,due_us,started_us,response_us"
			for (i = part; i <= n; i += 2)
				printf "%d,%d,%d,%d\n", j, j * 380000, j++ * 380000, '"$3"' }' >"$DEMO/$1.$part.csv"
		echo "end_us,length_us" >"$DEMO/$1.$part.stalls"
	done
	printf '%s\t100000000\t20000000\t%d\n' "$1" 60000000 >>"$DEMO/usage.txt"
}

make_demo() {
	DEMO=$WORK/demo
	rm -rf "$DEMO"
	mkdir "$DEMO"
	printf '%s\t%s\n' period_us 380000 budget_us 76000 cost_us 38000 margin_percent 200 vcpus2 4 connections 16 \
		>"$DEMO/facts.txt"
	printf '100\tqemu\tOTHER\t1\tvm1\tvm1\n' >"$DEMO/threads.txt"
	printf 'none-load\t100\t64\nfair-load\t100\t60\ncbs-load\t100\t110\nhalf-load\t100\t90\n' >"$DEMO/load.txt"
	printf 'scripts/lab run\n' >"$DEMO/started.txt"
	printf 'echo x\n' >"$DEMO/commands.txt"
	printf 'what\tis\nmachine\tof nobody\n' >"$DEMO/machine.txt"
	make_times none-idle "${1:-220}" '60000 + 400 * i'
	make_times none-load "${2:-330}" '100000 + 2500 * i'
	make_times fair-load "${1:-220}" '50000 + 600 * i'
	make_times cbs-idle "${2:-330}" '15000 + 85 * i'
	make_times cbs-load "${2:-330}" '16000 + 87 * i'
	make_times half-idle "${2:-330}" '15500 + 86 * i'
	make_times half-load "${2:-330}" '16000 + 95 * i'
}

# Of 330, the 95th percentile is the 314th (0.95 x 330 = 313.5), and its interval, from
# the binomial distribution, is from the 305th to the 322nd.
test_report_percentiles() {
	make_repo
	same "$(seq 330 | awk -v deadline=300 -v lost=0 -f "$TOP/demo/stats.awk")" \
		"330 165.5 95.4 165.0 314.0 305.0 322.0 327.0 330.0 9.1"
	same "$(seq 299 | awk -v deadline=1000 -v lost=0 -f "$TOP/demo/stats.awk" | cut -d' ' -f5,8,9)" "285.0 - 299.0"
	same "$(seq 99 | awk -v deadline=1000 -v lost=0 -f "$TOP/demo/stats.awk" | cut -d' ' -f5-9)" "- - - - 99.0"
	same "$(seq 280 | awk -v deadline=1000 -v lost=20 -f "$TOP/demo/stats.awk" | cut -d' ' -f1,5-10)" \
		"300 inf 277.0 inf inf inf 6.7"
}

test_report_shows_the_effect() {
	make_demo
	expect 0 '^Shown: .* 95 % of its requests within' "$TOP/demo/report.sh" "$DEMO"
	grep -q '^reservation, guest 2 loaded .* 330 ' "$DEMO/table.txt"
	grep -q '3.54 of 20 ms' "$DEMO/table.txt"
	grep -q 'later than the period .*more than 30$' "$DEMO/table.txt"
	grep -q 'standard deviation .* (1.62 ms)$' "$DEMO/table.txt"
	grep -q 'maximum .* (7.10 ms)$' "$DEMO/table.txt"
	grep -q 'maximum .* (6.2 ms)$' "$DEMO/table.txt"
	grep -q 'maximum .* (27 ms)$' "$DEMO/table.txt"
	grep -q 'helps even beside an idle neighbour (mean ' "$DEMO/table.txt"
	grep -q 'gets more done beside the reservation (110 instead of 64' "$DEMO/table.txt"
	! grep -q 'Left out' "$DEMO/table.txt" || fail "there was no standstill"
	local tick
	for tick in 20 50 100 200 500; do
		grep -qE "<text[^>]*>(<[^>]*>)*$tick<|<text>.*$tick.*</text>" "$DEMO/report.html" || fail "no tick at $tick"
	done
	grep -q 'deadline, 380 ms' "$DEMO/report.html"
}

test_report_with_a_standstill() {
	make_demo
	# In the midst of request 10 of the first part: that, and those of five times
	# its length and a period after it, are left out.
	echo "3830000,100000" >>"$DEMO/cbs-load.1.stalls"
	expect 0 '^Left out, by the same rule in all scenarios: 3 requests' "$TOP/demo/report.sh" "$DEMO"
	grep -q '^The same with nothing left out:$' "$DEMO/table.txt"
	same "$(grep -c '^reservation, guest 2 loaded ' "$DEMO/table.txt")" 2
	grep -qE '^reservation, guest 2 loaded +327 ' "$DEMO/table.txt"
}

test_report_with_too_few() {
	make_demo 60 90
	expect 1 '^NOT shown: only 60 requests were measured in a scenario .*, guest 2 idle.; 200 are needed' \
		"$TOP/demo/report.sh" "$DEMO"
	! grep -E '^reservation, guest 2 loaded +90 .*34.8 +34.8' "$DEMO/table.txt" || fail "a maximum as a percentile"
	local name
	for name in none-load cbs-idle cbs-load half-idle half-load; do
		make_demo 200 300
		make_times $name 299 '16000 + 87 * i'
		expect 1 '^NOT shown: only 299 requests were measured .*; 300 are needed' "$TOP/demo/report.sh" "$DEMO"
	done
	for name in none-idle fair-load; do
		make_demo 200 300
		make_times $name 199 '60000 + 400 * i'
		expect 1 '^NOT shown: only 199 requests were measured .*; 200 are needed' "$TOP/demo/report.sh" "$DEMO"
	done
}

# Those that are left out were measured, but enough must be left.
test_report_with_too_few_left() {
	make_demo 200 300
	expect 0 '^Shown: ' "$TOP/demo/report.sh" "$DEMO"
	# Numbers 42 to 91 of the first part are under way, or due until a period after it.
	echo "19000000,3100000" >>"$DEMO/none-idle.1.stalls"
	expect 0 '^Shown: ' "$TOP/demo/report.sh" "$DEMO"
	grep -qE '^no reservation, guest 2 idle +150 .* 50$' "$DEMO/table.txt"
	# And two more.
	echo "19000000,3200000" >>"$DEMO/none-idle.1.stalls"
	expect 1 '^NOT shown: only 148 requests of a scenario are left; 150 are needed' \
		"$TOP/demo/report.sh" "$DEMO"
}

test_report_without_an_effect() {
	make_demo
	make_times cbs-load 330 '100000 + 1500 * i'
	expect 1 'NOT shown: with the reservation the load' "$TOP/demo/report.sh" "$DEMO"
	make_demo
	make_times none-load 330 '60000 + 400 * i'
	expect 1 'NOT shown: even without' "$TOP/demo/report.sh" "$DEMO"
}

# Q/2 is 38 ms of 380. The whole reservation answers 95 % within 43.3 ms beside the loaded
# guest 2, 99 % within 44.4, and within 42.8 beside the idle one. So 95 % take 38 + 2 x 5.3
# ms with half of the CPU beyond Q/2, and 99 % a period and 6.4 ms with nothing.
test_report_of_half() {
	make_demo
	expect 0 '^Shown: .* beside the loaded one it takes 45.8 ms .*, and 175.4 ms .* alone' "$TOP/demo/report.sh" "$DEMO"
	grep -q '99th percentile  *43.6  *64.2: 1.5 times 42.8, ' "$DEMO/table.txt"
	grep -q '99th percentile  *47.1  *386.4: what the half gives' "$DEMO/table.txt"
	grep -q '95th percentile  *45.8 (45.0 - 46.6)  *less than 175.4, ' "$DEMO/table.txt"
	grep -q 'half of the CPU  *-  *48.6, ' "$DEMO/table.txt"
	grep -q '>half + extra time, guest 2 loaded<' "$DEMO/report.html"
}

# Longer requests than one period holds: 10 ms and half of the other 370 are 195 ms in
# each; so 250 ms are a period, 10 ms, and 2 x 45 ms.
test_report_of_half_in_periods() {
	make_demo
	sed -i 's/^budget_us.*/budget_us\t20000/' "$DEMO/facts.txt"
	"$TOP/demo/report.sh" "$DEMO" >"$WORK/output" || true
	grep -q '  *76.6, and what' "$DEMO/table.txt"
	grep -q '1524.4: what the half gives' "$DEMO/table.txt"
	make_times cbs-load 330 250000
	expect 1 'NOT shown: with the reservation the load' "$TOP/demo/report.sh" "$DEMO"
	grep -q '  *480.0, and what' "$DEMO/table.txt"
}

# half_is_not PATTERN SCENARIO AWK-EXPRESSION: the verdict is about that
half_is_not() {
	make_demo
	make_times "$2" 330 "$3"
	expect 1 "^NOT shown: $1" "$TOP/demo/report.sh" "$DEMO"
}

# No extra time; one request in fifty; later than with Q/2 alone; as with a normal share
# alone; no answer.
test_report_without_half() {
	half_is_not 'beside an idle .* 99th percentile of 388.1 ms' half-idle 'i < 250 ? 15500 + 86 * i : 360000 + 86 * i'
	half_is_not 'beside an idle .* 99th percentile of 128.1 ms' half-idle 'i < 324 ? 15500 + 86 * i : 100000 + 86 * i'
	half_is_not 'beside a loaded .* 99th percentile of 408.4' half-load 'i < 324 ? 16000 + 87 * i : 380000 + 87 * i'
	half_is_not 'beside a loaded .* 95th percentile of 175.8 ms .*, and 175.4' half-load '4 * 16000 + 356 * i'
	make_demo
	sed -i '2,20s/[0-9]*$/lost/' "$DEMO/half-load.1.csv"
	expect 1 '^NOT shown: beside a loaded .* 99th percentile of inf' "$TOP/demo/report.sh" "$DEMO"
}

# Few are left: the 95th percentile is compared. Without half, the rest is as it was.
test_report_of_less_than_half() {
	make_demo
	make_times half-idle 300 '15500 + 86 * i'
	echo "3830000,100000" >>"$DEMO/half-idle.1.stalls"
	expect 0 '^Shown: .* 95th percentile of 40.1 ms' "$TOP/demo/report.sh" "$DEMO"
	make_demo
	rm "$DEMO"/half-*
	expect 0 '^Shown: .*without, it takes .*ms .*\)\.$' "$TOP/demo/report.sh" "$DEMO"
	! grep -q 'extra time' "$DEMO/report.html" || fail "half is in the report"
}

# The 99th percentile is asked for in five scenarios.
test_demo_how_many_requests() {
	(
		# shellcheck source=demo/host-measure.sh
		. "$TOP/demo/host-measure.sh"
		REQUESTS=$(sed -n 's/^REQUESTS=\([0-9]*\)\t.*/\1/p' "$TOP/demo/host.sh")
		same "$(requests cbs-load) $(requests cbs-idle) $(requests none-load)" "330 330 330"
		same "$(requests half-load) $(requests half-idle)" "330 330"
		same "$(requests none-idle) $(requests fair-load)" "220 220"
		# 5 x 330 + 2 x 220 requests, and 14 parts with 2 s before them: 487.8 s
		PERIOD_US=220000
		same "$(measure_minutes)" 9
		SCENARIOS=("${PLAIN_SCENARIOS[@]}")
		same "$(measure_minutes)" 4
	)
}

# fake_write TEXT FILE: what the kernel makes of it; each is noted down
fake_write() {
	local text=$1
	echo "${2##*/}=$1" >>"$WORK/writes"
	case ${2##*/}=$1 in
	cpu.rt.max=max) text="max 100000 max" ;;
	cgroup.subtree_control=+cpu)
		text=cpu
		echo none >"$CGROUPS/vm1/cpu.rt_extra"
		echo "max 100000 max" >"$CGROUPS/vm1/cpu.rt.max"
		;;
	cgroup.subtree_control=-cpu)
		text=
		rm "$CGROUPS"/vm1/cpu.*
		;;
	esac
	echo "$text" >"$2"
}

# Forth and back: each scenario finds what is its own, and nothing of the one before.
test_demo_reserves() {
	# shellcheck source=demo/host-measure.sh
	. "$TOP/demo/host-measure.sh"
	CGROUPS=$WORK/cgroups BUDGET_US=76000 PERIOD_US=380000
	mkdir -p "$CGROUPS/vm1"
	: >"$CGROUPS/cgroup.subtree_control"
	traced_write() { fake_write "$@"; }
	local name extra max
	for name in none fair cbs half none half fair cbs half cbs none; do
		reserve $name
		case $name in
		none) [ ! -e "$CGROUPS/vm1/cpu.rt.max" ] || fail "the controller is on"; continue ;;
		fair) extra=none max="max 100000 max" ;;
		cbs) extra=none max="76000 380000" ;;
		half) extra=fair max="38000 380000" ;;
		esac
		same "$name: $(cat "$CGROUPS/vm1/cpu.rt_extra"), $(cat "$CGROUPS/vm1/cpu.rt.max")" "$name: $extra, $max"
	done
}

# The QEMU that the host of the guests ran in, which need not be the installed one.
test_report_names_the_qemu_that_ran() {
	mkdir -p "$WORK/named"
	printf '#!/bin/sh\necho "QEMU emulator version 99.1"\n' >"$WORK/named/qemu"
	printf '#!/bin/sh\n[ "$*" = "path qemu" ] && echo %s\n' "$WORK/named/qemu" >"$WORK/named/lab"
	chmod +x "$WORK/named/qemu" "$WORK/named/lab"
	# shellcheck disable=SC2034 # of describe_machine
	(
		LAB=$WORK/named/lab OUT=$WORK/named
		# shellcheck source=demo/run-lib.sh
		. "$TOP/demo/run-lib.sh"
		describe_machine "web server" "nginx 1"
	)
	same "$(grep -c "^QEMU of the host of the guests	QEMU emulator version 99.1$" "$WORK/named/machine.txt")" 1
	same "$(grep -c "^web server	nginx 1$" "$WORK/named/machine.txt")" 1
}

# make_judge: bench/run.sh with a lab that measures nothing, and a report that ends with
# the next line of $WORK/verdicts each time
make_judge() {
	make_repo
	mkdir -p bench demo out/bench-vm/build
	cp "$TOP/bench/run.sh" bench/
	cp "$TOP"/demo/{run,options,keep}-lib.sh demo/
	printf '#!/bin/sh\n' | tee bench/host.sh >bench/mkinitramfs.sh
	cp -r "$TOP/bench/guest" bench/
	mkdir -p demo/guest tools/sched_vm out/bench-vm/build/nginx/usr/sbin
	printf '#!/bin/sh\necho x >"$2"\n' >bench/guest/mkinitramfs.sh
	touch demo/guest/initramfs-lib.sh
	echo 'all:' >tools/sched_vm/Makefile
	# Neither is fetched nor built.
	cp /bin/true out/bench-vm/build/nginx/usr/sbin/nginx
	echo x >out/bench-vm/build/client
	cat >scripts/lab <<-EOF
		#!/bin/sh
		case \$1 in
		path) echo true ;;
		run) echo run >>"$WORK/runs"; touch out/bench-vm/facts.txt; exit \$(cat "$WORK/lab-status") ;;
		esac
	EOF
	cat >bench/report.sh <<-EOF
		#!/bin/sh
		echo report >"\$1/report.html"
		read -r status <"$WORK/verdicts"
		sed -i 1d "$WORK/verdicts"
		exit \$status
	EOF
	chmod +x bench/*.sh bench/guest/*.sh scripts/lab
	echo 0 >"$WORK/lab-status"
	touch "$WORK/kernel"
}

judged() {
	rm -f "$WORK/runs"
	printf '%s\n' "$@" >"$WORK/verdicts"
	# shellcheck disable=SC2086
	bench/run.sh --no-deps --kernel "$WORK/kernel" ${BENCH:-}
}

# A part that is measured takes nothing away of what it took a night to measure.
test_report_keeps_the_last_whole_one() {
	make_judge
	judged 0
	echo precious >out/bench-vm/linear.csv
	local try
	for try in 1 2; do
		BENCH="--only suggest" judged 0
		same "$(cat out/bench-vm.last/linear.csv)" precious
		[ -e out/bench-vm.last/report.html ] && [ ! -e out/bench-vm.last/build ] || fail "try $try: it is not whole"
		[ ! -e out/bench-vm/whole ] || fail "a part is taken for everything"
		echo part >out/bench-vm/linear.csv
	done
	judged 0
	same "$(cat out/bench-vm.last/linear.csv)" precious
	[ -e out/bench-vm/whole ] || fail "this one was whole"
}

# A verdict on real time is repeated before it fails, and only once.
test_report_is_repeated() {
	make_judge
	expect 0 'the report, with the picture' judged 0
	same "$(wc -l <"$WORK/runs")" 1
	expect 0 'not shown: once more' judged 1 0
	same "$(wc -l <"$WORK/runs")" 2
	[ -e out/bench-vm/report-first.html ] || fail "the first report is gone"
	expect 1 'not shown: once more' judged 1 1 0
	same "$(wc -l <"$WORK/runs")" 2
	expect 2 '' judged 2 0
	same "$(wc -l <"$WORK/runs")" 1
	echo 99 >"$WORK/lab-status"
	expect 2 'the kernel has complained' judged 1 0
	same "$(wc -l <"$WORK/runs")" 1
}
