# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A guest that answers requests at a fixed rate: what sched-vm suggest says of it, and how
# long the answers take with that. Sourced by host.sh.
#
#   whole       all of the CPU that admission gives, 95 %
#   suggestion  Q and P as suggested
#   below       the same with 20 % less Q

SUGGEST_MODES=(whole suggestion below)
SUGGEST_ROUNDS=2
SUGGEST_REQUESTS=160	# each time: with two rounds enough for a p99
SUGGEST_LOAD=30		# percent of a CPU that the requests take
SUGGEST_SECONDS=30	# watched
SUGGEST_LESS=20		# percent
# A shorter period than that of the requests would run dry with each of them, and of some
# hundred periods one may be an accident of the machine.
SUGGEST_PERCENTILE=99

# http COUNT PERIOD_US FILE: the client. As SCHED_FIFO, as what it waits for itself would be measured.
http() {
	traced taskset -c "$CLIENT_CPU" chrt -f 50 "$BUILD/client" -n "$1" -p "$2" -o "$3" "$(address 1)" 8080 /100k
}

# Sets HTTP_US, the time between two requests, by what they take.
suggest_calibrate() {
	local usage
	http 10 300000 "$LOGS/http.warm-up" || true
	usage=$(guest_cpu)
	http 30 300000 "$LOGS/http.calibration" || die "guest 1 does not answer all requests"
	usage=$((($(guest_cpu) - usage) / 30))
	HTTP_US=$(((usage * 100 / SUGGEST_LOAD + 999) / 1000 * 1000))
	fact suggest_request_us $usage
	fact suggest_interval_us $HTTP_US
	fact suggest_percentile $SUGGEST_PERCENTILE
	say "a request takes $usage us of CPU time: one each $HTTP_US us"
}

# CPU time of all threads of guest 1, in us
guest_cpu() {
	awk '$1 == "usage_usec" { print $2 }' "$CGROUPS/vm1/cpu.stat"
}

# Sets SUGGESTED_Q and SUGGESTED_P, in us. False: no budget is enough.
suggest_ask() {
	local pid status=0
	http $((SUGGEST_SECONDS * 1200000 / HTTP_US)) "$HTTP_US" "$LOGS/http.watched" &
	pid=$!
	sleep 2
	traced taskset -c "$CLIENT_CPU" "$BUILD/sched_vm/sched-vm" suggest --qemu guest1 --time ${SUGGEST_SECONDS}s \
		--period "${HTTP_US}us" --percentile $SUGGEST_PERCENTILE --json >"$OUT/suggest.json" || status=$?
	wait $pid || say "note: not all requests were answered while the guest was watched"
	[ $status -le 1 ] || die "sched-vm suggest has failed (status $status)"
	[ $status -eq 0 ] || {
		say "note: no suggestion: $(sed -n 's/^ *"error": *//p' "$OUT/suggest.json")"
		return 1
	}
	read -r SUGGESTED_Q SUGGESTED_P < <(awk '
		/"taken"/ { taken = 1 }
		taken && /"period_us"/ { period = $0 }
		taken && /"budget_us"/ { budget = $0; exit }
		END { gsub(/[^0-9]/, "", period); gsub(/[^0-9]/, "", budget); print budget, period }' "$OUT/suggest.json")
	[ -n "$SUGGESTED_P" ] || die "there is no suggestion in suggest.json"
	say "suggested: $SUGGESTED_Q us in every $SUGGESTED_P us"
}

# suggest_text MODE: for cpu.rt.max
suggest_text() {
	case $1 in
	whole) echo "$((HTTP_US * 95 / 100)) $HTTP_US" ;;
	suggestion) echo "$SUGGESTED_Q $SUGGESTED_P" ;;
	below) echo "$((SUGGESTED_Q * (100 - SUGGEST_LESS) / 100)) $SUGGESTED_P" ;;
	esac
}

# periods: those of guest 1's capsule up to now, and how many ran dry
periods() {
	awk '$1 == "nr_periods" { n = $2 } $1 == "nr_throttled" { dry = $2 } END { print n + 0, dry + 0 }' "$CGROUPS/vm1/cpu.rt_stat"
}

# suggest_part ROUND MODE
suggest_part() {
	local name=$LOGS/http.$2.$1 usage time
	local -a before after
	traced_write "$(suggest_text "$2")" "$CGROUPS/vm1/cpu.rt.max"
	pause 1
	read -r -a before < <(periods)
	usage=$(guest_cpu)
	now_us
	time=$NOW
	http $SUGGEST_REQUESTS "$HTTP_US" "$name" || say "note: $2: not all requests were answered"
	now_us
	time=$((NOW - time)) usage=$(($(guest_cpu) - usage))
	read -r -a after < <(periods)
	awk -F , -v round="$1" -v mode="$2" 'NR > 1 { print round "," mode "," $1 "," $4 }' "$name" >>"$OUT/suggest.csv"
	printf '%s\t' "$2" "$(suggest_text "$2")" $((after[0] - before[0])) $((after[1] - before[1])) $usage >>"$OUT/suggest.tsv"
	printf '%s\n' $time >>"$OUT/suggest.tsv"
	say "$(printf '%-10s  %s' "$2" "$(suggest_summary "$name")")"
}

suggest_summary() {
	tail -n +2 "$1" | cut -d , -f 4 | sort -g | awk '
		$1 == "lost" { lost++; next }
		{ t[++n] = $1 / 1000 }
		END { printf "median %.1f ms, longest %.1f ms, %d of %d lost", t[int((n + 1) / 2)], t[n], lost, n + lost }'
}

suggest() {
	local round mode
	suggest_calibrate
	suggest_ask || return 0
	echo round,mode,request,response_us >"$OUT/suggest.csv"
	for ((round = 1; round <= ${ROUNDS:-$SUGGEST_ROUNDS}; round++)); do
		for mode in $(order $round "${SUGGEST_MODES[@]}"); do
			suggest_part $round "$mode"
		done
	done
	reserve 1 max
}
