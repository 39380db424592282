// SPDX-License-Identifier: GPL-2.0
/* Times, CPU lists, and tables. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"
#include "tap.h"

/* What it reads, or TIME_MAX - 1 if it is refused. */
#define REFUSED		(TIME_MAX - 1)

static const struct {
	const char *text;
	u64 us;
} times[] = {
	{ "4ms", 4000 },
	{ "500us", 500 },
	{ "500", REFUSED },
	{ "1s", 1000000 },
	{ "1.5ms", 1500 },
	{ "0.001ms", 1 },
	{ ".5ms", 500 },
	{ "2000ns", 2 },
	{ "1.0", REFUSED },
	{ "0.0", REFUSED },
	{ "1.0us", 1 },
	{ "4 ms", 4000 },
	{ "7\302\265s", 7 },
	{ "0", 0 },
	{ "max", TIME_MAX },
	{ "9223372036s", 9223372036000000 },
	{ "9223372037s", REFUSED },
	{ "99999999999999999999", REFUSED },
	{ "1.5us", REFUSED },
	{ "1500ns", REFUSED },
	{ "0.0001ms", REFUSED },
	{ "", REFUSED },
	{ "ms", REFUSED },
	{ ".", REFUSED },
	{ ".ms", REFUSED },
	{ "1.", REFUSED },
	{ "1.ms", REFUSED },
	{ "1.2.3ms", REFUSED },
	{ "-1", REFUSED },
	{ "+1", REFUSED },
	{ " 1", REFUSED },
	{ "1e3", REFUSED },
	{ "4m", REFUSED },
	{ "4 minutes", REFUSED },
	{ "maximum", REFUSED },
};

static void test_parse_time(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		char *what = xasprintf("time '%s'", times[i].text);
		u64 us = 0;

		if (!parse_time(times[i].text, &us))
			us = REFUSED;
		tap_check(us == times[i].us, what);
		free(what);
	}
}

static void test_format(char *got, const char *want)
{
	char *what = xasprintf("'%s' is written '%s'", got, want);

	tap_check(!strcmp(got, want), what);
	free(what);
	free(got);
}

static void test_format_time(void)
{
	test_format(format_time(4000), "4ms");
	test_format(format_time(1500), "1.5ms");
	test_format(format_time(999), "999us");
	test_format(format_time(0), "0us");
	test_format(format_time(1000000), "1s");
	test_format(format_time(1234567), "1234.567ms");
	test_format(format_time(2500000), "2.5s");
	test_format(format_time(1001), "1.001ms");
	test_format(format_time(TIME_MAX), "max");
	test_format(format_ns(999), "999ns");
	test_format(format_ns(-2578), "-2.578us");
	test_format(format_ns(-999999), "-999.999us");
	test_format(format_ns(4000000), "4ms");
	test_format(format_ns(0), "0ns");
}

/* What is printed can be typed. */
static void test_round_trip(void)
{
	u64 us, back;
	bool ok = true;

	for (us = 0; us < 5000000; us += us < 3000 ? 1 : 997) {
		char *text = format_time(us);

		ok = ok && parse_time(text, &back) && back == us;
		free(text);
	}
	tap_check(ok, "times are read back as they are written");
}

static const struct {
	const char *text, *back;	/* NULL: refused */
} lists[] = {
	{ "0", "0" },
	{ "0-3,8", "0-3,8" },
	{ "8,0-3", "0-3,8" },
	{ "1,2,3", "1-3" },
	{ "7,7", "7" },
	{ "", "" },
	{ "8191", "8191" },
	{ "8192", NULL },
	{ "3-1", NULL },
	{ "1,", NULL },
	{ ",1", NULL },
	{ "1-", NULL },
	{ "-1", NULL },
	{ "1 2", NULL },
	{ "a", NULL },
	{ "0x1", NULL },
	{ "99999999999999999999", NULL },
};

static void test_cpus(void)
{
	struct cpus cpus, others;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		char *what = xasprintf("CPUs '%s'", lists[i].text), *text = NULL;

		if (parse_cpus(lists[i].text, &cpus))
			text = format_cpus(&cpus);
		tap_check(!text == !lists[i].back && (!text || !strcmp(text, lists[i].back)), what);
		free(text);
		free(what);
	}
	parse_cpus("1,64,65", &cpus);
	tap_check(cpus.map[0] == 2 && cpus.map[1] == 3, "bitmaps are as the ioctls take them");
	tap_check(cpus_count(&cpus) == 3 && cpus_next(&cpus, 1) == 64 && cpus_next(&cpus, 65) == -1,
		  "bitmaps are counted and walked");
	parse_cpus("2,65-8191", &others);
	cpus = cpus_common(&cpus, &others);
	tap_check(cpus_count(&cpus) == 1 && cpus_test(&cpus, 65), "bitmaps have CPUs in common");
	cpus_clear(&cpus, 65);
	tap_check(!cpus_count(&cpus), "bitmaps are cleared");
}

static void test_keyed(void)
{
	const char *text = "throttled 3\noverrun 12\nrun 5";

	tap_check(keyed_value(text, "overrun") == 12, "value of a key");
	tap_check(keyed_value(text, "run") == 5, "value of a key that ends another");
	tap_check(keyed_value(text, "over") == -1, "no value of a key that begins another");
}

