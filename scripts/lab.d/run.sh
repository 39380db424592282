# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Boots a kernel in QEMU and runs a command in it.

RUN_KEEP_LOGS=100

run_help() {
	cat <<EOF
usage: scripts/lab run [options] -- CMD...

Boots a kernel in QEMU, runs CMD in it as root, prints its standard output and
standard error, and exits with its status. The kernel is built first if need be.

  --time real|virtual   real (default): the machine's root, read-only (writes to
                        /etc and /var go to memory; /run, /tmp are empty), fast,
                        not repeatable. virtual: from an initramfs with CMD,
                        what --add names and busybox; one instruction takes one
                        nanosecond, idle time is skipped, and two runs give the
                        same figures to the last digit.
  --add PATH            a file or folder of the machine that is to be there, at
                        the same path; programs bring their libraries, scripts
                        their interpreter; also the name of a program in PATH
  --add FOLDER=/AT      virtual time: what is in the folder is to be in /AT. Paths
                        are part of what a program does: figures are the same in
                        each clone if its path is not in the machine
  --out DIR             a folder that CMD may write to: it is at the same path
                        inside (\$LAB_OUT). In virtual time it starts empty, and
                        the files come back at the end
  --shift US            virtual time: start CMD so many microseconds later. Figures
                        may not hang on the moment at which a kernel booted
  --cpus N              default: 2 in real time, 1 in virtual time (with more,
                        virtual time is still repeatable, but its latencies are
                        those of one thread that emulates all CPUs in turn)
  --turns US            virtual time, several CPUs: they take turns of at most so long,
                        where otherwise one may run until the next timer, and the
                        others do not. Slow; needs QEMU 8.1
  --mem MiB             default 1024
  --kvm                 emulate AMD-V, for KVM guests inside; real time only
  --kernel KIND|FILE    a kind of kernel (scripts/lab kernel --help; default
                        release) or a bzImage
  --no-build            take the kernel as it was built last
  --timeout S           seconds of the wall clock; default 300
  --append "..."        more words for the kernel's command line
  --qemu WORD           one more word for QEMU's command line: a device, say
  --log FILE            the kernel's log (default: out/lab/run-*.log)
  --verbose             the kernel's log to standard error as well
  --no-leak-scan        (debug kernel) no kmemleak scan at the end
  --accel kvm           let QEMU use the machine's /dev/kvm; real time only

Status: that of CMD; but 99 if the kernel's log has a warning, BUG, lockdep, RCU,
KASAN, KCSAN or kmemleak report, 124 after a timeout, 125 if the lab failed.
Inside, \$LAB_TIME is real or virtual and \$LAB_KERNEL the kind of kernel.
EOF
}

cmd_run() {
	run_defaults
	run_options "$@"
	[ ${#RUN_CMD[@]} -gt 0 ] || die "run: no command; scripts/lab run [options] -- CMD..."
	run_check_options
	run_it
}

run_defaults() {
	RUN_TIME=real RUN_OUT='' RUN_CPUS='' RUN_MEM=1024 RUN_KVM=no RUN_KERNEL=release
	RUN_BUILD=yes RUN_TIMEOUT=300 RUN_APPEND='' RUN_LOG='' RUN_VERBOSE=no RUN_SCAN=yes
	RUN_ACCEL=${SCHED_VM_ACCEL:-tcg} RUN_SHELL=no RUN_SHIFT=0 RUN_TURNS=''
	RUN_ADD=() RUN_CMD=() RUN_DEVICES=()
}

run_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--kvm) RUN_KVM=yes ;;
		--no-build) RUN_BUILD=no ;;
		--verbose) RUN_VERBOSE=yes ;;
		--no-leak-scan) RUN_SCAN=no ;;
		-h | --help) run_help; exit 0 ;;
		--) shift; RUN_CMD=("$@"); return ;;
		--*=*) run_option_value "${1%%=*}" "${1#*=}" ;;
		--*)
			[ $# -ge 2 ] || die "run: $1 needs a value (scripts/lab run --help)"
			run_option_value "$1" "$2"
			shift
			;;
		*)
			[ "$RUN_SHELL" = no ] ||
				die "shell: takes no command; scripts/lab run [options] -- $* does"
			die "run: put -- before the command: scripts/lab run [options] -- $*"
			;;
		esac
		shift
	done
}

