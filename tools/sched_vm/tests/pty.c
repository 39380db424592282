// SPDX-License-Identifier: GPL-2.0
/*
 * pty COMMAND...: run it with a terminal, and press Ctrl-C when it says "ready".
 * Prints what it says, and returns its status. Without a COMMAND: wait for a
 * second, count how often Ctrl-C came, and say so.
 */
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void on_signal(int sig)
{
	(void)sig;
	count++;
}

static int count_signals(void)
{
	struct timespec left = { .tv_sec = 1 };

	sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	puts("ready");
	fflush(stdout);
	while (nanosleep(&left, &left))
		;
	printf("Ctrl-C: %d\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	char text[4096] = "";
	size_t len = 0;
	int pressed = 0, status, fd;
	ssize_t n;
	pid_t pid;

	if (argc < 2)
		return count_signals();
	pid = forkpty(&fd, NULL, NULL, NULL);
	if (!pid) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0)
		return 1;
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += n;
		text[len] = '\0';
		if (!pressed && strstr(text, "ready")) {
			pressed = 1;
			if (write(fd, "\003", 1) != 1)
				return 1;
		}
	}
	fputs(text, stdout);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
