// SPDX-License-Identifier: GPL-2.0
/*
 * pty COMMAND...: run it with a terminal, and press Ctrl-C when it says "ready".
 * Prints what it says, and returns its status. Without a COMMAND: wait for a
 * second, count how often Ctrl-C came, and say so.
 *
 * PTY_SIZE=COLUMNSxROWS: that of the terminal. PTY_KEYS: pressed one after the other,
 * each when PTY_WAIT was said once more, which begins a picture.
 */
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

static void size(struct winsize *ws)
{
	const char *text = getenv("PTY_SIZE");

	*ws = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	if (text)
		sscanf(text, "%hux%hu", &ws->ws_col, &ws->ws_row);
}

/* How many of @keys are due after @text. */
static int due(const char *text, const char *wait)
{
	int nr = 0;

	for (; (text = strstr(text, wait)); text++)
		nr++;
	return nr;
}

static void press(int fd, const char *text, const char *keys, int *pressed)
{
	const char *wait = getenv("PTY_WAIT");
	int nr = due(text, keys && wait ? wait : "ready");

	if (!keys)
		keys = "\003";
	while (*pressed < nr && keys[*pressed])
		if (write(fd, keys + (*pressed)++, 1) != 1)
			return;
}

int main(int argc, char **argv)
{
	static char text[1 << 18];
	struct winsize ws;
	size_t len = 0;
	int pressed = 0, status, fd;
	ssize_t n;
	pid_t pid;

	if (argc < 2)
		return count_signals();
	size(&ws);
	pid = forkpty(&fd, NULL, NULL, &ws);
	if (!pid) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0)
		return 1;
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += n;
		text[len] = '\0';
		press(fd, text, getenv("PTY_KEYS"), &pressed);
	}
	/* Who says that much without what is waited for ends by a hangup. */
	close(fd);
	fwrite(text, 1, len, stdout);
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
