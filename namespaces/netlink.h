/*
 * netlink.h - rtnetlink messages as bytes: built and read without a system call.
 *
 * What is built goes into a buffer of fixed size, and one that was too small is remembered.
 * What is read is never trusted: each length is held against what is left, and nothing is looked
 * at where it lies, as neither messages nor attributes need be aligned in a copy.
 *
 * Source: netlink(7), rtnetlink(7), linux/rtnetlink.h.
 */
#ifndef HULL_NETLINK_H
#define HULL_NETLINK_H

#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NL_OUT_SIZE 8192
#define NL_MAC_SIZE 32 /* MAX_ADDR_LEN of the kernel */

/* ---- building -------------------------------------------------------------------------- */

struct nl_out {
	unsigned char buf[NL_OUT_SIZE];
	size_t len;
	bool overflow;
};

/* HEAD is the fixed part behind struct nlmsghdr. */
void nl_begin(struct nl_out *m, uint16_t type, uint16_t flags, const void *head, size_t head_len);
void nl_put(struct nl_out *m, uint16_t type, const void *data, size_t len);
void nl_put_u32(struct nl_out *m, uint16_t type, uint32_t value);
void nl_put_string(struct nl_out *m, uint16_t type, const char *s);
/* Fills in the length and SEQ. 0, or -EMSGSIZE when it did not fit. */
int nl_finish(struct nl_out *m, uint32_t seq);

/* ---- reading ---------------------------------------------------------------------------- */

/* What is left to read: a datagram, or the attributes of a message. */
struct nl_in {
	const unsigned char *p;
	size_t left;
};

struct nl_msg {
	uint16_t type, flags;
	uint32_t seq;
	const unsigned char *body; /* behind struct nlmsghdr */
	size_t len;
};

struct nl_attr {
	uint16_t type; /* without the flags of nesting and byte order */
	const unsigned char *data;
	size_t len;
};

/* 1; 0 at the end; -EBADMSG when a length is less than its header or more than what is left. */
int nl_next(struct nl_in *in, struct nl_msg *ret);
int nl_next_attr(struct nl_in *in, struct nl_attr *ret);
/* The fixed part of SIZE bytes to HEAD, the rest to *RET. 0 or -EBADMSG. */
int nl_split(const struct nl_msg *m, void *head, size_t size, struct nl_in *ret);
/* False when the attribute has another size than the value. */
bool nl_u32(const struct nl_attr *a, uint32_t *ret);
/* NUL-terminated within the attribute, or NULL. */
const char *nl_string(const struct nl_attr *a);
/* NLMSG_ERROR: its errno as a positive number (0: success) and the kernel's own sentence, if it
 * gives one (NETLINK_EXT_ACK), else "". Borrowed from the message. 0 or -EBADMSG. */
int nl_error(const struct nl_msg *m, int *ret_errno, const char **ret_text);

/* ---- what a network device is ------------------------------------------------------------- */

struct nl_link {
	uint32_t index, flags, master, mtu;
	uint32_t peer; /* IFLA_LINK: of a veth, the index of its other end, where that is */
	char name[IFNAMSIZ];
	char kind[32]; /* "veth"; empty for hardware */
	unsigned char mac[NL_MAC_SIZE];
	size_t mac_len;
};

/* RTM_NEWLINK. 0, or -EBADMSG (no name, a wrong length). */
int nl_parse_link(const struct nl_msg *m, struct nl_link *ret);
/* RTM_NEWADDR: the interface it is of, and AF_INET or another. 0 or -EBADMSG. */
int nl_parse_address(const struct nl_msg *m, uint32_t *ret_index, unsigned *ret_family);
/* Whether it goes with its interface to another namespace: permanent, and of scope universe. */
bool nl_address_is_global(const struct nl_msg *m);
/* RTM_NEWADDR of the same address for the interface INDEX called NAME, which was OLD_NAME. */
int nl_build_address(struct nl_out *out, const struct nl_msg *m, uint32_t index,
		     const char *old_name, const char *name);
/* RTM_NEWROUTE: whether it leaves by INDEX alone and was made by someone (the kernel makes those
 * that follow from addresses itself). *RET_GATEWAY: needs another one to be there first. */
bool nl_route_is_of(const struct nl_msg *m, uint32_t index, bool *ret_gateway);
/* RTM_NEWROUTE of the same route by INDEX. */
int nl_build_route(struct nl_out *out, const struct nl_msg *m, uint32_t index);

#endif
