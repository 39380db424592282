// SPDX-License-Identifier: GPL-2.0
/* Chapter 3 of RT-Xen: servers on five CPUs, global, partitioned, semi-partitioned. */
#include "../gen/analysis.h"
#include "../gen/gen.h"
#include "exp.h"

enum { PEDF, GEDF, PDM, GDM, VMMS };

static const char *const vmm_name[VMMS] = { "pedf", "gedf", "pdm", "gdm" };
static const char *const server_name[] = { "deferrable", "periodic" };

/* Of the sets of one utilisation */
struct tally {
	int theory[2][VMMS];
	int model[2][VMMS][2];
	int unsound[2][VMMS];
	double bandwidth[2];
	int interfaces[2];
};

static void simulate(struct set *set, int guest, int vmm, int promised, struct tally *t,
		     int seconds)
{
	static const enum sim_policy policies[] = { SIM_DEFERRABLE, SIM_PERIODIC };
	enum sim_order order = vmm < PDM ? SIM_EDF : SIM_DM;
	static struct sim_result result;
	int i;

	for (i = 0; i < 2; i++) {
		run(set, policies[i], order, SIM_GUEST_EDF, seconds, &result);
		t->model[guest][vmm][i] += !result.all.missed;
		t->unsound[guest][vmm] += promised && result.all.missed;
	}
}

static void one_set(int percentage, int seed, int guest, struct tally *t, int seconds)
{
	const struct gen_guests g = { .guest = guest, .divide = 1 };
	struct set set, packed;
	int vmm, promised;
	bool fits;

	gen_bimodal(&set, percentage, seed);
	if (!gen_vcpus(&set, &g))
		return;
	t->interfaces[guest]++;
	t->bandwidth[guest] += gen_bandwidth(&set);
	packed = set;
	fits = gen_pack(&packed, 1000);
	for (vmm = 0; vmm < VMMS; vmm++) {
		bool global = vmm == GEDF || vmm == GDM;

		promised = vmm == GEDF ? analysis_gedf(&set) :
			   vmm == GDM ? analysis_gdm(&set) : fits;
		t->theory[guest][vmm] += promised;
		simulate(global ? &set : &packed, guest, vmm, promised, t, seconds);
	}
}

static void print_tally(const struct tally *t, int percentage, int sets)
{
	int guest, vmm, i;

	for (guest = 0; guest < 2; guest++) {
		emit("f3.7", t->interfaces[guest] ? t->bandwidth[guest] / t->interfaces[guest] : 0,
		     "CPUs", "u=%d guest=%s", percentage, gen_guest_name[guest]);
		for (vmm = 0; vmm < VMMS; vmm++) {
			emit("f3.5", percent(t->theory[guest][vmm], sets), "% of sets",
			     "u=%d guest=%s vmm=%s server=theory", percentage,
			     gen_guest_name[guest], vmm_name[vmm]);
			emit("f3.6", t->unsound[guest][vmm], "sets",
			     "u=%d guest=%s vmm=%s missed though promised", percentage,
			     gen_guest_name[guest], vmm_name[vmm]);
			for (i = 0; i < 2; i++)
				emit("f3.5", percent(t->model[guest][vmm][i], sets), "% of sets",
				     "u=%d guest=%s vmm=%s server=%s", percentage,
				     gen_guest_name[guest], vmm_name[vmm], server_name[i]);
		}
	}
}

static void add_tally(struct tally *sum, const struct tally *t)
{
	int guest, vmm, i;

	for (guest = 0; guest < 2; guest++)
		for (vmm = 0; vmm < VMMS; vmm++)
			for (i = 0; i < 2; i++)
				sum->model[guest][vmm][i] += t->model[guest][vmm][i];
}

/* Of all loads together, the four of EDF between servers (Fig. 3.8), and of DM (Fig. 3.9) */
static void print_sum(const struct tally *sum, int sets)
{
	int guest, vmm, i;

	for (guest = 0; guest < 2; guest++)
		for (vmm = 0; vmm < VMMS; vmm++)
			for (i = 0; i < 2; i++)
				emit(vmm < PDM ? "f3.8" : "f3.9",
				     percent(sum->model[guest][vmm][i], sets), "% of sets",
				     "guest=%s vmm=%s server=%s", gen_guest_name[guest],
				     vmm_name[vmm], server_name[i]);
}