run_option_value() {
	case $1 in
	--time) RUN_TIME=$2 ;;
	--add) RUN_ADD+=("$2") ;;
	--out) RUN_OUT=$2 ;;
	--cpus) RUN_CPUS=$2 ;;
	--mem) RUN_MEM=$2 ;;
	--shift) RUN_SHIFT=$2 ;;
	--turns) RUN_TURNS=$2 ;;
	--kernel) RUN_KERNEL=$2 ;;
	--timeout) RUN_TIMEOUT=$2 ;;
	--append) RUN_APPEND+=" $2" ;;
	--qemu) RUN_DEVICES+=("$2") ;;
	--log) RUN_LOG=$2 ;;
	--accel) RUN_ACCEL=$2 ;;
	*) die "run: unknown option '$1' (scripts/lab run --help)" ;;
	esac
}

run_number() {
	[[ $2 =~ ^[1-9][0-9]*$ ]] || die "run: $1 $2: not a positive number"
}

run_check_options() {
	case $RUN_TIME in
	real) : "${RUN_CPUS:=2}" ;;
	virtual)
		: "${RUN_CPUS:=1}"
		[ "$RUN_KVM" = no ] || die "run: KVM guests make no progress in virtual time: --kvm needs --time real"
		RUN_ACCEL=tcg  # virtual time is QEMU's instruction counter
		;;
	*) die "run: --time is real or virtual, not '$RUN_TIME'" ;;
	esac
	case $RUN_ACCEL in
	tcg | kvm) ;;
	*) die "run: --accel is tcg or kvm, not '$RUN_ACCEL'" ;;
	esac
	run_number --cpus "$RUN_CPUS"
	run_number --mem "$RUN_MEM"
	run_number --timeout "$RUN_TIMEOUT"
	[ -z "$RUN_TURNS" ] || {
		run_number --turns "$RUN_TURNS"
		[ "$RUN_TIME" = virtual ] || die "run: in real time, CPUs take no turns: --turns needs --time virtual"
	}
	[[ $RUN_SHIFT =~ ^[0-9]{1,8}$ ]] || die "run: --shift $RUN_SHIFT: not a number of microseconds"
	need qemu-system-x86_64 busybox cpio
}

run_it() {
	lab_tmp
	mkdir -p "$LAB_TMP/run"
	load logcheck initramfs qemu
	run_kernel
	run_log_name
	[ -z "$RUN_OUT" ] || { mkdir -p "$RUN_OUT" || die "cannot make $RUN_OUT"; RUN_OUT=$(realpath -s "$RUN_OUT"); }
	run_initramfs
	run_qemu_options
	run_qemu
	run_finish
}

# --- before ---

run_kernel() {
	local image=$LAB_TMP/run/bzImage
	load kernel
	if ! kernel_is_kind "$RUN_KERNEL" && [ -f "$RUN_KERNEL" ]; then
		cp "$RUN_KERNEL" "$image"
		return
	fi
	kernel_kind "$RUN_KERNEL"
	if [ "$RUN_BUILD" = no ]; then
		[ -f "$KERNEL_IMAGE" ] || die "the $RUN_KERNEL kernel is not built: scripts/lab kernel --kernel $RUN_KERNEL"
		cp "$KERNEL_IMAGE" "$image"
	else
		kernel_update bzImage "$image"
	fi
}

run_log_name() {
	if [ -n "$RUN_LOG" ]; then
		RUN_LOG=$(realpath -s "$RUN_LOG")
		mkdir -p "${RUN_LOG%/*}"
	else
		RUN_LOG=$LAB_LOGS/run-$(date +%Y%m%d-%H%M%S)-$$.log
		find "$LAB_LOGS" -maxdepth 1 -name 'run-*.log' -printf '%T@ %p\n' | sort -rn |
			tail -n +$RUN_KEEP_LOGS | cut -d' ' -f2- | xargs -r -d '\n' rm -f
	fi
	: >"$RUN_LOG" || die "cannot write $RUN_LOG"
}

# A word as any shell reads it.
quote() {
	local word
	for word; do
		printf " '%s'" "${word//\'/\'\\\'\'}"
	done
}

run_initramfs() {
	local stage=$LAB_TMP/stage path
	initramfs_begin "$stage"
	mkdir -p "$stage/lab"
	cp "$LAB_LIB/guest/init" "$stage/init"
	cp "$LAB_LIB/guest/main" "$stage/lab/main"
	run_env >"$stage/lab/env"
	for path in "${RUN_ADD[@]}"; do
		run_add "$path"
	done
	run_program
	[ "$RUN_TIME" = virtual ] || run_binds >"$stage/lab/binds"
	[ "$RUN_TIME" = real ] || mkdir -p "$stage$PWD"
	initramfs_finish "$LAB_TMP/run/initrd"
}

