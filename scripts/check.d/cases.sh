# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The test programs, each in a machine of its own.
#
# NAME  WHEN  KIND  OPTIONS -- COMMAND. WHEN: quick and virtual cases run at the
# same time, since virtual time does not care; real, debug and soak ones have the
# machine for themselves. What they are for is in list.sh. @ is the folder of the
# programs, which in virtual time is the same for each clone of the repository, so that
# the figures are; --devices means CASE_DEVICES.
# locks makes and removes folders faster than RCU, which waits for throttled readers,
# frees them.

cases_table() {
	cases_own
	cases_own | cases_debian
}

# Those in virtual time, once more with Debian's options, but for what compares with
# another kernel and for sums that only the lab's own options make come out.
cases_debian() {
	sed -n -E '/^(pingpong|hackbench|oracle|nohz-alone|kunit) /d
		s/^([a-z0-9-]+) +(quick|virtual) +release +/\1-debian soak debian /p'
}

cases_own() {
	cat <<'EOF'
basic          quick   release --time virtual -- @/basic
input          quick   release --time virtual -- @/input
zero           quick   release --time virtual -- @/zero
order          quick   release --time virtual -- @/order
live           quick   release --time virtual -- @/live
pi             quick   release --time virtual -- @/pi
pi-2           quick   release --time virtual --cpus 2 --turns 100 -- @/pi behind
deadline       quick   release --time virtual -- @/deadline
stat           quick   release --time virtual -- @/stat
accounting     quick   release --time virtual -- @/accounting
turns          quick   release --time virtual -- @/turns
extra          quick   release --time virtual -- @/extra
extra-2        quick   release --time virtual --cpus 2 --turns 100 -- @/extra moved
pressure       quick   release --time virtual -- @/pressure
owner          quick   release --time virtual -- @/owner
interact       quick   release --time virtual -- @/interact
memory         quick   release --time virtual -- @/memory
pingpong       quick   release --time virtual -- @/pingpong
jobs           quick   release --time virtual -- @/jobs
latency        quick   release --time virtual -- @/latency
supply         virtual release --time virtual -- @/supply
sbf            virtual release --time virtual -- @/sbf
limit          virtual release --time virtual -- @/limit
device         virtual release --time virtual --cpus 2 -- @/device
devfuzz        virtual release --time virtual --cpus 2 -- @/devfuzz
irqs           virtual release --time virtual --qemu -serial --qemu null --qemu -device --qemu virtio-net-pci,romfile= -- @/irqs
house          virtual release --time virtual --qemu -serial --qemu null -- @/house
down           quick   release --time virtual --cpus 2 -- @/down
whole          quick   release --time virtual --cpus 2 --turns 100 -- @/whole
unprivileged   quick   release --time virtual --cpus 2 --turns 100 -- @/unprivileged
spill          quick   release --time virtual --mem 2048 -- @/spill
spill-2        quick   release --time virtual --cpus 2 -- @/spill behind
locks          virtual release --time virtual --mem 3072 -- @/locks
held           virtual release --time virtual --mem 2048 -- @/held
ext            virtual preempt --time virtual -- @/ext
ext-full       virtual preempt --time virtual --cpus 3 -- @/ext full
decisions      virtual preempt --time virtual -- @/jobs --decisions
supply-preempt virtual preempt --time virtual -- @/supply
locks-preempt  virtual preempt --time virtual --mem 3072 -- @/locks
held-preempt   virtual preempt --time virtual --mem 2048 -- @/held
writers        virtual release --time virtual -- @/writers
many           virtual release --time virtual --mem 768 -- @/many
oracle         virtual release --time virtual -- @/fuzz 3141592653 40000
fuzz           virtual release --time virtual -- @/fuzz
change         virtual release --time virtual --cpus 2 -- @/change
bandwidth      virtual release --time virtual --cpus 2 --turns 100 -- @/bandwidth
carryin        virtual release --time virtual --cpus 2 --turns 100 -- @/carryin
adversary      virtual release --time virtual -- @/adversary --seed 8 --ops 6000
adversary-busy virtual release --time virtual -- @/adversary --seed 29 --ops 1000
adversary-2    virtual release --time virtual --cpus 2 --turns 100 -- @/adversary --seed 13 --ops 2000
adversary-4    virtual release --time virtual --cpus 4 --turns 100 -- @/adversary --seed 8 --ops 1000
cpus           virtual release --time virtual --cpus 4 -- @/cpus
apart          virtual release --time virtual --cpus 2 --turns 100 -- @/apart
around         virtual release --time virtual --cpus 2 --turns 100 -- @/around
migrate        virtual release --time virtual --cpus 4 -- @/migrate
crowd          virtual release --time virtual --cpus 3 --turns 100 -- @/crowd
rebuild        virtual release --time virtual --cpus 8 --mem 3072 -- @/rebuild
pressure-4     virtual release --time virtual --cpus 4 -- @/pressure
nohz-alone     virtual release --time virtual --cpus 4 --append nohz_full=1-3 -- @/nohz alone
memory-4       virtual release --time virtual --cpus 4 -- @/memory
memory-off     virtual off     --time virtual -- @/memory
pingpong-off   virtual off     --time virtual -- @/pingpong
hackbench      virtual release --time virtual --add hackbench -- sh @/hackbench.sh
hackbench-off  virtual off     --time virtual --add hackbench -- sh @/hackbench.sh
kunit          quick   release --time virtual --append kunit.enable=1 --append kunit.filter_glob=deadline_group* -- true
smp            real    release --time real --cpus 4 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/smp 60 20260101 1
smp-preempt    real    preempt --time real --cpus 4 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/smp 60 20260101 1
nohz           real    release --time real --cpus 4 --append nohz_full=1-3 -- @/nohz
handlers       real    release --time real --devices -- @/handlers
kvm            real    release --time real --kvm --cpus 2 -- @/kvm
writers-smp    real    release --time real --cpus 4 -- @/writers
input-debug    debug   debug   --time real --append rcupdate.rcu_cpu_stall_timeout=150 -- @/input
zero-debug     debug   debug   --time real --append rcupdate.rcu_cpu_stall_timeout=150 -- @/zero
pi-debug       debug   debug   --time real --append rcupdate.rcu_cpu_stall_timeout=150 -- @/pi sleep
fuzz-debug     debug   debug   --time real --append rcupdate.rcu_cpu_stall_timeout=150 -- @/fuzz 2 1000 untimed
devfuzz-debug  debug   debug   --time real --append rcupdate.rcu_cpu_stall_timeout=150 -- @/devfuzz
device-debug   debug   debug   --time real --cpus 2 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/device untimed
irqs-debug     debug   debug   --time real --append rcupdate.rcu_cpu_stall_timeout=150 --qemu -serial --qemu null --qemu -device --qemu virtio-net-pci,romfile= -- @/irqs untimed
handlers-debug debug   debug   --time real --append rcupdate.rcu_cpu_stall_timeout=150 --devices -- @/handlers
kunit-debug    debug   debug   --time real --append kunit.enable=1 --append kunit.filter_glob=deadline_group* -- true
smp-debug      debug   debug   --time real --cpus 4 --mem 2048 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/smp 60 20260101 10
apart-kvm      soak    release --time real --kvm --cpus 2 -- @/apart guest
soak           soak    release --time real --cpus 4 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/smp 600 20260101 1
soak-fuzz      soak    release --time virtual -- @/fuzz 2718281828 1000000
soak-preempt   soak    preempt --time real --cpus 4 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/smp 600 20260101 1
soak-debug     soak    debug   --time real --cpus 4 --mem 2048 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/smp 600 20260101 10
adversary-long soak    release --time virtual -- @/adversary --seed 101 --ops 40000
adversary-long-2 soak  release --time virtual --cpus 2 -- @/adversary --seed 102 --ops 60000
adversary-debug soak   debug   --time real --cpus 4 --mem 2048 --append rcupdate.rcu_cpu_stall_timeout=150 -- @/adversary --seed 105 --ops 80000 --untimed
EOF
}

