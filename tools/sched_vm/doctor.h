/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCHED_VM_DOCTOR_H
#define SCHED_VM_DOCTOR_H

#include "sched-vm.h"

enum verdict_kind { GOOD, ADVICE, WRONG };

struct finding {
	enum verdict_kind kind;
	const char *id;		/* for programs: stays the same */
	char *text, *cure;
	char **names;		/* of capsules that it is about; the text names the first */
	int nr_names;
};

struct findings {
	struct finding *list;
	int nr, wrong;
};

/* Takes @text, which is freed at the end. */
void finding(struct findings *f, enum verdict_kind kind, const char *id, char *text,
	     const char *cure);
/*
 * The same of a capsule, where @cure has its name in place of %s. If there is such a
 * finding already, it is about this one, too. Takes @text.
 */
void finding_of(struct findings *f, enum verdict_kind kind, const char *id, const char *name,
		char *text, const char *cure);
/* The only word of a file, or NULL. */
char *sysfs_word(const char *path);

/* doctor-capsules.c */
void doctor_cgroups(const struct args *args, struct findings *f);
void doctor_capsules(struct findings *f);
void doctor_fair_server(struct findings *f);

#endif