run_add() {
	case $1 in
	*=/*)
		[ "$RUN_TIME" = virtual ] || die "run: --add $1: in real time, everything is where it is on the machine"
		initramfs_add_at "${1%%=/*}" "/${1#*=/}"
		;;
	*)
		lab_path "$1" >/dev/null
		[ "$RUN_TIME" = real ] || initramfs_add "$1"
		;;
	esac
}

run_env() {
	local rows=24 cols=80
	[ ! -t 0 ] || read -r rows cols < <(stty size)
	printf '%s=%s\n' LAB_TIME "$RUN_TIME" LAB_SHELL "$RUN_SHELL" LAB_SCAN "$RUN_SCAN" LAB_SHIFT "$RUN_SHIFT" \
		LAB_ROWS "$rows" LAB_COLS "$cols"
	printf '%s=%s\n' LAB_KERNEL "$(quote "${RUN_KERNEL##*/}")" LAB_OUT "$(quote "$RUN_OUT")" \
		LAB_CWD "$(quote "$PWD")" LAB_TERM "$(quote "${TERM:-dumb}")" | sed "s/= '/='/"
}

# The command, with its program where it is on the machine.
run_program() {
	RUN_PROGRAM=
	[ "$RUN_SHELL" = no ] || return 0
	local program=${RUN_CMD[0]}
	if [ "$RUN_TIME" = virtual ] && [ -f "$LAB_TMP/stage$program" ]; then
		:
	elif [ -f "$program" ] || type -P -- "$program" >/dev/null; then
		RUN_PROGRAM=$program
		[ "$RUN_TIME" = real ] || initramfs_add "$program"
	elif ! busybox --list | grep -qxF -- "$program"; then
		die "run: there is no program '$program' on this machine"
	fi
	printf 'exec%s\n' "$(quote "${RUN_CMD[@]}")" >"$LAB_TMP/stage/lab/cmd"
}

# What should be visible even where the guest mounts a tmpfs over it.
run_binds() {
	local path
	for path in "$LAB_TOP" "$PWD" "${RUN_ADD[@]}" ${RUN_PROGRAM:+"$RUN_PROGRAM"}; do
		lab_path "$path"
	done | LC_ALL=C sort -u
}

# --- QEMU ---

# q35, because the older machine's table of interrupts (_PRT) is made in a loop that
# takes the debug kernel half a minute, at which ACPI gives up.
run_qemu_options() {
	local run=$LAB_TMP/run append="console=ttyS0,115200 panic=-1 nokaslr kunit.enable=0"
	case $RUN_TIME,$RUN_ACCEL in
	real,tcg) qemu_choose several ;;
	virtual,*) run_turns ;;
	*) qemu_choose one ;;
	esac
	RUN_QEMU=("$QEMU" -nodefaults -no-user-config -display none -no-reboot
		-M q35 -m "$RUN_MEM" -smp "$RUN_CPUS"
		-kernel "$run/bzImage" -initrd "$run/initrd"
		-chardev "file,id=log,path=$RUN_LOG" -serial chardev:log)
	if [ "$RUN_TIME" = virtual ]; then
		run_qemu_virtual
		append+=" random.trust_cpu=off random.trust_bootloader=off norandmaps"
	else
		run_qemu_real
		# QEMU may be stopped between two looks at clocks: no fault of the TSC.
		append+=" tsc=nowatchdog"
	fi
	[ "$RUN_KVM" = no ] || append+=" setcpuid=constant_tsc"
	run_qemu_ports
	RUN_QEMU+=(-append "$append$RUN_APPEND" "${RUN_DEVICES[@]}")
}

# The emulated CPUs take turns until the next timer, each for a part of that time since 8.1.
# So there is a timer, that of a filter of a network which is not there.
run_turns() {
	qemu_choose "$([ -z "$RUN_TURNS" ] && echo one || echo several)"
	[ -n "$RUN_TURNS" ] || return 0
	qemu_is_good "$QEMU" ||
		die "run: --turns needs QEMU $QEMU_GOOD; there is $(qemu_version "$QEMU"), and no other in Debian's backports"
	RUN_DEVICES+=(-netdev "hubport,id=turns,hubid=99"
		-object "filter-buffer,id=turn,netdev=turns,interval=$RUN_TURNS")
}

