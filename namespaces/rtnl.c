/* RUNTIME: requests to rtnetlink, and the answers. */
#include "namespaces/rtnl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "libcontainer/base/cleanup.h"

/* The kernel fills one buffer of a dump at a time and makes none larger than this. */
#define RECEIVE_SIZE 32768
#define TRIES        5

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static int set_option(int fd, int option, struct err *err)
{
	const int on = 1;

	if (setsockopt(fd, SOL_NETLINK, option, &on, sizeof(on)) < 0)
		return err_sys(err, errno, "set an option of a netlink socket");
	return 0;
}

int rtnl_open(struct rtnl *s, struct err *err)
{
	/* Its answers come before the request returns; whatever happens, hull must not hang. */
	const struct timeval patience = {.tv_sec = 10};
	const struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "open a netlink socket");
	if (bind(fd, (const struct sockaddr *)&self, sizeof(self)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return err_sys(err, errno, "bind a netlink socket");
	r = set_option(fd, NETLINK_EXT_ACK, err);
	if (r == 0)
		r = set_option(fd, NETLINK_CAP_ACK, err);
	if (r == 0) /* the kernel then filters a dump by interface */
		r = set_option(fd, NETLINK_GET_STRICT_CHK, err);
	if (r < 0)
		return r;
	*s = (struct rtnl){.fd = take_fd(&fd)};
	return 0;
}

void rtnl_close(struct rtnl *s)
{
	close_fd(&s->fd);
}

static int transmit(struct rtnl *s, struct nl_out *m, struct err *err)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	if (nl_finish(m, ++s->seq) < 0)
		return err_fail(err, EMSGSIZE, "a netlink message of more than %d bytes",
				NL_OUT_SIZE);
	do
		n = sendto(s->fd, m->buf, m->len, 0, (const struct sockaddr *)&kernel,
			   sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(err, errno, "send a netlink message") : 0;
}

/* One datagram that is the kernel's. */
static int receive(struct rtnl *s, void *buf, struct nl_in *ret, struct err *err)
{
	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {.iov_base = buf, .iov_len = RECEIVE_SIZE};
		struct msghdr h = {.msg_name = &from,
				   .msg_namelen = sizeof(from),
				   .msg_iov = &iov,
				   .msg_iovlen = 1};
		ssize_t n = recvmsg(s->fd, &h, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "receive a netlink message");
		if (h.msg_flags & MSG_TRUNC)
			return err_fail(err, EMSGSIZE, "a netlink message is larger than %d bytes",
					RECEIVE_SIZE);
		if (h.msg_namelen != sizeof(from) || from.nl_pid != 0)
			continue; /* any process may send one */
		*ret = (struct nl_in){buf, (size_t)n};
		return 0;
	}
}

static int malformed(struct err *err)
{
	return err_fail(err, EBADMSG, "a netlink message of the kernel is not understood");
}

/* The end of a dump carries an error number alone, as errors do before their other parts. */
static int verdict_of_dump(const struct nl_msg *m, struct err *err)
{
	int32_t code = 0;

	if (m->len >= sizeof(code))
		memcpy(&code, m->body, sizeof(code));
	return code < 0 ? err_sys(err, -code, "the kernel gives no list") : 0;
}

static int verdict(const struct nl_msg *m, struct err *err)
{
	const char *text = "";
	int code = 0;

	if (nl_error(m, &code, &text) < 0)
		return malformed(err);
	if (code == 0)
		return 0;
	return *text ? err_sys(err, code, "%s", text) : err_sys(err, code, "the kernel refuses");
}

struct answer {
	const struct rtnl_answer *to; /* NULL: only the verdict counts */
	bool dump, interrupted, done;
};

static int take(struct answer *a, const struct nl_msg *m, struct err *err)
{
	a->interrupted = a->interrupted || (m->flags & NLM_F_DUMP_INTR);
	switch (m->type) {
	case NLMSG_ERROR:
		a->done = true;
		return verdict(m, err);
	case NLMSG_DONE:
		a->done = true;
		return verdict_of_dump(m, err);
	case NLMSG_NOOP:
		return 0;
	default:
		if (!a->to)
			return 0;
		a->done = !a->dump; /* the answer to a question about one thing */
		return a->to->handle(a->to->ctx, m, err);
	}
}

static int converse(struct rtnl *s, struct nl_out *out, struct answer *a, struct err *err)
{
	auto_free unsigned char *buf = malloc(RECEIVE_SIZE);
	struct nl_msg m;
	struct nl_in in;
	int r, more;

	if (!buf)
		return err_sys(err, ENOMEM, "receive netlink messages");
	r = transmit(s, out, err);
	while (r == 0 && !a->done) {
		r = receive(s, buf, &in, err);
		while (r == 0 && !a->done && (more = nl_next(&in, &m)) != 0) {
			if (more < 0)
				return malformed(err);
			if (m.seq == s->seq) /* else of a question that was given up */
				r = take(a, &m, err);
		}
	}
	return r;
}

int rtnl_change(struct rtnl *s, struct nl_out *m, struct err *err)
{
	struct answer a = {0};

	return converse(s, m, &a, err);
}

int rtnl_ask(struct rtnl *s, struct nl_out *m, const struct rtnl_answer *to, struct err *err)
{
	struct nlmsghdr h;

	memcpy(&h, m->buf, sizeof(h));
	for (int i = 0; i < TRIES; i++) {
		struct answer a = {.to = to, .dump = (h.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP};
		int r;

		if (to->begin)
			to->begin(to->ctx);
		r = converse(s, m, &a, err);
		if (r < 0 || !a.interrupted)
			return r;
	}
	return err_fail(err, EAGAIN, "the kernel's list changed each time it was read");
}
