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
	printf 'none-load\t100\t64\nfair-load\t100\t60\ncbs-load\t100\t110\n' >"$DEMO/load.txt"
	printf 'scripts/lab run\n' >"$DEMO/started.txt"
	printf 'echo x\n' >"$DEMO/commands.txt"
	printf 'what\tis\nmachine\tof nobody\n' >"$DEMO/machine.txt"
	make_times none-idle "${1:-220}" '60000 + 400 * i'
	make_times none-load "${2:-330}" '100000 + 2500 * i'
	make_times fair-load "${1:-220}" '50000 + 600 * i'
	make_times cbs-idle "${2:-330}" '15000 + 85 * i'
	make_times cbs-load "${2:-330}" '16000 + 87 * i'
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
	expect 1 '^NOT shown: only 60 requests of a scenario are left; 150 are needed' "$TOP/demo/report.sh" "$DEMO"
	! grep -E '^reservation, guest 2 loaded +90 .*34.8 +34.8' "$DEMO/table.txt" || fail "a maximum as a percentile"
}

test_report_without_an_effect() {
	make_demo
	make_times cbs-load 330 '100000 + 1500 * i'
	expect 1 'NOT shown: with the reservation the load' "$TOP/demo/report.sh" "$DEMO"
	make_demo
	make_times none-load 330 '60000 + 400 * i'
	expect 1 'NOT shown: even without' "$TOP/demo/report.sh" "$DEMO"
}

# Three scenarios are the headline's.
test_demo_how_many_requests() {
	(
		# shellcheck source=demo/host-measure.sh
		. "$TOP/demo/host-measure.sh"
		REQUESTS=$(sed -n 's/^REQUESTS=\([0-9]*\)\t.*/\1/p' "$TOP/demo/host.sh")
		same "$(requests cbs-load) $(requests cbs-idle) $(requests none-load)" "330 330 330"
		same "$(requests none-idle) $(requests fair-load)" "220 220"
	)
}

# make_judge: bench/run.sh with a lab that measures nothing, and a report that ends with
# the next line of $WORK/verdicts each time
make_judge() {
	make_repo
	mkdir -p bench demo out/bench-vm/build
	cp "$TOP/bench/run.sh" bench/
	cp "$TOP/demo/run-lib.sh" demo/
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
	bench/run.sh --no-deps --kernel "$WORK/kernel"
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