CASE_TIMEOUT=${CASE_TIMEOUT:-1500}

# For --devices: two on one interrupt line, a disk with two handlers for each vector,
# two network cards that are connected, a second serial line.
CASE_DEVICES="--append nvme.use_threaded_interrupts=1"
for word in -serial null -device virtio-serial-pci,vectors=0,addr=0x10 \
	-device virtio-serial-pci,vectors=0,addr=0x14 \
	-drive if=none,id=disk,driver=null-co,size=64M,read-zeroes=on -device nvme,serial=1,drive=disk \
	-netdev hubport,id=a,hubid=0 -device virtio-net-pci,netdev=a,romfile= \
	-netdev hubport,id=b,hubid=0 -device virtio-net-pci,netdev=b,romfile=; do
	CASE_DEVICES+=" --qemu $word"
done

case_is() {
	cases_table | awk -v name="$1" '$1 == name { found = 1 } END { exit !found }'
}

# case_find NAME: sets CASE_WHEN, CASE_KIND, CASE_OPTIONS and CASE_CMD.
case_find() {
	local line words at=${BIN:-}
	case_is "$1" || die "no case '$1' (scripts/check --list)"
	line=$(cases_table | awk -v name="$1" '$1 == name')
	read -r _ CASE_WHEN CASE_KIND words <<<"${line/--devices/$CASE_DEVICES}"
	read -r -a CASE_OPTIONS <<<"${words%% -- *}"
	read -r -a CASE_CMD <<<"${words#* -- }"
	CASE_ADD=$at
	[[ $words != *"--time virtual "* ]] || at=/tests CASE_ADD+="=/tests"
	CASE_CMD=("${CASE_CMD[@]//@/$at}")
}

# Figures may be missing then, but not for the debug kernel's sake: it prints none.
case_has_time() {
	! has_time "$1" || return 0
	[ "$CASE_WHEN" = debug ] || touch "$OUT/skipped"
	return 1
}

