// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual machine without firmware, operating system and QEMU: a process with
 * one thread for each vCPU, and some bytes of code that count. Its memory is
 * shared with the test, which gives the orders and reads what came of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <linux/kvm_para.h>

#include "cgroup_util.h"
#include "kselftest.h"
#include "sched_vm.h"

#define DEV_KVM		"/dev/kvm"
#define KVM_DEBUG	"/sys/kernel/debug/kvm"
#define PATIENCE_NS	(20 * NS_PER_S)

#define CODE_AT		0x1000
#define BALL_AT		0x0800		/* whose it is */
#define VCPU_AT		0x2000
#define VCPU_SIZE	0x1000
#define APIC_SPIV	0xf0		/* spurious interrupts */
#define APIC_SPIV_ENABLED 0x100

#define MEMORY_SIZE	(VCPU_AT + GUEST_VCPUS * VCPU_SIZE)

/* In worker_page.value[]: where the process says what it has made. */
#define VALUE_TID	0		/* of the first vCPU; others follow */
#define VALUE_FD	GUEST_VCPUS	/* of the virtual machine */

struct guest_vcpu *guest_vcpu(struct guest *g, int id)
{
	return g->memory + VCPU_AT + id * VCPU_SIZE;
}

pid_t guest_tid(struct guest *g, int id)
{
	return load_64(&g->w.page->value[VALUE_TID + id]);
}

uint64_t guest_cpu_ns(struct guest *g, int id)
{
	char buf[128];

	if (proc_read_text(guest_tid(g, id), false, "schedstat", buf, sizeof(buf)) < 0)
		ksft_exit_fail_perror("schedstat");
	return strtoull(buf, NULL, 10);
}

/* A counter that KVM keeps of this virtual machine; -1 if there is none. */
long long guest_counter(struct guest *g, const char *name)
{
	char path[256], buf[64];

	snprintf(path, sizeof(path), KVM_DEBUG "/%d-%d/%s", g->w.pid,
		 (int)g->w.page->value[VALUE_FD], name);
	return read_text(path, buf, sizeof(buf)) > 0 ? atoll(buf) : -1;
}

void guest_order(struct guest *g, int id, enum guest_order order)
{
	store_u(&guest_vcpu(g, id)->order, order);
}

void guest_kick(struct guest *g, int id)
{
	syscall(SYS_tgkill, g->w.pid, guest_tid(g, id), SIGUSR1);
}

/* Again and again, because a kick just before it halts does not help. */
void guest_wake(struct guest *g, int id)
{
	unsigned int *count = &guest_vcpu(g, id)->count, before = load_u(count);

	if (!wait_for(load_u(count) != before || (guest_kick(g, id), false), PATIENCE_NS))
		ksft_exit_fail_msg("vCPU %d does not run\n", id);
}

#ifdef __x86_64__

/* Real mode; di: own struct guest_vcpu, ebx: who else there is, whose the ball may be. */
static const unsigned char code[] = {
	0x66, 0xff, 0x05,			/*  0: incl (%di)    count */
	0x80, 0x7d, 0x04, GUEST_YIELD,		/*  3: cmpb $1, 4(%di) order */
	0x72, 0xf7,				/*  7: jb 0 */
	0x74, 0x15,				/*  9: je 20 */
	0x80, 0x7d, 0x04, GUEST_PASS,		/*  b: cmpb $3, 4(%di) */
	0x74, 0x03,				/*  f: je 14 */
	0xf4,					/* 11: hlt */
	0xeb, 0xec,				/* 12: jmp 0 */
	0x38, 0x1e, BALL_AT & 0xff, BALL_AT >> 8, /* 14: cmpb %bl, BALL_AT */
	0x74, 0xf1,				/* 18: je b */
	0x88, 0x1e, BALL_AT & 0xff, BALL_AT >> 8, /* 1a: movb %bl, BALL_AT */
	0xeb, 0xe0,				/* 1e: jmp 0 */
	0x66, 0xb8, 0x0b, 0x00, 0x00, 0x00,	/* 20: movl $KVM_HC_SCHED_YIELD, %eax */
	0x0f, 0x01, 0xd9,			/* 26: vmmcall; KVM makes it vmcall */
	0xeb, 0xd5,				/* 29: jmp 0 */
};

struct vcpu {
	struct guest *g;
	int id;
	int fd;
};

static __noreturn void guest_die(const char *what)
{
	perror(what);
	_exit(EXIT_FAILURE);
}

#define kvm(fd, request, arg) kvm_ioctl(fd, request, (unsigned long)(arg), #request)
static int kvm_ioctl(int fd, unsigned long request, unsigned long arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		guest_die(what);
	return ret;
}

/* The second one would wait for the first one to start it. */
static void vcpu_set_runnable(int fd)
{
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };

	kvm(fd, KVM_SET_MP_STATE, &state);
}

