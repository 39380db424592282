// SPDX-License-Identifier: GPL-2.0
/*
 * A sched_ext scheduler that has no program: the kernel's defaults do all of the
 * work. Such a one needs neither a compiler for BPF nor libbpf, only the layout
 * of struct sched_ext_ops, which the kernel's BTF has.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sched_vm.h"

#define OPS		"sched_ext_ops"
#define NAME		"default"
#define SCX_STATE	"/sys/kernel/sched_ext/state"

struct btf_blob {
	char *data;
	const char *type;		/* of the section of types */
	const char *type_end;
	const char *str;
};

static bool btf_read(struct btf_blob *b)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY);
	const struct btf_header *h;
	size_t have = 0;
	struct stat st;
	ssize_t n;

	b->data = NULL;
	if (fd < 0)
		return false;
	if (!fstat(fd, &st))
		b->data = malloc(st.st_size);
	while (b->data && have < (size_t)st.st_size) {
		n = read(fd, b->data + have, st.st_size - have);
		if (n <= 0)
			break;
		have += n;
	}
	close(fd);
	if (!b->data || have < sizeof(*h))
		return false;
	h = (const struct btf_header *)b->data;
	b->type = b->data + h->hdr_len + h->type_off;
	b->type_end = b->type + h->type_len;
	b->str = b->data + h->hdr_len + h->str_off;
	return h->magic == BTF_MAGIC;
}

/* The kind and number of members of a type; older kernels have 16 bits for it. */
static unsigned int btf_kind(const struct btf_type *t)
{
	return t->info >> 24 & 0x1f;
}

static unsigned int btf_nr(const struct btf_type *t)
{
	return t->info & 0xffffff;
}

/* How long a type is, with what comes after struct btf_type. */
static size_t btf_size(const struct btf_type *t)
{
	static const struct {
		unsigned char fixed;
		unsigned char each;
	} more[] = {
		[BTF_KIND_INT]		= { 4, 0 },
		[BTF_KIND_ARRAY]	= { sizeof(struct btf_array), 0 },
		[BTF_KIND_STRUCT]	= { 0, sizeof(struct btf_member) },
		[BTF_KIND_UNION]	= { 0, sizeof(struct btf_member) },
		[BTF_KIND_ENUM]		= { 0, sizeof(struct btf_enum) },
		[BTF_KIND_FUNC_PROTO]	= { 0, sizeof(struct btf_param) },
		[BTF_KIND_VAR]		= { sizeof(struct btf_var), 0 },
		[BTF_KIND_DATASEC]	= { 0, sizeof(struct btf_var_secinfo) },
		[BTF_KIND_DECL_TAG]	= { sizeof(struct btf_decl_tag), 0 },
		[BTF_KIND_ENUM64]	= { 0, sizeof(struct btf_enum64) },
		[31]			= { 0, 0 },
	};
	unsigned int kind = btf_kind(t);

	return sizeof(*t) + more[kind].fixed + more[kind].each * btf_nr(t);
}

/* A structure by its name, and its number. */
static const struct btf_type *btf_struct(const struct btf_blob *b, const char *name,
					 unsigned int *id)
{
	const char *at = b->type;
	const struct btf_type *t;

	for (*id = 1; at < b->type_end; (*id)++) {
		t = (const struct btf_type *)at;
		if (btf_kind(t) == BTF_KIND_STRUCT && !strcmp(b->str + t->name_off, name))
			return t;
		at += btf_size(t);
	}
	return NULL;
}

/* Where in a structure a member is, in bytes; -1 if it has none of that name. */
static long btf_offset(const struct btf_blob *b, const struct btf_type *t,
		       const char *name)
{
	const struct btf_member *m = (const struct btf_member *)(t + 1);
	unsigned int i;

	for (i = 0; i < btf_nr(t); i++) {
		if (!strcmp(b->str + m[i].name_off, name))
			return m[i].offset / 8;
	}
	return -1;
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* Types of the program, which such a map must have: there is none, so one int. */
static int own_types(void)
{
	static const struct {
		struct btf_header header;
		struct btf_type type;
		unsigned int bits;
		char str[5];
	} blob = {
		.header = {
			.magic = BTF_MAGIC,
			.version = BTF_VERSION,
			.hdr_len = sizeof(struct btf_header),
			.type_len = sizeof(struct btf_type) + sizeof(unsigned int),
			.str_off = sizeof(struct btf_type) + sizeof(unsigned int),
			.str_len = sizeof(blob.str),
		},
		.type = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 },
		.bits = 32,
		.str = "\0int",
	};
	union bpf_attr attr = {
		.btf = (unsigned long)&blob,
		.btf_size = offsetof(typeof(blob), str) + sizeof(blob.str),
	};

	return sys_bpf(BPF_BTF_LOAD, &attr);
}

static int ops_map(unsigned int type, unsigned int size)
{
	int types = own_types(), map;
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_STRUCT_OPS,
		.key_size = sizeof(unsigned int),
		.value_size = size,
		.max_entries = 1,
		.btf_fd = types,
		.btf_vmlinux_value_type_id = type,
		.map_name = "scx_default",
	};

	map = sys_bpf(BPF_MAP_CREATE, &attr);
	close(types);
	return map;
}

/* To write the operations is to switch to the scheduler. */
static bool ops_enable(int map, const void *value)
{
	unsigned int key = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
		.value = (unsigned long)value,
	};

	return !sys_bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static bool ops_disable(int map)
{
	unsigned int key = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
	};

	return !sys_bpf(BPF_MAP_DELETE_ELEM, &attr);
}

static int ops_load(const struct btf_blob *b, uint64_t flags, unsigned int timeout_ms)
{
	const struct btf_type *value, *ops;
	long data, at_name, at_flags, at_timeout;
	unsigned int type, id;
	int map = -1;
	char *text;

	value = btf_struct(b, "bpf_struct_ops_" OPS, &type);
	ops = btf_struct(b, OPS, &id);
	if (!value || !ops)
		return -1;
	data = btf_offset(b, value, "data");
	at_name = btf_offset(b, ops, "name");
	at_flags = btf_offset(b, ops, "flags");
	at_timeout = btf_offset(b, ops, "timeout_ms");
	text = calloc(1, value->size);
	if (text && data >= 0 && at_name >= 0 && at_flags >= 0 && at_timeout >= 0) {
		memcpy(text + data + at_name, NAME, sizeof(NAME));
		memcpy(text + data + at_flags, &flags, sizeof(flags));
		memcpy(text + data + at_timeout, &timeout_ms, sizeof(timeout_ms));
		map = ops_map(type, value->size);
	}
	if (map >= 0 && !ops_enable(map, text)) {
		close(map);
		map = -1;
	}
	free(text);
	return map;
}

bool scx_supported(void)
{
	return !access(SCX_STATE, R_OK);
}

bool scx_enabled(void)
{
	char state[16] = "";
	int fd = open(SCX_STATE, O_RDONLY);

	if (fd < 0)
		return false;
	if (read(fd, state, sizeof(state) - 1) < 0)
		state[0] = '\0';
	close(fd);
	return !strcmp(state, "enabled\n");
}

int scx_load(uint64_t flags, unsigned int timeout_ms)
{
	struct btf_blob b;
	int map = -1;

	if (btf_read(&b))
		map = ops_load(&b, flags, timeout_ms);
	free(b.data);
	return map;
}

bool scx_unload(int map)
{
	bool ok = ops_disable(map);

	close(map);
	return ok;
}
