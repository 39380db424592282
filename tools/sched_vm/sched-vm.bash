# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Completion of sched-vm for bash. Options are those that --help lists.

_sched_vm_names() {
	"$1" list 2>/dev/null | awk 'NR > 1 && !/^\(/ { print $1 }'
}

# What QEMU processes were started with -name.
_sched_vm_guests() {
	ps -eo args= 2>/dev/null | sed -n 's/^[^ ]*qemu.* --*name \(guest=\)*\([^ ,]*\).*/\2/p'
}

_sched_vm_domains() {
	virsh --readonly list --name 2>/dev/null
}

# A list that is begun goes on after its last comma.
_sched_vm_cpus() {
	local cpu before=${1%"${1##*,}"}
	for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
		echo "$before${cpu##*/cpu}"
	done
}

# Those of /proc/interrupts with a number: to join, or to leave.
_sched_vm_irqs() {
	awk -F: -v sign="${1:0:1}" '/^ *[0-9]+:/ { print (sign == "-" ? "-" : "+") $1 + 0 }' \
		/proc/interrupts 2>/dev/null
}

# What may follow an option; 1: it takes no value.
_sched_vm_value() {
	case $2 in
	--extra) mapfile -t COMPREPLY < <(compgen -W 'none idle fair' -- "$3") ;;
	--scope) mapfile -t COMPREPLY < <(compgen -W 'all rt' -- "$3") ;;
	--fit) mapfile -t COMPREPLY < <(compgen -W 'worst best' -- "$3") ;;
	--guest) mapfile -t COMPREPLY < <(compgen -W 'fp edf gedf' -- "$3") ;;
	--vcpus) mapfile -t COMPREPLY < <(compgen -W auto -- "$3") ;;
	--output | -o | --svg | --raw | --from | --tasks) mapfile -t COMPREPLY < <(compgen -f -- "$3") ;;
	--cgroup) mapfile -t COMPREPLY < <(compgen -d -- "$3") ;;
	--pid) mapfile -t COMPREPLY < <(compgen -W "$(ps -eo pid= 2>/dev/null)" -- "$3") ;;
	--qemu) mapfile -t COMPREPLY < <(compgen -W "$(_sched_vm_guests)" -- "$3") ;;
	--domain) mapfile -t COMPREPLY < <(compgen -W "$(_sched_vm_domains)" -- "$3") ;;
	--cpus) mapfile -t COMPREPLY < <(compgen -W "$(_sched_vm_cpus "$3")" -- "$3") ;;
	--irq) mapfile -t COMPREPLY < <(compgen -W "$(_sched_vm_irqs "$3")" -- "$3") ;;
	--force | --json | --help | --once | --threads | --in-place | --batch | --csv | \
		--remove-at-exit | --apply | --watch) return 1 ;;
	--*) COMPREPLY=() ;;
	*) return 1 ;;
	esac
}

# The index of the first word that is not for run, but its command; none yet: nothing.
_sched_vm_command() {
	local i word value=
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$word" = = ]; then
			# bash takes "CPUS=Q" apart.
			i=$((i + 1)) value=
		elif [ -n "$value" ]; then
			value=
		else
			case $word in
			--) echo $((i + 1)) && return ;;
			--help | -h) ;;
			-*) value=1 ;;
			*) echo "$i" && return ;;
			esac
		fi
	done
	[ -n "$value" ] || [ "$i" -gt "$COMP_CWORD" ] || [[ ${COMP_WORDS[i]} = [-=]* ]] || echo "$i"
}

# As if the command stood alone, where bash-completion knows how.
_sched_vm_of_command() {
	if [ "$COMP_CWORD" -eq "$1" ]; then
		# The same command may be in several folders.
		mapfile -t COMPREPLY < <(compgen -c -- "$2" | sort -u)
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
	fi
}

_sched_vm() {
	local tool=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} words=
	local prev=${COMP_WORDS[COMP_CWORD - 1]} cmd=${COMP_WORDS[1]}
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$("$tool" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$words --help --version" -- "$cur")
		return
	fi
	if [ "$cmd" = help ]; then
		words=$("$tool" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	[ "$cmd" != run ] || words=$(_sched_vm_command)
	if [ -n "$words" ]; then
		_sched_vm_of_command "$words" "$cur"
		return
	fi
	! _sched_vm_value "$tool" "$prev" "$cur" || return 0
	if [[ $cur = -* ]]; then
		words=$("$tool" "$cmd" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(_sched_vm_names "$tool")" -- "$cur")
	fi
}

complete -F _sched_vm sched-vm
