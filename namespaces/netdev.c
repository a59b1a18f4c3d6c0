/* RUNTIME: network devices go into the container, and come back when create fails. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "namespaces/ns.h"
#include "namespaces/rtnl.h"

/* Messages of the kernel, kept. */
struct kept {
	struct nl_msg *v;
	size_t n;
};

struct netdev {
	const struct plan_net_device *plan;
	struct nl_link before; /* as it was on the host */
	struct kept addresses, routes;
	uint32_t index; /* inside */
	char name[IFNAMSIZ];
	bool away;
};

struct ns_netdevs {
	struct arena *arena;
	struct rtnl host, inside;
	int host_ns;
	struct netdev *v;
	size_t n;
};

/* ---- questions ---------------------------------------------------------------------------- */

static int on_link(void *ctx, const struct nl_msg *m, struct err *err)
{
	if (nl_parse_link(m, ctx) < 0)
		return err_fail(err, EBADMSG, "an interface of the kernel is not understood");
	return 0;
}

/* By NAME (or by an alternative name), or by INDEX. -ENODEV when there is none. */
static int get_link(struct rtnl *s, const char *name, uint32_t index, struct nl_link *ret,
		    struct err *err)
{
	const struct ifinfomsg head = {.ifi_index = (int)index};
	const struct rtnl_answer to = {.handle = on_link, .ctx = ret};
	struct nl_out m;

	nl_begin(&m, RTM_GETLINK, 0, &head, sizeof(head));
	if (name)
		nl_put_string(&m, IFLA_IFNAME, name);
	nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return rtnl_ask(s, &m, &to, err);
}

static int on_any_link(void *ctx, const struct nl_msg *m, struct err *err)
{
	uint32_t *highest = ctx;
	struct nl_link link;
	int r = on_link(&link, m, err);

	if (r == 0 && link.index > *highest)
		*highest = link.index;
	return r;
}

/* The index that the device will have inside: its own if that is free. Named in the request, so
 * that it is known under which one to look for the device, whatever its name becomes (E-05). */
static int choose_index(struct rtnl *inside, uint32_t own, uint32_t *ret, struct err *err)
{
	const struct ifinfomsg head = {0};
	const struct rtnl_answer to = {.handle = on_any_link, .ctx = ret};
	struct nl_link other;
	struct nl_out m;
	int r = get_link(inside, NULL, own, &other, err);

	*ret = own;
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	nl_begin(&m, RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head));
	nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = rtnl_ask(inside, &m, &to, err);
	*ret += 1;
	return r;
}

struct listing {
	struct arena *arena;
	struct kept *to;
	uint32_t index;
};

static void begin_listing(void *ctx)
{
	struct listing *l = ctx;

	l->to->n = 0;
}

static void keep(struct listing *l, const struct nl_msg *m)
{
	struct nl_msg *copy = arena_push(l->arena, &l->to->v, &l->to->n);

	*copy = *m;
	copy->body = arena_memdup(l->arena, m->body, m->len);
}

static int on_address(void *ctx, const struct nl_msg *m, struct err *err)
{
	struct listing *l = ctx;
	unsigned family;
	uint32_t index;

	if (nl_parse_address(m, &index, &family) < 0)
		return err_fail(err, EBADMSG, "an address of the kernel is not understood");
	if (index == l->index)
		keep(l, m);
	return 0;
}

static int list_addresses(struct ns_netdevs *m, struct netdev *d, struct err *err)
{
	const struct ifaddrmsg head = {.ifa_index = d->before.index};
	struct listing l = {m->arena, &d->addresses, d->before.index};
	const struct rtnl_answer to = {begin_listing, on_address, &l};
	struct nl_out out;

	nl_begin(&out, RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
	return rtnl_ask(&m->host, &out, &to, err);
}

static int on_route(void *ctx, const struct nl_msg *m, struct err *err)
{
	struct listing *l = ctx;
	bool gateway;

	(void)err;
	if (nl_route_is_of(m, l->index, &gateway))
		keep(l, m);
	return 0;
}

/* The kernel forgets them with the interface. They do not go along (E-01), but come back with it.
 */
static int list_routes(struct ns_netdevs *m, struct netdev *d, uint8_t family, struct err *err)
{
	const struct rtmsg head = {.rtm_family = family};
	struct kept list = {0};
	struct listing l = {m->arena, &list, d->before.index};
	const struct rtnl_answer to = {begin_listing, on_route, &l};
	struct nl_out out;
	int r;

	nl_begin(&out, RTM_GETROUTE, NLM_F_DUMP, &head, sizeof(head));
	nl_put_u32(&out, RTA_OIF, d->before.index);
	r = rtnl_ask(&m->host, &out, &to, err);
	if (r == -EAFNOSUPPORT || r == -EOPNOTSUPP) /* a kernel without IPv6 */
		return 0;
	for (size_t i = 0; r == 0 && i < list.n; i++)
		*arena_push(m->arena, &d->routes.v, &d->routes.n) = list.v[i];
	return r;
}

/* ---- changes -------------------------------------------------------------------------------- */

/* Move and new name in one request (E-10): no moment at which another could take the name. The
 * kernel sets the device down before, and keeps its MTU and MAC. */
static int move(struct rtnl *from, uint32_t index, int to_ns, uint32_t to_index, const char *name,
		struct err *err)
{
	const struct ifinfomsg head = {.ifi_index = (int)index};
	struct nl_out m;

	nl_begin(&m, RTM_NEWLINK, NLM_F_ACK, &head, sizeof(head));
	nl_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)to_ns);
	nl_put_string(&m, IFLA_IFNAME, name);
	if (to_index)
		nl_put_u32(&m, IFLA_NEW_IFINDEX, to_index);
	return rtnl_change(from, &m, err);
}

