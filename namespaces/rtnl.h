/*
 * rtnl.h - a conversation with the kernel over NETLINK_ROUTE. A socket speaks of the network
 * namespace it was opened in, wherever its owner goes later.
 */
#ifndef HULL_RTNL_H
#define HULL_RTNL_H

#include "libcontainer/base/err.h"
#include "namespaces/netlink.h"

struct rtnl {
	int fd; /* -1: closed */
	uint32_t seq;
};

#define RTNL_NONE     \
	{             \
		-1, 0 \
	}

/* In the network namespace of the calling process. */
int rtnl_open(struct rtnl *s, struct err *err) must_check;
void rtnl_close(struct rtnl *s);
/* A change; waits for the kernel's word. The error is of the kernel: its errno, and its sentence
 * if it has one. */
int rtnl_change(struct rtnl *s, struct nl_out *m, struct err *err) must_check;
/* A question: each message of the answer goes to HANDLER. With NLM_F_DUMP there may be any number
 * of them, and the whole is asked again when it changed meanwhile; BEGIN (may be NULL) is called
 * before each try. */
struct rtnl_answer {
	void (*begin)(void *ctx);
	int (*handle)(void *ctx, const struct nl_msg *m, struct err *err);
	void *ctx;
};
int rtnl_ask(struct rtnl *s, struct nl_out *m, const struct rtnl_answer *to,
	     struct err *err) must_check;

#endif
