// SPDX-License-Identifier: GPL-2.0
/* note FOLDER KEY VALUE: the extended attribute user.KEY */
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

int main(int argc, char **argv)
{
	char name[256];

	if (argc != 4)
		return 2;
	snprintf(name, sizeof(name), "user.%s", argv[2]);
	if (!setxattr(argv[1], name, argv[3], strlen(argv[3]), 0))
		return 0;
	perror(argv[1]);
	return 1;
}
