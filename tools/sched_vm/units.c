// SPDX-License-Identifier: GPL-2.0
/* Times and lists of CPUs as people write them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

static const struct {
	const char *name;
	u64 ns;
} units[] = {
	{ "s", 1000000000 },
	{ "ms", 1000000 },
	{ "us", 1000 },
	{ "\302\265s", 1000 },		/* the micro sign */
	{ "\316\274s", 1000 },		/* the Greek letter */
	{ "ns", 1 },
};

static u64 unit_ns(const char *name)
{
	size_t i;

	while (*name == ' ')
		name++;
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(name, units[i].name))
			return units[i].ns;
	return 0;
}

/*
 * "4ms", "1.5ms", "500us", "1s", "max", and 0, which is the same in all units. It
 * must be a whole number of microseconds, below 2^63 ns.
 */
bool parse_time(const char *text, u64 *us)
{
	unsigned __int128 ns, value = 0, scale = 1;
	const char *s = text;
	bool point = false;
	int digits = 0;

	if (!strcmp(text, "max")) {
		*us = TIME_MAX;
		return true;
	}
	for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		if (++digits > 18)
			return false;
		value = value * 10 + (*s - '0');
		if (point)
			scale *= 10;
	}
	if (!strcmp(text, "0")) {
		*us = 0;
		return true;
	}
	ns = value * unit_ns(s);
	if (!digits || s[-1] == '.' || !unit_ns(s) || ns % (scale * NS_PER_US) ||
	    ns / scale > INT64_MAX)
		return false;
	*us = ns / (scale * NS_PER_US);
	return true;
}

/* A number, and nothing that says of what. */
bool lacks_unit(const char *text)
{
	return *text && strcmp(text, "0") && !text[strspn(text, "0123456789.")];
}

/* With as many digits as it takes, at most three. */
static char *format_in(s64 value, s64 unit, const char *name)
{
	s64 thousandths = (value % unit) * 1000 / unit;
	const char *sign = value < 0 ? "-" : "";
	char fraction[8];
	int len;

	if (thousandths < 0)
		thousandths = -thousandths;
	len = snprintf(fraction, sizeof(fraction), ".%03d", (int)(thousandths % 1000));
	while (len > 1 && fraction[len - 1] == '0')
		fraction[--len] = '\0';
	if (len == 1)
		fraction[0] = '\0';
	return xasprintf("%s%lld%s%s", sign, llabs(value / unit), fraction, name);
}

char *format_ns(s64 ns)
{
	s64 size = llabs(ns);

	if (size >= NS_PER_S)
		return format_in(ns, NS_PER_S, "s");
	if (size >= 1000000)
		return format_in(ns, 1000000, "ms");
	if (size >= NS_PER_US)
		return format_in(ns, NS_PER_US, "us");
	return xasprintf("%lldns", (long long)ns);
}

/* Exactly: parse_time() reads back what was formatted. */
char *format_time(u64 us)
{
	if (us == TIME_MAX)
		return xstrdup("max");
	if (us >= 1000000 && us % 1000 == 0)
		return format_in(us, 1000000, "s");
	if (us >= 1000)
		return format_in(us, 1000, "ms");
	return xasprintf("%lluus", (unsigned long long)us);
}

bool cpus_test(const struct cpus *cpus, int cpu)
{
	return cpus->map[cpu / 64] >> cpu % 64 & 1;
}

void cpus_set(struct cpus *cpus, int cpu)
{
	cpus->map[cpu / 64] |= 1ULL << cpu % 64;
}

void cpus_clear(struct cpus *cpus, int cpu)
{
	cpus->map[cpu / 64] &= ~(1ULL << cpu % 64);
}

int cpus_next(const struct cpus *cpus, int cpu)
{
	while (++cpu < MAX_CPUS)
		if (cpus_test(cpus, cpu))
			return cpu;
	return -1;
}

int cpus_count(const struct cpus *cpus)
{
	int cpu, nr = 0;

	for (cpu = cpus_next(cpus, -1); cpu >= 0; cpu = cpus_next(cpus, cpu))
		nr++;
	return nr;
}

struct cpus cpus_common(const struct cpus *a, const struct cpus *b)
{
	struct cpus common;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(common.map); i++)
		common.map[i] = a->map[i] & b->map[i];
	return common;
}

/* One number below MAX_CPUS; returns where it ends, or NULL. */
static const char *parse_cpu(const char *s, int *cpu)
{
	char *end;
	long value;

	if (!isdigit((unsigned char)*s))
		return NULL;
	value = strtol(s, &end, 10);
	if (value < 0 || value >= MAX_CPUS)
		return NULL;
	*cpu = value;
	return end;
}

/* "0-3,8". An empty list is an empty set, and no error here. */
bool parse_cpus(const char *text, struct cpus *cpus)
{
	const char *s = text;
	int first, last;

	memset(cpus, 0, sizeof(*cpus));
	while (*s) {
		s = parse_cpu(s, &first);
		last = first;
		if (s && *s == '-')
			s = parse_cpu(s + 1, &last);
		if (!s || last < first)
			return false;
		while (first <= last)
			cpus_set(cpus, first++);
		if (*s == ',' && s[1])
			s++;
		else if (*s)
			return false;
	}
	return true;
}

char *format_cpus(const struct cpus *cpus)
{
	char *text = xstrdup(""), *longer;
	int first, last;

	for (first = 0; first < MAX_CPUS; first = last + 1) {
		last = first;
		if (!cpus_test(cpus, first))
			continue;
		while (last + 1 < MAX_CPUS && cpus_test(cpus, last + 1))
			last++;
		if (last > first)
			longer = xasprintf("%s%s%d-%d", text, *text ? "," : "", first, last);
		else
			longer = xasprintf("%s%s%d", text, *text ? "," : "", first);
		free(text);
		text = longer;
	}
	return text;
}

char *cpus_text(const struct cpus *cpus)
{
	char *list = format_cpus(cpus);
	char *text = xasprintf("%s %s", cpus_count(cpus) > 1 ? "the CPUs" : "CPU", list);

	free(list);
	return text;
}

char *none_of_cpus(const struct cpus *cpus, const char *what)
{
	char *list = cpus_text(cpus);
	char *text = cpus_count(cpus) > 1 ? xasprintf("none of %s is %s", list, what) :
		     xasprintf("%s is not %s", list, what);

	free(list);
	return text;
}