static void vcpu_set_registers(int fd, int id)
{
	struct kvm_regs regs = {
		.rip = CODE_AT,
		.rflags = 2,
		.rdi = VCPU_AT + id * VCPU_SIZE,
		.rbx = !id,
	};
	struct kvm_sregs sregs;

	kvm(fd, KVM_GET_SREGS, &sregs);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	kvm(fd, KVM_SET_SREGS, &sregs);
	kvm(fd, KVM_SET_REGS, &regs);
}

/* KVM may refuse it without an error. */
static void vcpu_set_steal_time(int fd, int id)
{
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entry;
	} arg = {
		.msrs.nmsrs = 1,
		.entry = {
			.index = MSR_KVM_STEAL_TIME,
			.data = VCPU_AT + id * VCPU_SIZE +
				offsetof(struct guest_vcpu, steal) + KVM_MSR_ENABLED,
		},
	};

	if (kvm(fd, KVM_SET_MSRS, &arg) != 1)
		guest_die("steal time");
}

/*
 * As the firmware does it. It is then that KVM makes the map from APIC ids to
 * vCPUs which a directed yield needs.
 */
static void vcpu_enable_apic(int fd)
{
	struct kvm_lapic_state apic;

	kvm(fd, KVM_GET_LAPIC, &apic);
	apic.regs[APIC_SPIV + 1] |= APIC_SPIV_ENABLED >> 8;
	kvm(fd, KVM_SET_LAPIC, &apic);
}

static void vcpu_make(struct vcpu *v, struct guest *g, int vm, int id)
{
	v->g = g;
	v->id = id;
	v->fd = kvm(vm, KVM_CREATE_VCPU, id);
	vcpu_enable_apic(v->fd);
	vcpu_set_runnable(v->fd);
	vcpu_set_registers(v->fd, id);
	vcpu_set_steal_time(v->fd, id);
}

/* A kick ends a halt. There is nothing else for which it returns. */
static void *vcpu_run(void *arg)
{
	struct vcpu *v = arg;
	const char *group = v->g->group[v->id];

	if (group && group_attach_thread(group, gettid()))
		guest_die(group);
	store_64(&v->g->w.page->value[VALUE_TID + v->id], gettid());
	while (ioctl(v->fd, KVM_RUN, 0) < 0 && errno == EINTR)
		vcpu_set_runnable(v->fd);
	guest_die("KVM_RUN");
}

static int vm_make(struct guest *g)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY_SIZE,
		.userspace_addr = (unsigned long)g->memory,
	};
	struct kvm_pit_config pit = {};
	int vm = kvm(open(DEV_KVM, O_RDWR | O_CLOEXEC), KVM_CREATE_VM, 0);

	kvm(vm, KVM_CREATE_IRQCHIP, 0);
	kvm(vm, KVM_CREATE_PIT2, &pit);
	kvm(vm, KVM_SET_USER_MEMORY_REGION, &region);
	return vm;
}

static void on_kick(int sig)
{
}

static void fn_guest(struct worker *w, void *arg)
{
	struct vcpu vcpu[GUEST_VCPUS];
	struct guest *g = arg;
	pthread_t thread;
	int i, vm;

	signal(SIGUSR1, on_kick);
	vm = vm_make(g);
	store_64(&w->page->value[VALUE_FD], vm);
	for (i = 0; i < GUEST_VCPUS; i++)
		vcpu_make(&vcpu[i], g, vm, i);
	for (i = 0; i < GUEST_VCPUS; i++)
		if (pthread_create(&thread, NULL, vcpu_run, &vcpu[i]))
			guest_die("pthread_create");
	fn_pause(w, NULL);
}

bool guest_supported(void)
{
	return !access(DEV_KVM, R_OK | W_OK);
}

/* All vCPUs begin, and halt at once. */
void guest_start(struct guest *g, const char *group, int policy, int prio)
{
	int i;

	if (!g->memory)
		g->memory = shared_alloc(MEMORY_SIZE);
	memset(g->memory, 0, MEMORY_SIZE);
	memcpy(g->memory + CODE_AT, code, sizeof(code));
	for (i = 0; i < GUEST_VCPUS; i++)
		guest_order(g, i, GUEST_HALT);
	g->spec = (struct worker_spec){
		.group = group, .policy = policy, .prio = prio, .fn = fn_guest, .arg = g,
	};
	worker_start(&g->w, &g->spec);
	for (i = 0; i < GUEST_VCPUS; i++)
		if (!wait_for(load_u(&guest_vcpu(g, i)->count), PATIENCE_NS))
			ksft_exit_fail_msg("vCPU %d does not start\n", i);
}

#else

bool guest_supported(void)
{
	return false;
}

void guest_start(struct guest *g, const char *group, int policy, int prio)
{
}

#endif