void exp_f35(const struct effort *effort)
{
	int percentage, seed, sets = 0;
	struct tally sum = {};

	for (percentage = 110; percentage <= 490; percentage += 20) {
		struct tally t = {};

		for (seed = 1; seed <= effort->sets; seed++) {
			one_set(percentage, seed, GEN_PEDF, &t, effort->seconds);
			one_set(percentage, seed, GEN_GEDF, &t, effort->seconds);
		}
		print_tally(&t, percentage, effort->sets);
		add_tally(&sum, &t);
		sets += effort->sets;
	}
	print_sum(&sum, sets);
}

/* The same sets, guests partitioned: whole servers, pieces with deadlines, global ones */
static void split_sets(const struct effort *effort)
{
	static const struct gen_guests g = { .guest = GEN_PEDF, .divide = 1 };
	int percentage, seed, whole, pieces, global, ran;
	static struct sim_result result;
	struct set set, split;

	for (percentage = 110; percentage <= 490; percentage += 20) {
		whole = 0;
		pieces = 0;
		global = 0;
		ran = 0;
		for (seed = 1; seed <= effort->sets; seed++) {
			gen_bimodal(&set, percentage, seed);
			if (!gen_vcpus(&set, &g))
				continue;
			global += analysis_gedf(&set);
			split = set;
			whole += gen_pack(&split, 1000);
			split = set;
			if (!analysis_split(&split))
				continue;
			pieces++;
			run(&split, SIM_PERIODIC, SIM_EDF, SIM_GUEST_EDF, effort->seconds, &result);
			ran += !result.all.missed;
		}
		emit("semi", percent(whole, effort->sets), "% of sets", "u=%d how=partitioned",
		     percentage);
		emit("semi", percent(global, effort->sets), "% of sets", "u=%d how=global",
		     percentage);
		emit("semi", percent(pieces, effort->sets), "% of sets", "u=%d how=split",
		     percentage);
		emit("semi", pieces - ran, "sets", "u=%d how=split missed though promised",
		     percentage);
	}
}

/*
 * Three guests of 60 % on two CPUs, periods of 10 ms; the third has 35 % on one and 25 %
 * on the other: with the whole period as the deadline of both pieces, or the first one
 * with its budget as deadline and the second one after it.
 */
static void three_guests(const char *how, bool deadlines, enum sim_policy policy, int seconds)
{
	static struct sim_result result;
	struct set_server *first, *second;
	struct set_task *task;
	struct set set;
	int i;

	set_init(&set, 2, 1);
	set_add_server(&set, 1, 1, 0, 6 * MS, 10 * MS);
	set_add_server(&set, 2, 1, 1, 6 * MS, 10 * MS);
	first = set_add_server(&set, 3, 1, 0, 3500, 10 * MS);
	second = set_add_server(&set, 3, 1, 1, 2500, 10 * MS);
	if (deadlines) {
		first->deadline = 3500;
		second->deadline = 6500;
		second->offset = 3500;
	}
	for (i = 1; i <= 2; i++)
		set_add_task(&set, i, 1, 6 * MS, 10 * MS);
	task = set_add_task(&set, 3, 1, 6 * MS, 10 * MS);
	/* The third one's jobs come in all phases of the others' periods. */
	task->period = 10 * MS + 37;
	task->deadline = task->period;
	run(&set, policy, SIM_EDF, SIM_GUEST_RM, seconds, &result);
	emit("semi3", percent(result.domain[3].ran, seconds * 1e6), "% of a CPU", "how=%s share",
	     how);
	emit("semi3", result.domain[3].worst / 1e3, "ms", "how=%s worst", how);
	emit("semi3", percent(result.domain[3].missed, result.domain[3].jobs), "% missed",
	     "how=%s missed", how);
	emit("semi3", result.domain[1].missed + result.domain[2].missed, "jobs", "how=%s others",
	     how);
}

void exp_semi(const struct effort *effort)
{
	split_sets(effort);
	three_guests("cbs", false, SIM_CBS, effort->seconds);
	three_guests("deadlines", true, SIM_PERIODIC, effort->seconds);
}
