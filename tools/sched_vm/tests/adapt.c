// SPDX-License-Identifier: GPL-2.0
/* adapt.c: round by round. */
#include "adapt.h"
#include "tap.h"

static bool round_is(struct adapt *a, uint64_t has, uint64_t wanted, bool dry, uint64_t is,
		     enum adapt_why why)
{
	enum adapt_why said;

	return adapt_round(a, has, wanted, dry, &said) == is && said == why;
}

static bool calm(struct adapt *a, uint64_t has, uint64_t wanted, int rounds)
{
	bool ok = true;

	while (rounds--)
		ok = ok && round_is(a, has, wanted, false, has, ADAPT_KEPT);
	return ok;
}

int main(void)
{
	struct adapt a = { .floor = 100, .ceiling = 5000, .patience = 10 };

	tap_check(round_is(&a, 1000, 1001, false, 1001, ADAPT_WANTED), "up at once");
	tap_check(round_is(&a, 1000, 9000, false, 5000, ADAPT_WANTED), "to the ceiling");
	tap_check(round_is(&a, 5000, 9000, true, 5000, ADAPT_KEPT), "and no further");
	a = (struct adapt){ 100, 5000, 10 };
	tap_check(round_is(&a, 1000, 700, true, 1250, ADAPT_DRY), "dry: a quarter more");
	tap_check(round_is(&a, 1000, 2000, true, 2000, ADAPT_DRY), "or what was seen");
	tap_check(calm(&a, 1000, 500, 9) && round_is(&a, 1000, 500, false, 900, ADAPT_CALM),
		  "down after ten rounds, a tenth");
	tap_check(calm(&a, 900, 500, 9) && round_is(&a, 900, 850, false, 850, ADAPT_CALM),
		  "to the most of them");
	tap_check(calm(&a, 850, 500, 5) && round_is(&a, 850, 900, false, 900, ADAPT_WANTED) &&
		  calm(&a, 900, 500, 9), "up again, and all ten are to come");
	a = (struct adapt){ 100, 5000, 10 };
	tap_check(calm(&a, 1000, 960, 25), "not for a twentieth");
	a = (struct adapt){ 950, 5000, 2 };
	tap_check(calm(&a, 1000, 10, 9), "nor below the floor");
	tap_check(round_is(&a, 500, 10, false, 950, ADAPT_WANTED), "up to the floor");
	tap_check(round_is(&a, 9000, 9000, true, 5000, ADAPT_CALM), "down to the ceiling");
	return tap_end();
}