# Nothing here may be served by another thread of QEMU: when that would get at it
# depends on the machine's load. So no ioeventfd, and output goes to files, which
# take everything at once.
run_qemu_virtual() {
	RUN_QEMU+=(-accel tcg,thread=single -icount shift=0,sleep=off
		-rtc base=2026-01-01,clock=vm -cpu qemu64 -seed 1
		-device virtio-serial-pci,ioeventfd=off)
}

run_qemu_real() {
	local cpu=qemu64
	[ "$RUN_KVM" = no ] || cpu=EPYC,+svm,+npt
	if [ "$RUN_ACCEL" = kvm ]; then
		RUN_QEMU+=(-accel kvm -cpu host)
	else
		RUN_QEMU+=(-accel tcg,thread=multi -cpu "$cpu")
	fi
	RUN_QEMU+=(-device virtio-serial-pci
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,fsdev=root,mount_tag=hostroot)
	[ -z "$RUN_OUT" ] || RUN_QEMU+=(
		-fsdev "local,id=out,path=${RUN_OUT//,/,,},security_model=none,multidevs=remap"
		-device virtio-9p-pci,fsdev=out,mount_tag=labout)
}

run_qemu_ports() {
	local nr=0 name
	for name in stdout stderr control files; do
		nr=$((nr + 1))
		: >"$LAB_TMP/run/$name"
		RUN_QEMU+=(-chardev "file,id=$name,path=$LAB_TMP/run/$name"
			-device "virtserialport,nr=$nr,chardev=$name")
	done
	[ "$RUN_SHELL" = no ] || RUN_QEMU+=(
		-chardev stdio,id=tty,signal=off -device virtconsole,nr=0,chardev=tty)
}

run_qemu() {
	local run=$LAB_TMP/run start=$SECONDS
	if [ "$RUN_SHELL" = yes ]; then
		RUN_STATUS=0
		"${RUN_QEMU[@]}" 2>"$run/qemu" || RUN_STATUS=$?
		return
	fi
	# timeout makes a process group of its own, which step's clean-up ends
	timeout -k 5 "$RUN_TIMEOUT" "${RUN_QEMU[@]}" </dev/null >"$run/qemu" 2>&1 &
	STEP_PID=$!
	run_relay "$STEP_PID"
	RUN_STATUS=0
	wait "$STEP_PID" || RUN_STATUS=$?
	STEP_PID=
	wait
	[ "$RUN_VERBOSE" = no ] || say "QEMU ran for $(elapsed $((SECONDS - start)))"
}

# Output as it comes, for as long as QEMU lives.
run_relay() {
	local run=$LAB_TMP/run
	tail -s 0.1 -c +1 -f --pid="$1" "$run/stdout" 2>/dev/null &
	tail -s 0.1 -c +1 -f --pid="$1" "$run/stderr" >&2 2>/dev/null &
	[ "$RUN_VERBOSE" = no ] || tail -s 0.1 -c +1 -f --pid="$1" "$RUN_LOG" >&2 2>/dev/null &
}

# --- after ---

run_finish() {
	local run=$LAB_TMP/run status complaints=no
	sed -i 's/\r$//' "$RUN_LOG"
	status=$(sed -n '1s/^status //p' "$run/control")
	sed 1d "$run/control" >>"$RUN_LOG"
	logcheck "$RUN_LOG" || complaints=yes
	[ "$RUN_TIME" = real ] || [ -z "$RUN_OUT" ] || run_unpack_files
	if [ "$RUN_STATUS" -eq 124 ] || [ "$RUN_STATUS" -eq 137 ]; then
		say "timeout: the run took more than $RUN_TIMEOUT s (--timeout); kernel log: $RUN_LOG"
		exit 124
	fi
	[ $complaints = no ] || exit 99
	[ -n "$status" ] || run_no_status
	exit "$status"
}

run_no_status() {
	grep -v 'TCG doesn.t support requested feature' "$LAB_TMP/run/qemu" | tail -n 5 >&"$LAB_ERR" || true
	tail -n 3 "$RUN_LOG" >&"$LAB_ERR"
	die "the guest ended before the command did (QEMU's status $RUN_STATUS); kernel log: $RUN_LOG"
}

run_unpack_files() {
	[ -s "$LAB_TMP/run/files" ] || return 0
	tar -C "$RUN_OUT" --no-same-owner -xf "$LAB_TMP/run/files" ||
		die "the files of --out did not come back whole; kernel log: $RUN_LOG"
}
