/*
 * network.h - a network namespace that moves to another host: what is in it, the same over there,
 * and that never both answer.
 *
 * A description (network.json beside CRIU's images) has links, addresses, routes and permanent
 * neighbours as text; whoever reads one that came from elsewhere calls network_check() first.
 *
 * Both sides cut links off by a BPF program at their ends (tcx: Linux 6.6) that lets nothing pass
 * while a number in memory says so: at the source it is attached before the container stops, so
 * that cutting off is one store, of which nothing in the namespace is changed; what is killed stays
 * cut off, and finds its way back by the program's name. Links that hull makes at the target need
 * none: their other end goes to its bridge at the switch.
 */
#ifndef HULL_CKPT_NETWORK_H
#define HULL_CKPT_NETWORK_H

#include <sys/types.h>

#include "libcontainer/base/arena.h"
#include "libcontainer/base/err.h"
#include "namespaces/rtnl.h"
#include "oci-spec/spec.h"

#define NETWORK_FILE    "network.json"
#define NETWORK_VERSION 1

struct network_address {
	const char *address, *peer, *broadcast, *label; /* "10.0.0.2"; PEER: of the other end */
	struct opt_u32 prefix, scope, flags;            /* FLAGS: IFA_F_* that can be set */
	struct opt_u32 valid, preferred;                /* seconds; not set: for ever */
};
struct network_link {
	const char *name, *kind, *mac; /* kind: "veth"; "" for hardware */
	struct opt_u32 mtu;
	struct opt_bool up;
	OCI_ARRAY(struct network_address) addresses;
	uint32_t index; /* here; not in the file */
};
struct network_route {
	const char *destination, *gateway, *source, *device; /* "0.0.0.0", prefix 0: default */
	struct opt_u32 prefix, metric, table, scope, type, protocol, tos, mtu;
	struct opt_bool onlink;
};
struct network_neighbour {
	const char *address, *mac, *device;
};
struct network {
	struct opt_u32 version;
	OCI_ARRAY(struct network_link) links; /* lo only if it has addresses of its own */
	OCI_ARRAY(struct network_route) routes;
	OCI_ARRAY(struct network_neighbour) neighbours;
};
extern const struct oci_type network_type;

struct network_ip {
	unsigned char b[16];
	uint8_t len, family; /* AF_INET: 4, AF_INET6: 16 */
};
/* PURE: 0 or -EINVAL. */
int network_ip_parse(const char *text, struct network_ip *ret);
bool network_mac_parse(const char *text, unsigned char *mac, size_t *ret_len); /* NL_MAC_SIZE */
/* PURE: lengths, counts, names, addresses: all that the following rely on. */
int network_check(const struct network *n, struct err *err) must_check;
/* Whether it has more than lo. */
bool network_has_links(const struct network *n);

/* ---- network_read.c --------------------------------------------------------------------- */

/* What is in the namespace that S was opened in. *RET_LOST: routes that cannot be described. In A.
 */
int network_read(struct arena *a, struct rtnl *s, struct network *ret, size_t *ret_lost,
		 struct err *err) must_check;
/* S in the network namespace of a process. */
int network_open(pid_t pid, struct rtnl *s, struct err *err) must_check;
/* The calling thread goes there, and back; the former returns where it came from: owned fd. */
int network_enter(pid_t pid, struct err *err) must_check;
int network_leave(int fd, struct err *err) must_check;

/* ---- network_cut.c ---------------------------------------------------------------------- */

struct network_cut {
	int map, prog;
	volatile uint32_t *gate; /* what the program returns */
};
#define NETWORK_CUT_NONE     \
	{                    \
		-1, -1, NULL \
	}

/* Whether the kernel can. */
int network_cut_probe(struct err *err) must_check;
/* Makes one that is open, or SHUT. */
int network_cut_init(struct network_cut *c, bool shut, struct err *err) must_check;
void network_cut_done(struct network_cut *c); /* what is attached stays attached */
/* In the current network namespace; a link that has it already is fine. */
int network_cut_attach(const struct network_cut *c, uint32_t index, struct err *err) must_check;
void network_cut_set(struct network_cut *c, bool shut);
/* Takes all programs of hull's off a link of the current namespace, whoever put them there. Whether
 * there were any. */
bool network_uncut(uint32_t index);

/* ---- network_apply.c -------------------------------------------------------------------- */

/* A link that was made here. */
struct network_port {
	uint32_t index; /* of its end on the host */
};
struct network_place {
	struct arena *arena;
	struct rtnl inside, host;
	int host_ns;
	const char *bridge; /* NULL: links are there already */
	uint32_t bridge_index;
	struct network_port *ports;
	size_t n_ports;
	struct network_cut *cut; /* for links that are there already */
};
/* What is not there yet, in the network namespace that INSIDE and the calling thread are in. Of
 * links that are there nothing is changed but that they are cut off and set up. */
int network_apply(struct network_place *p, const struct network *n, struct err *err) must_check;
/* Its links are part of the bridge from now on. */
int network_plug(struct network_place *p, struct err *err) must_check;
/* A link of this name; -ENODEV. */
int network_find_link(struct rtnl *s, const char *name, struct nl_link *ret,
		      struct err *err) must_check;

/* ---- network_announce.c ----------------------------------------------------------------- */

#define NETWORK_FRAME 86 /* bytes: Ethernet, IPv6, a neighbour advertisement */
struct network_frame {
	uint32_t index; /* of the link that it leaves by */
	uint32_t len;
	unsigned char b[NETWORK_FRAME];
};
/* PURE: "ADDRESS is at MAC" for all who hear it: RET has room for two. Returns how many. */
size_t network_frames(const struct network_ip *address, const unsigned char mac[6],
		      struct network_frame ret[2]);
/* Those of all addresses of N, by links as they are in the namespace of S. In A. */
int network_announcements(struct arena *a, struct rtnl *s, const struct network *n,
			  struct network_frame **ret, size_t *ret_n, struct err *err) must_check;
/* A socket of the current namespace to send them by. Owned fd. */
int network_announcer(struct err *err) must_check;
void network_announce(int fd, const struct network_frame *frames, size_t n);

#endif
