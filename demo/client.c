// SPDX-License-Identifier: GPL-2.0
/*
 * A periodic HTTP client, open loop: request number i is due at start + i * period,
 * whatever became of the requests before it. Every request is a connection of its
 * own, and several may be under way at once, so that a late answer delays nobody.
 *
 * The response time of a request runs from the moment it was *due* (not from when
 * the client came round to it) to the arrival of the last byte of the body. It
 * thus has in it the TCP handshake and all waiting that the client does itself.
 *
 * The client also notices when the whole machine stands still, as an emulated or
 * virtual machine does when its own host is busy: a timer is due every TICK, and
 * the client, which should have a real-time priority, finds that it has missed
 * some. That is for the one who evaluates the times.
 *
 * Results go to CSV files, which are written at the end: nothing but the network
 * is touched while measuring.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_USEC	1000LL
#define TICK		(4 * 1000 * NSEC_PER_USEC)
#define LEAD		(500 * 1000 * NSEC_PER_USEC)	/* ticks before the first request */
#define STALLS_MAX	10000
#define HEAD_MAX	1024
#define EVENTS_MAX	64
#define TIMER		UINT32_MAX	/* epoll data of the timer; else a request's number */

enum state { WAITING, CONNECTING, HEAD, BODY, DONE, FAILED };

struct request {
	enum state	state;
	int		fd;
	int64_t		due;		/* ns, CLOCK_MONOTONIC */
	int64_t		started;	/* when connect() was called */
	int64_t		done;		/* when the last byte was here */
	int		status;		/* of HTTP */
	int64_t		left;		/* bytes of the body still to come */
	size_t		head_len;
	char		head[HEAD_MAX + 1];
};

static struct {
	int64_t			period;
	int64_t			patience;	/* for answers after the last request */
	uint32_t		count;
	const char		*csv;
	const char		*stalls_csv;
	struct sockaddr_in	server;
	char			text[512];	/* what is sent */
	size_t			text_len;
} conf = {
	.period		= 20 * 1000 * NSEC_PER_USEC,
	.patience	= 10 * NSEC_PER_SEC,
	.count		= 1,
};

static struct request *requests;
static uint32_t nr_started, nr_ended;
static struct { int64_t end, length; } stalls[STALLS_MAX];
static uint32_t nr_stalls;
static int epoll_fd, timer_fd;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

static void end_request(struct request *r, enum state state)
{
	r->state = state;
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	nr_ended++;
}

static void watch(struct request *r, int op, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u32 = r - requests };

	if (epoll_ctl(epoll_fd, op, r->fd, &ev))
		error(1, errno, "epoll_ctl");
}

static void start_request(struct request *r)
{
	r->started = now();
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		error(1, errno, "socket");
	r->state = CONNECTING;
	if (connect(r->fd, (struct sockaddr *)&conf.server, sizeof(conf.server)) &&
	    errno != EINPROGRESS)
		end_request(r, FAILED);
	else
		watch(r, EPOLL_CTL_ADD, EPOLLOUT);
}

static void start_due_requests(void)
{
	int64_t t = now();

	while (nr_started < conf.count && requests[nr_started].due <= t)
		start_request(&requests[nr_started++]);
}

static void connected(struct request *r)
{
	socklen_t len = sizeof(int);
	int err = 0;

	getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	/* A few hundred bytes into an empty socket buffer: all or an error. */
	if (err || send(r->fd, conf.text, conf.text_len, MSG_NOSIGNAL) !=
	    (ssize_t)conf.text_len) {
		end_request(r, FAILED);
		return;
	}
	r->state = HEAD;
	watch(r, EPOLL_CTL_MOD, EPOLLIN);
}

/* The head is complete: take out the status and the length. */
static void parse_head(struct request *r, size_t body_in_head)
{
	static const char field[] = "\r\nContent-Length:";
	const char *length = strcasestr(r->head, field);

	if (sscanf(r->head, "HTTP/1.%*1[01] %d", &r->status) != 1 || !length) {
		end_request(r, FAILED);
		return;
	}
	r->left = strtoll(length + sizeof(field) - 1, NULL, 10) - (int64_t)body_in_head;
	r->state = BODY;
}

static void take_head(struct request *r, const char *data, size_t len)
{
	size_t room = HEAD_MAX - r->head_len;
	size_t n = len < room ? len : room;
	char *end;

	memcpy(r->head + r->head_len, data, n);
	r->head_len += n;
	r->head[r->head_len] = '\0';
	end = strstr(r->head, "\r\n\r\n");
	if (end)
		parse_head(r, len - n + (r->head + r->head_len - (end + 4)));
	else if (r->head_len == HEAD_MAX)
		end_request(r, FAILED);
}

static void receive(struct request *r)
{
	static char buf[256 * 1024];
	ssize_t n;

	n = recv(r->fd, buf, sizeof(buf), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_request(r, FAILED);
		return;
	}
	if (r->state == HEAD)
		take_head(r, buf, n);
	else
		r->left -= n;
	if (r->state == BODY && r->left <= 0) {
		r->done = now();
		end_request(r, r->left == 0 && r->status == 200 ? DONE : FAILED);
	}
}

