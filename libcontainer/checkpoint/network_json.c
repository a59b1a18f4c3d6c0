/* PURE: the description of a network as JSON, and what of it can be relied on. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/network.h"
#include "oci-spec/field.h"

#define MOST_LINKS      64
#define MOST_ADDRESSES  1024 /* of a link */
#define MOST_ROUTES     8192
#define MOST_NEIGHBOURS 4096
#define MOST_MTU        65536

/* clang-format off */
static const struct oci_field network_address_fields[] = {
	FIELD_STRING(network_address, address,   "address"),
	FIELD_STRING(network_address, peer,      "peer"),
	FIELD_STRING(network_address, broadcast, "broadcast"),
	FIELD_STRING(network_address, label,     "label"),
	FIELD_U32   (network_address, prefix,    "prefix"),
	FIELD_U32   (network_address, scope,     "scope"),
	FIELD_U32   (network_address, flags,     "flags"),
	FIELD_U32   (network_address, valid,     "valid"),
	FIELD_U32   (network_address, preferred, "preferred"),
};
static OCI_TYPE(network_address, network_address_fields);

static const struct oci_field network_link_fields[] = {
	FIELD_STRING (network_link, name,      "name"),
	FIELD_STRING (network_link, kind,      "kind"),
	FIELD_STRING (network_link, mac,       "mac"),
	FIELD_U32    (network_link, mtu,       "mtu"),
	FIELD_BOOL   (network_link, up,        "up"),
	FIELD_OBJECTS(network_link, addresses, "addresses", network_address),
};
static OCI_TYPE(network_link, network_link_fields);

static const struct oci_field network_route_fields[] = {
	FIELD_STRING(network_route, destination, "destination"),
	FIELD_U32   (network_route, prefix,      "prefix"),
	FIELD_STRING(network_route, gateway,     "gateway"),
	FIELD_STRING(network_route, source,      "source"),
	FIELD_STRING(network_route, device,      "device"),
	FIELD_U32   (network_route, metric,      "metric"),
	FIELD_U32   (network_route, table,       "table"),
	FIELD_U32   (network_route, scope,       "scope"),
	FIELD_U32   (network_route, type,        "type"),
	FIELD_U32   (network_route, protocol,    "protocol"),
	FIELD_U32   (network_route, tos,         "tos"),
	FIELD_U32   (network_route, mtu,         "mtu"),
	FIELD_BOOL  (network_route, onlink,      "onlink"),
};
static OCI_TYPE(network_route, network_route_fields);

static const struct oci_field network_neighbour_fields[] = {
	FIELD_STRING(network_neighbour, address, "address"),
	FIELD_STRING(network_neighbour, mac,     "mac"),
	FIELD_STRING(network_neighbour, device,  "device"),
};
static OCI_TYPE(network_neighbour, network_neighbour_fields);

static const struct oci_field network_fields[] = {
	FIELD_U32    (network, version,    "version"),
	FIELD_OBJECTS(network, links,      "links",      network_link),
	FIELD_OBJECTS(network, routes,     "routes",     network_route),
	FIELD_OBJECTS(network, neighbours, "neighbours", network_neighbour),
};
OCI_TYPE(network, network_fields);
/* clang-format on */

int network_ip_parse(const char *text, struct network_ip *ret)
{
	*ret = (struct network_ip){.family = text && strchr(text, ':') ? AF_INET6 : AF_INET};
	ret->len = ret->family == AF_INET6 ? 16 : 4;
	return text && inet_pton(ret->family, text, ret->b) == 1 ? 0 : -EINVAL;
}

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

bool network_mac_parse(const char *text, unsigned char *mac, size_t *ret_len)
{
	size_t n = 0;

	for (; text && *text; n++, text += 2) {
		if (n && *text++ != ':')
			return false;
		if (n == NL_MAC_SIZE || digit(text[0]) < 0 || digit(text[1]) < 0)
			return false;
		mac[n] = (unsigned char)(digit(text[0]) << 4 | digit(text[1]));
	}
	*ret_len = n;
	return true;
}

/* As the kernel has it; and no template of one ("%d"). */
static bool is_name(const char *s)
{
	if (!given(s) || strlen(s) >= IFNAMSIZ || streq(s, ".") || streq(s, ".."))
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || *s == '/' || *s == ':' || *s == '%')
			return false;
	return true;
}