static const struct {
	const char *text, *clean;
} names[] = {
	{ "CPU 0/KVM", "CPU 0/KVM" },
	{ "", "" },
	{ "a\tb\nc\033[2Jd\177", "a?b?c?[2Jd?" },
	{ "\303\244\342\202\254\360\237\220\247", "\303\244\342\202\254\360\237\220\247" },
	{ "\302\233a", "?a" },			/* C1: a terminal's other ESC */
	{ "a\303", "a?" },			/* cut off */
	{ "\303a\200b\377", "?a?b?" },
	{ "\300\257", "??" },			/* too long for what it is */
	{ "\355\240\200\357\277\277", "??" },	/* a surrogate, U+FFFF */
	{ "\364\220\200\200", "????" },		/* above U+10FFFF */
};

static void test_clean(void)
{
	char lines[] = "a\t\nb\n\377\033[2J\n";
	struct json_object *o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = xstrdup(names[i].text);

		clean_text(text);
		tap_check(!strcmp(text, names[i].clean), names[i].clean);
		free(text);
	}
	o = json_object_new_object();
	jo_str(o, "key", lines);
	tap_check(!strcmp(json_object_get_string(json_object_object_get(o, "key")),
			  "a?\nb\n??[2J\n"), "strings of JSON are cleaned, lines stay");
	json_object_put(o);
	clean_lines(lines);
	tap_check(!strcmp(lines, "a?\nb\n??[2J\n"), "lines are cleaned");
}

static void test_width(void)
{
	tap_check(text_width("abc", 3) == 3, "three letters are three columns");
	tap_check(text_width("gr\303\266\303\237e", 7) == 5, "an umlaut is one column");
	tap_check(text_width("\346\234\272\345\231\250", 6) == 4, "these are two each");
	tap_check(text_width("a\377b", 3) == 3, "what is no character is a column, too");
}

/* The nearest that there is: a disk is no cgroup, and memory lacks everywhere. */
static void test_cures(void)
{
	tap_check(strstr(cure_of(CALL_TRACE, ENOMEM), "4 MiB") &&
		  strstr(cure_of(CALL_TRACE, EACCES), "as root") &&
		  strstr(cure_of(CALL_TRACE, EMFILE), "ulimit -n") &&
		  strstr(cure_of(CALL_TRACE, EBUSY), "somebody else"), "tracing has its cures");
	tap_check(!strcmp(cure_of(CALL_MOVE_OUT, EACCES), CURE_OWN) &&
		  strcmp(cure_of(CALL_OUTPUT, EACCES), CURE_OWN), "only cgroups have an owner");
	tap_check(!strcmp(cure_of(CALL_BIND, ENOMEM), cure_of(CALL_FORK, ENOMEM)) &&
		  strcmp(cure_of(CALL_INPUT, ENOMEM), cure_of(CALL_INPUT, 0)),
		  "memory is what helps when there is none");
	tap_check(!cure_of(CALL_MKDIR, EIO) && !cure_of(CALL_FORK, EROFS) &&
		  !cure_of(CALL_CGROUP, 0), "better none than a wrong one");
}

static s64 supply_value(const struct reservation *res, const char *key)
{
	struct json_object *o = json_object_new_object(), *value;
	s64 us = -1;

	supply_json(o, res);
	if (json_object_object_get_ex(o, key, &value))
		us = value ? json_object_get_int64(value) : -2;
	json_object_put(o);
	return us;
}

/*
 * By what plan counts by default, 8us lost and 20 owed: the gap is P + D - 2(Q - 8) + 20, and
 * then Q - 8 in each P, less 20 once. Without these it is P + D - 2Q.
 */
static void test_supply(void)
{
	const struct reservation res = { 4000, 10000, TIME_MAX }, soon = { 4000, 10000, 6000 };
	const struct reservation none = { TIME_MAX, 10000, TIME_MAX }, less = { 28, 100, TIME_MAX };
	const struct args exact = {}, slow = { .overhead = 50, .debt = 200 };

	tap_check(supply_value(&res, "gap_us") == 12036, "longest gap");
	tap_check(supply_value(&soon, "gap_us") == 8036, "longest gap with a deadline");
	tap_check(supply_value(&soon, "supply_p_us") == 1964 &&
		  supply_value(&soon, "supply_2p_us") == 5956 &&
		  supply_value(&soon, "supply_5p_us") == 17932, "least supply");
	tap_check(supply_value(&none, "gap_us") == -2 && supply_value(&none, "supply_5p_us") == -2,
		  "no gap without a reservation: null");
	tap_check(supply_value(&less, "gap_us") == -2 && !supply_value(&less, "supply_5p_us"),
		  "no supply where a debt can use up the budget");
	supply_options(&exact);
	tap_check(supply_value(&soon, "gap_us") == 8000 &&
		  supply_value(&soon, "supply_5p_us") == 18000, "nothing lost, nothing owed");
	supply_options(&slow);
	tap_check(supply_value(&soon, "gap_us") == 8300 &&
		  supply_value(&soon, "supply_p_us") == 1700 &&
		  supply_value(&soon, "debt_us") == 200, "more lost, more owed");
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	test_width();
	test_parse_time();
	test_format_time();
	test_round_trip();
	test_cpus();
	test_keyed();
	test_clean();
	test_supply();
	test_cures();
	return tap_end();
}
