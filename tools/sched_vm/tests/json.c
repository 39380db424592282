// SPDX-License-Identifier: GPL-2.0
/*
 * json FILE PATH: one value of a JSON file, for the shell scripts. PATH has keys
 * and indices, with dots between them. Also says whether the file is JSON at all.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched-vm.h"

int main(int argc, char **argv)
{
	struct json_object *file, *o;
	char *key, *save;

	if (argc != 3)
		return EXIT_USAGE;
	file = json_object_from_file(argv[1]);
	o = file;
	if (!file) {
		fprintf(stderr, "%s is no JSON: %s\n", argv[1], json_util_get_last_err());
		return EXIT_FAILED;
	}
	for (key = strtok_r(argv[2], ".", &save); key; key = strtok_r(NULL, ".", &save)) {
		if (json_object_is_type(o, json_type_array))
			o = isdigit((unsigned char)*key) ?
			    json_object_array_get_idx(o, atoi(key)) : NULL;
		else if (!json_object_object_get_ex(o, key, &o))
			o = NULL;
	}
	if (o)
		puts(json_object_is_type(o, json_type_string) ? json_object_get_string(o) :
		     json_object_to_json_string(o));
	json_object_put(file);
	return o ? EXIT_OK : EXIT_FAILED;
}