static bool is_same_family(const char *text, const struct network_ip *as)
{
	struct network_ip ip;

	return !text || (network_ip_parse(text, &ip) == 0 && ip.family == as->family);
}

static bool fits(struct opt_u32 prefix, const struct network_ip *ip)
{
	return prefix.set && prefix.v <= ip->len * 8u;
}

static bool is_address(const struct network_address *a)
{
	struct network_ip ip;

	return network_ip_parse(a->address, &ip) == 0 && fits(a->prefix, &ip) &&
	       is_same_family(a->peer, &ip) && is_same_family(a->broadcast, &ip) &&
	       (!a->label || strlen(a->label) < IFNAMSIZ) && a->scope.v <= 255;
}

static bool has_link(const struct network *n, const char *name)
{
	if (!name)
		return false;
	for (size_t i = 0; i < n->links.n; i++)
		if (streq(n->links.v[i].name, name))
			return true;
	return streq(name, "lo");
}

/* Whether it is another one than those before it. */
static int check_link(const struct network *n, size_t i, struct err *err)
{
	const struct network_link *l = &n->links.v[i];
	unsigned char mac[NL_MAC_SIZE];
	size_t len;

	if (!is_name(l->name))
		return err_fail(err, EPROTO, "a link's name cannot be used");
	for (size_t j = 0; j < i; j++)
		if (streq(l->name, n->links.v[j].name))
			return err_fail(err, EPROTO, "link '%s' is there twice", l->name);
	if ((l->kind && strlen(l->kind) >= 32) || !network_mac_parse(l->mac, mac, &len) ||
	    l->mtu.v > MOST_MTU)
		return err_fail(err, EPROTO, "link '%s' has a kind, MAC or MTU that none can have",
				l->name);
	if (l->addresses.n > MOST_ADDRESSES)
		return err_fail(err, EPROTO, "link '%s' has %zu addresses", l->name,
				l->addresses.n);
	for (size_t j = 0; j < l->addresses.n; j++)
		if (!is_address(&l->addresses.v[j]))
			return err_fail(err, EPROTO, "address %zu of link '%s' is none", j,
					l->name);
	return 0;
}

static bool is_route(const struct network *n, const struct network_route *r)
{
	struct network_ip ip;

	return network_ip_parse(r->destination, &ip) == 0 && fits(r->prefix, &ip) &&
	       is_same_family(r->gateway, &ip) && is_same_family(r->source, &ip) &&
	       (!r->device || has_link(n, r->device)) && r->scope.v <= 255 && r->type.v <= 255 &&
	       r->protocol.v <= 255 && r->tos.v <= 255;
}

static bool is_neighbour(const struct network *n, const struct network_neighbour *e)
{
	unsigned char mac[NL_MAC_SIZE];
	struct network_ip ip;
	size_t len;

	return network_ip_parse(e->address, &ip) == 0 && e->mac &&
	       network_mac_parse(e->mac, mac, &len) && has_link(n, e->device);
}

int network_check(const struct network *n, struct err *err)
{
	int r = 0;

	if (!n->version.set || n->version.v != NETWORK_VERSION)
		return err_fail(err, EPROTO, "a network of version %u, this hull knows version %d",
				n->version.v, NETWORK_VERSION);
	if (n->links.n > MOST_LINKS || n->routes.n > MOST_ROUTES ||
	    n->neighbours.n > MOST_NEIGHBOURS)
		return err_fail(err, EPROTO,
				"a network of %zu links, %zu routes and %zu neighbours", n->links.n,
				n->routes.n, n->neighbours.n);
	for (size_t i = 0; r == 0 && i < n->links.n; i++)
		r = check_link(n, i, err);
	for (size_t i = 0; r == 0 && i < n->routes.n; i++)
		if (!is_route(n, &n->routes.v[i]))
			r = err_fail(err, EPROTO, "route %zu is none", i);
	for (size_t i = 0; r == 0 && i < n->neighbours.n; i++)
		if (!is_neighbour(n, &n->neighbours.v[i]))
			r = err_fail(err, EPROTO, "neighbour %zu is none", i);
	return r;
}

bool network_has_links(const struct network *n)
{
	for (size_t i = 0; i < n->links.n; i++)
		if (!streq(n->links.v[i].name, "lo"))
			return true;
	return false;
}
