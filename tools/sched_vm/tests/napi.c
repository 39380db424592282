// SPDX-License-Identifier: GPL-2.0
/*
 * napi NAME [...]: what QEMU is to the kernel, as far as a tap device goes: opens one,
 * with NAPI, and waits to be killed.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_NAPI };
	int fd = open("/dev/net/tun", O_RDWR);

	if (argc < 2 || fd < 0)
		return 1;
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", argv[1]);
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		perror("TUNSETIFF");
		return 1;
	}
	for (;;)
		pause();
}
