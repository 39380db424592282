// SPDX-License-Identifier: GPL-2.0
/* A budget that follows a demand. */
#include "adapt.h"

#define RAISE_BLIND	4	/* has / 4 more, if nobody can see how much it takes */
#define LOWER		10	/* at most has / 10 less at once */
#define WORTH		20	/* has / 20 less is not worth a change */

static uint64_t limited(const struct adapt *a, uint64_t budget)
{
	if (budget > a->ceiling)
		budget = a->ceiling;
	return budget < a->floor ? a->floor : budget;
}

static void begin(struct adapt *a)
{
	a->calm = 0;
	a->most = 0;
}

/* As much as was wanted at the most, but not all of the way at once. */
static uint64_t lower(struct adapt *a, uint64_t has, enum adapt_why *why)
{
	uint64_t target = limited(a, a->most), least = has - has / LOWER;

	begin(a);
	if (target >= has - has / WORTH)
		return has;
	*why = ADAPT_CALM;
	return target > least ? target : least;
}

uint64_t adapt_round(struct adapt *a, uint64_t has, uint64_t wanted, bool dry,
		     enum adapt_why *why)
{
	bool blind = dry && wanted < has + has / RAISE_BLIND;

	*why = ADAPT_KEPT;
	/* The user's limits come first. */
	if (has < a->floor || has > a->ceiling) {
		*why = has < a->floor ? ADAPT_WANTED : ADAPT_CALM;
		begin(a);
		return limited(a, has);
	}
	if (blind)
		wanted = has + has / RAISE_BLIND;
	wanted = limited(a, wanted);
	if (wanted > has) {
		*why = dry ? ADAPT_DRY : ADAPT_WANTED;
		begin(a);
		return wanted;
	}
	if (wanted > a->most)
		a->most = wanted;
	return ++a->calm < a->patience ? has : lower(a, has, why);
}