# In the background; at most JOBS at a time, or one that wants real time.
case_start() {
	local limit=$JOBS
	case_find "$1"
	is_built "$CASE_KIND" && case_has_time "$1" || return 0
	case $CASE_WHEN in
	real | debug | soak) [ "$CASE_KIND" = debian ] || limit=1 ;;
	esac
	while [ "$(jobs -rp | wc -l)" -ge "$limit" ]; do
		wait -n || true
	done
	set -m
	case_run "$1" 9>&- &
	set +m
}

cases_wait() {
	wait
}

# cases_run quick|virtual|real|debug|soak KIND
cases_run() {
	local name when kind
	while read -r name when kind _; do
		[ "$when,$kind" != "$1,$2" ] || case_start "$name"
	done < <(cases_table)
	cases_wait
}

# What is measured in real time is a matter of what else the machine does. A case that
# fails only in tests of this kind (real-time.list) is run once more, and what counts
# is what it does then. Never for virtual time, where a figure is a fact, and never
# when a kernel has complained or a program has not ended as it should.
case_run() {
	local name=$1 rc=0 start=$SECONDS
	case_once "$name" || rc=$?
	if [ "$rc" -eq 1 ] && case_may_retry "$name"; then
		say "$name: $(real_time_failed "$OUT/$name.tap" | wc -l) failed by real time; once more"
		case_keep "$name" first
		rc=0
		case_once "$name" || rc=$?
	elif [ "$rc" -eq 125 ] && qemu_gave_up "$name"; then
		say "$name: an assertion of QEMU's own has failed; once more"
		case_keep "$name" first
		rc=0
		case_once "$name" || rc=$?
	fi
	tap_report "$name" "$rc" $((SECONDS - start)) noskip
}

# QEMU's emulation of several CPUs aborts now and then while the kernel boots
# (iotlb_to_section: Assertion ...): nothing that the kernel under test has done.
qemu_gave_up() {
	grep -q '^qemu-system.*: Assertion .* failed' "$OUT/$1.err"
}

case_once() {
	local name=$1 rc=0 timeout=$CASE_TIMEOUT
	[ "$CASE_WHEN" != soak ] || timeout=$((CASE_TIMEOUT * 2))
	(cd / && TERM=dumb "$LAB" run --no-build --kernel "$CASE_KIND" --timeout "$timeout" \
		--shift "$SHIFT" --log "$OUT/$name.log" --add "$CASE_ADD" "${CASE_OPTIONS[@]}" -- "${CASE_CMD[@]}" \
		>"$OUT/$name.tap" 2>"$OUT/$name.err" </dev/null) || rc=$?
	case $name in
	kunit*) kunit_tap "$name" ;;
	hackbench*) hackbench_tap "$name" ;;
	esac
	grep -h '^# result ' "$OUT/$name.tap" | sed "s/^# result/$name/" >"$OUT/$name.results" || true
	return $rc
}

# case_keep NAME WORD: what the first try has left, for whoever wants to look
case_keep() {
	local end
	for end in log tap err; do
		[ ! -f "$OUT/$1.$end" ] || mv "$OUT/$1.$end" "$OUT/$1.$2.$end"
	done
}

# The failed tests of a TAP file, by name
tap_failed() {
	sed -n -E 's/^not ok [0-9]+( -)? //p' "$1"
}

real_time_failed() {
	tap_failed "$1" | grep -x -F -f <(sed -e 's/#.*//' -e '/^$/d' "$TOP/scripts/check.d/real-time.list") || true
}

case_may_retry() {
	case $CASE_WHEN in
	real | debug | soak) ;;
	*) return 1 ;;
	esac
	[ -n "$(tap_failed "$OUT/$1.tap")" ] && ! grep -q '^Bail out!' "$OUT/$1.tap" &&
		[ "$(tap_failed "$OUT/$1.tap")" = "$(real_time_failed "$OUT/$1.tap")" ]
}

# KUnit reports in the kernel log; a test case is what is inside a suite.
kunit_tap() {
	sed -E 's/^\[ *[0-9.]+\] ?//; s/\r$//' "$OUT/$1.log" |
		awk '/^    (not )?ok [0-9]+ / { sub(/^ +/, ""); print; n++ }
		     /^    # .*(EXPECT|ASSERT|Expected|FAIL)/ { sub(/^ +/, ""); print }
		     END { print "1.." n + 0 }' >"$OUT/$1.tap"
}

# "Time: S" for each of its runs; the figure is the sum.
hackbench_tap() {
	awk '/^Time:/ { n++; sum += $2 }
	     END { printf "# result hackbench.seconds %.3f\n1..1\n%s 1 hackbench: %d runs\n",
		   sum, n == 9 ? "ok" : "not ok", n }' "$OUT/$1.tap" >"$OUT/$1.new"
	mv "$OUT/$1.new" "$OUT/$1.tap"
}
