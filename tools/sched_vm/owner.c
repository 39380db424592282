// SPDX-License-Identifier: GPL-2.0
/*
 * Whose is the cgroup that a process is in? systemd and libvirt find what they have
 * started by its cgroup. If it is moved out, the unit is empty, and so it is ended.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "sched-vm.h"

static bool begins(const char *s, size_t len, const char *with)
{
	return len >= strlen(with) && !strncmp(s, with, strlen(with));
}

static bool ends(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !strncmp(s + len - n, with, n);
}

/* What one part of a path says, without knowing more. */
static enum owner_kind kind_of(const char *part, size_t len)
{
	if ((begins(part, len, "machine") || begins(part, len, "qemu")) &&
	    ends(part, len, ".slice"))
		return OWNER_LIBVIRT;
	if (ends(part, len, ".libvirt-qemu"))
		return OWNER_LIBVIRT;
	if ((begins(part, len, "session-") && ends(part, len, ".scope")) ||
	    (begins(part, len, "user@") && ends(part, len, ".service")))
		return OWNER_SESSION;
	if (ends(part, len, ".scope") || ends(part, len, ".service"))
		return OWNER_UNIT;
	return OWNER_NONE;
}

/* systemd marks what it has given away, and others, as container managers, do, too. */
static bool is_delegated(const char *cg)
{
	return getxattr(cg, "trusted.delegate", NULL, 0) > 0 ||
	       getxattr(cg, "user.delegate", NULL, 0) > 0;
}

/* The lowest part of a slice is the unit. */
static bool is_slice(const struct owner *o)
{
	return o->cg && ends(o->cg, strlen(o->cg), ".slice");
}

static void take_part(struct owner *o, const char *cg, enum owner_kind kind)
{
	if (!is_slice(o) && o->kind != OWNER_NONE)
		return;
	free(o->cg);
	o->cg = xstrdup(cg);
	/* What is below machine.slice is libvirt's, whatever it is called. */
	if (o->kind != OWNER_LIBVIRT)
		o->kind = kind;
}

void owner_of(const char *cg, struct owner *o)
{
	const char *s = cg + strlen(cg_mount());
	enum owner_kind kind;
	char *path;
	size_t len;

	*o = (struct owner){};
	while (*s) {
		s += strspn(s, "/");
		len = strcspn(s, "/");
		path = xasprintf("%.*s", (int)(s + len - cg), cg);
		kind = kind_of(s, len);
		if (kind == OWNER_NONE && is_delegated(path))
			kind = OWNER_UNIT;
		if (kind != OWNER_NONE)
			take_part(o, path, kind);
		free(path);
		s += len;
	}
}

void owner_free(struct owner *o)
{
	free(o->cg);
}