static void tick(void)
{
	uint64_t ticks = 0;

	if (read(timer_fd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		error(1, errno, "timerfd");
	if (ticks > 1 && nr_stalls < STALLS_MAX) {
		stalls[nr_stalls].end = now();
		stalls[nr_stalls].length = (ticks - 1) * TICK;
		nr_stalls++;
	}
}

static void handle(const struct epoll_event *ev)
{
	struct request *r;

	if (ev->data.u32 == TIMER) {
		tick();
		return;
	}
	r = &requests[ev->data.u32];
	if (r->state == CONNECTING)
		connected(r);
	else if (r->state == HEAD || r->state == BODY)
		receive(r);
}

static void start_clock(void)
{
	int64_t start = now() + LEAD;
	struct itimerspec its = {
		.it_value	= to_timespec(start - LEAD + TICK),
		.it_interval	= to_timespec(TICK),
	};
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = TIMER };
	uint32_t i;

	for (i = 0; i < conf.count; i++) {
		requests[i].fd = -1;
		requests[i].due = start + i * conf.period;
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (epoll_fd < 0 || timer_fd < 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &ev) ||
	    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &its, NULL))
		error(1, errno, "timer");
}

static void measure(void)
{
	struct epoll_event ev[EVENTS_MAX];
	int64_t end;
	int i, n;

	start_clock();
	end = requests[conf.count - 1].due + conf.patience;
	while (nr_ended < conf.count && now() < end) {
		n = epoll_wait(epoll_fd, ev, EVENTS_MAX, -1);
		if (n < 0 && errno != EINTR)
			error(1, errno, "epoll_wait");
		start_due_requests();
		for (i = 0; i < n; i++)
			handle(&ev[i]);
	}
}

/* Returns the number of requests without a good answer. */
static uint32_t write_csv(void)
{
	FILE *f = conf.csv ? fopen(conf.csv, "w") : NULL;
	uint32_t i, bad = 0;

	if (conf.csv && !f)
		error(1, errno, "%s", conf.csv);
	if (f)
		fprintf(f, "request,due_us,started_us,response_us\n");
	for (i = 0; i < conf.count; i++) {
		const struct request *r = &requests[i];
		int64_t base = requests[0].due;

		bad += r->state != DONE;
		if (!f)
			continue;
		fprintf(f, "%u,%lld,%lld,", i, (long long)(r->due - base) / 1000,
			(long long)(r->started - base) / 1000);
		if (r->state == DONE)
			fprintf(f, "%lld\n", (long long)(r->done - r->due) / 1000);
		else
			fprintf(f, "lost\n");
	}
	if (f && fclose(f))
		error(1, errno, "%s", conf.csv);
	return bad;
}

static void write_stalls(void)
{
	FILE *f = fopen(conf.stalls_csv, "w");
	uint32_t i;

	if (!f)
		error(1, errno, "%s", conf.stalls_csv);
	fprintf(f, "end_us,length_us\n");
	for (i = 0; i < nr_stalls; i++)
		fprintf(f, "%lld,%lld\n", (long long)(stalls[i].end - requests[0].due) / 1000,
			(long long)stalls[i].length / 1000);
	if (fclose(f))
		error(1, errno, "%s", conf.stalls_csv);
}

static void usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: client [-p PERIOD_US] [-n COUNT] [-t PATIENCE_MS] [-o CSV] [-s CSV] ADDRESS PORT PATH\n"
		"Asks for http://ADDRESS:PORT/PATH every PERIOD_US, COUNT times, and records how\n"
		"long each answer took (-o), and when the machine stood still (-s).\n"
		"Exits with 0 if every request had a good answer, with 3 if not.\n");
	exit(status);
}

static long long number(const char *s, long long max)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end || end == s || v < 1 || v > max)
		error(2, 0, "'%s' is not a number from 1 to %lld", s, max);
	return v;
}

static void parse_args(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "p:n:t:o:s:h")) != -1) {
		if (opt == 'p')
			conf.period = number(optarg, 1000 * 1000 * 1000) * NSEC_PER_USEC;
		else if (opt == 'n')
			conf.count = number(optarg, 1000 * 1000);
		else if (opt == 't')
			conf.patience = number(optarg, 1000 * 1000) * 1000 * NSEC_PER_USEC;
		else if (opt == 'o')
			conf.csv = optarg;
		else if (opt == 's')
			conf.stalls_csv = optarg;
		else
			usage(opt == 'h' ? 0 : 2);
	}
	if (argc - optind != 3)
		usage(2);
	conf.server.sin_family = AF_INET;
	if (inet_pton(AF_INET, argv[optind], &conf.server.sin_addr) != 1)
		error(2, 0, "'%s' is not an IPv4 address", argv[optind]);
	conf.server.sin_port = htons(number(argv[optind + 1], 65535));
	conf.text_len = snprintf(conf.text, sizeof(conf.text),
				 "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
				 argv[optind + 2], argv[optind]);
	if (conf.text_len >= sizeof(conf.text))
		error(2, 0, "the path is too long");
}

/* A server that does not answer leaves a connection open for each request. */
static void raise_limits(void)
{
	struct rlimit lim;

	if (!getrlimit(RLIMIT_NOFILE, &lim)) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		error(0, errno, "mlockall (measuring goes on)");
}

int main(int argc, char **argv)
{
	uint32_t bad;

	parse_args(argc, argv);
	requests = calloc(conf.count, sizeof(*requests));
	if (!requests)
		error(1, errno, "calloc");
	raise_limits();
	measure();
	if (conf.stalls_csv)
		write_stalls();
	bad = write_csv();
	if (bad)
		error(3, 0, "%u of %u requests had no good answer", bad, conf.count);
	return 0;
}