static int set_up(struct rtnl *s, uint32_t index, struct err *err)
{
	const struct ifinfomsg head = {
		.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct nl_out m;

	nl_begin(&m, RTM_NEWLINK, NLM_F_ACK, &head, sizeof(head));
	return rtnl_change(s, &m, err);
}

static int set_master(struct rtnl *s, uint32_t index, uint32_t master, struct err *err)
{
	const struct ifinfomsg head = {.ifi_index = (int)index};
	struct nl_out m;

	nl_begin(&m, RTM_NEWLINK, NLM_F_ACK, &head, sizeof(head));
	nl_put_u32(&m, IFLA_MASTER, master);
	return rtnl_change(s, &m, err);
}

static bool is_inet6(const struct nl_msg *address)
{
	unsigned family = 0;
	uint32_t index;

	return nl_parse_address(address, &index, &family) == 0 && family == AF_INET6;
}

/* Number I in an order in which they can be added to become the same list again: the first is the
 * primary one, and of IPv6 the kernel lists what came last first. */
static const struct nl_msg *nth_address(const struct netdev *d, size_t i)
{
	size_t n = d->addresses.n, j = 0;

	while (j < n && !is_inet6(&d->addresses.v[j]))
		j++;
	return &d->addresses.v[i < j ? i : n - 1 - (i - j)];
}

static int add_address(struct rtnl *s, const struct netdev *d, size_t i, uint32_t index,
		       const char *name, struct err *err)
{
	struct nl_out m;

	if (nl_build_address(&m, nth_address(d, i), index, d->before.name, name) < 0)
		return err_fail(err, EBADMSG, "an address of the kernel is not understood");
	return rtnl_change(s, &m, err);
}

/* ---- there ------------------------------------------------------------------------------------
 */

static const char *wanted(const struct netdev *d)
{
	return d->plan->name ? d->plan->name : d->before.name;
}

static int look(struct ns_netdevs *m, struct netdev *d, struct err *err)
{
	struct nl_link other;
	int r = get_link(&m->host, d->plan->host, 0, &d->before, err);

	if (r == -ENODEV)
		return err_fail(err, ENODEV, "the host has no such interface"); /* E-01 */
	if (r == 0)
		r = list_addresses(m, d, err);
	if (r == 0)
		r = list_routes(m, d, AF_INET, err);
	if (r == 0)
		r = list_routes(m, d, AF_INET6, err);
	if (r < 0)
		return r;
	if (strchr(wanted(d), '%')) /* the kernel's choice */
		return 0;
	r = get_link(&m->inside, wanted(d), 0, &other, err);
	if (r == 0) /* E-04 */
		return err_fail(err, EEXIST,
				"the container's network namespace has an interface '%s' already",
				wanted(d));
	return r == -ENODEV ? 0 : r;
}

/* When the new name is refused, the kernel has moved the device all the same. */
static bool arrived(struct ns_netdevs *m, const struct netdev *d)
{
	struct err ignored;
	struct nl_link link;

	return get_link(&m->host, NULL, d->before.index, &link, &ignored) == -ENODEV &&
	       get_link(&m->inside, NULL, d->index, &link, &ignored) == 0;
}

static int go(struct ns_netdevs *m, struct netdev *d, int netns_fd, struct err *err)
{
	struct nl_link link;
	int r = choose_index(&m->inside, d->before.index, &d->index, err);

	if (r == 0) {
		r = move(&m->host, d->before.index, netns_fd, d->index, wanted(d), err);
		d->away = r == 0 || arrived(m, d);
	}
	if (r < 0)
		return err_wrap(err, "move it into the container's network namespace as '%s'",
				wanted(d));
	r = get_link(&m->inside, NULL, d->index, &link, err);
	if (r < 0)
		return err_wrap(err, "find it again");
	memcpy(d->name, link.name, sizeof(d->name));
	for (size_t i = 0; r == 0 && i < d->addresses.n; i++)
		if (nl_address_is_global(nth_address(d, i))) /* E-06 */
			r = add_address(&m->inside, d, i, d->index, d->name, err);
	if (r < 0)
		return err_wrap(err, "give it its addresses");
	r = set_up(&m->inside, d->index, err); /* E-07 */
	if (r < 0)
		return err_wrap(err, "set it up");
	log_debug("netdev: '%s' is '%s' inside, interface %u", d->before.name, d->name, d->index);
	return 0;
}

/* ---- and back ----------------------------------------------------------------------------------
 */

/* In a namespace that others are in, too, one of them may have put another device in its place to
 * get at the host's addresses. Hardware has no kind, and what they can make always has one. */
static bool is_the_same(const struct netdev *d, const struct nl_link *now)
{
	return strcmp(d->before.kind, now->kind) == 0 && d->before.mac_len == now->mac_len &&
	       memcmp(d->before.mac, now->mac, now->mac_len) == 0;
}

static void complain(const struct netdev *d, const char *what, const struct err *err)
{
	log_later("undo: interface '%s': %s: %s", d->before.name, what, err->text);
}

static void restore_routes(struct ns_netdevs *m, struct netdev *d, uint32_t index, bool gateways)
{
	struct err err = ERR_NONE;
	struct nl_out out;
	bool gateway;

	for (size_t i = 0; i < d->routes.n; i++)
		if (nl_route_is_of(&d->routes.v[i], d->before.index, &gateway) &&
		    gateway == gateways && nl_build_route(&out, &d->routes.v[i], index) == 0 &&
		    rtnl_change(&m->host, &out, &err) < 0 && err.code != EEXIST)
			complain(d, "add a route", &err);
}

static void restore(struct ns_netdevs *m, struct netdev *d)
{
	struct err err = ERR_NONE;
	struct nl_link now;

	if (get_link(&m->host, d->before.name, 0, &now, &err) < 0) {
		complain(d, "find it again", &err);
		return;
	}
	if (d->before.master && set_master(&m->host, now.index, d->before.master, &err) < 0)
		complain(d, "give it to its master", &err);
	/* Those that the kernel makes itself when it is set up may be there already. */
	for (size_t i = 0; i < d->addresses.n; i++)
		if (add_address(&m->host, d, i, now.index, d->before.name, &err) < 0 &&
		    err.code != EEXIST)
			complain(d, "add an address", &err);
	if ((d->before.flags & IFF_UP) && set_up(&m->host, now.index, &err) < 0)
		complain(d, "set it up", &err);
	restore_routes(m, d, now.index, false);
	restore_routes(m, d, now.index, true);
}

static void come_back(struct ns_netdevs *m, struct netdev *d)
{
	struct err err = ERR_NONE;
	struct nl_link now;
	int r = get_link(&m->inside, NULL, d->index, &now, &err);

	if (r == 0 && !is_the_same(d, &now))
		r = err_fail(&err, ENODEV, "another one has its place");
	if (r == 0)
		r = move(&m->inside, d->index, m->host_ns, d->before.index, d->before.name, &err);
	if (r == -EBUSY) /* its number is another's now */
		r = move(&m->inside, d->index, m->host_ns, 0, d->before.name, &err);
	d->away = false;
	if (r < 0)
		complain(d, "move it back", &err);
	else
		restore(m, d);
}

void ns_netdevs_return(struct ns_netdevs *m)
{
	for (size_t i = m->n; i-- > 0;)
		if (m->v[i].away)
			come_back(m, &m->v[i]);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

void ns_netdevs_done(struct ns_netdevs *m)
{
	if (!m)
		return;
	rtnl_close(&m->host);
	rtnl_close(&m->inside);
	close_fd(&m->host_ns);
}

static int open_both(struct ns_netdevs *m, int netns_fd, struct err *err)
{
	int r, back;

	m->host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (m->host_ns < 0)
		return err_sys(err, errno, "open '/proc/self/ns/net'");
	r = rtnl_open(&m->host, err);
	if (r < 0)
		return r;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "enter the container's network namespace");
	r = rtnl_open(&m->inside, err);
	back = setns(m->host_ns, CLONE_NEWNET) < 0 ? errno : 0;
	if (back)
		return err_sys(err, back, "return to hull's own network namespace");
	return r;
}

static int move_all(struct ns_netdevs *m, int netns_fd, struct err *err)
{
	for (size_t i = 0; i < m->n; i++)
		if (look(m, &m->v[i], err) < 0)
			return err_wrap(err, "linux.netDevices.%s", m->v[i].plan->host);
	for (size_t i = 0; i < m->n; i++)
		if (go(m, &m->v[i], netns_fd, err) < 0)
			return err_wrap(err, "linux.netDevices.%s", m->v[i].plan->host);
	return 0;
}

int ns_netdevs_move(struct arena *a, const struct plan_net_device *devs, size_t n, int netns_fd,
		    struct ns_netdevs **ret, struct err *err)
{
	struct ns_netdevs *m = arena_new(a, struct ns_netdevs);
	int r;

	*m = (struct ns_netdevs){.arena = a,
				 .host = RTNL_NONE,
				 .inside = RTNL_NONE,
				 .host_ns = -1,
				 .v = arena_array(a, struct netdev, n),
				 .n = n};
	for (size_t i = 0; i < n; i++)
		m->v[i].plan = &devs[i];
	r = open_both(m, netns_fd, err);
	if (r == 0)
		r = move_all(m, netns_fd, err);
	if (r < 0) {
		ns_netdevs_return(m);
		ns_netdevs_done(m);
		return r;
	}
	*ret = m;
	return 0;
}
