/* SPDX-License-Identifier: GPL-2.0 */
/* What can be promised without a run. */
#ifndef PAPERS_ANALYSIS_H
#define PAPERS_ANALYSIS_H

#include <stdbool.h>

#include "../model/set.h"

/*
 * Tasks in servers of fixed priority on one CPU: R. I. Davis and A. Burns, Hierarchical
 * fixed priority pre-emptive scheduling (RTSS 2005). The tasks' releases are not bound
 * to the server's.
 *
 * Return: whether each task ends in time, if each server has its budget in each period
 */
bool analysis_davis_burns(const struct set *set, bool deferrable);

/* Return: whether each server has its budget in each period */
bool analysis_servers(const struct set *set, bool deferrable);

/* Return: the longest response of a task, or -1 if it is longer than its deadline */
int64_t analysis_response(const struct set *set, int task, bool deferrable);

/*
 * interface.c: the least budget, a multiple of @step, of one server for all tasks of its
 * domain, with fixed priorities or EDF; what budget @server has does not count.
 * Return: 0 if there is none
 */
int64_t analysis_least_budget(const struct set *set, const struct set_server *server,
			      int64_t step, bool edf);

/* The same for each of @nr_cpus servers, on a CPU each, and global EDF on all of them */
int64_t analysis_least_global(const struct set *set, const struct set_server *server,
			      int nr_cpus, int64_t step);

/*
 * servers under global EDF; under global fixed priorities, the shorter the deadline the
 * higher; and on one CPU, by their exact demand
 */
bool analysis_gedf(const struct set *set);
bool analysis_gdm(const struct set *set);
bool analysis_demand(const struct set_server *servers, int nr);

/*
 * Servers as this project has them, each on one CPU, and tasks of fixed priorities in
 * them, as sched-vm plan has it: of each budget @lost is lost to switches, and @debt may be
 * owed. Return: whether each task ends in time
 */
bool analysis_cbs(const struct set *set, int64_t lost, int64_t debt);

/*
 * Gives each server a CPU, and splits those that fit on none into pieces on two or more
 * (C = D: A. Burns, R. I. Davis, P. Wang, F. Zhang, 2012).
 * Return: false if they do not fit
 */
bool analysis_split(struct set *set);

#endif
