/* TEST: rtnetlink messages as bytes. Layouts are those of linux/netlink.h and rtnetlink.h. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "libcontainer/base/cleanup.h"
#include "namespaces/netlink.h"
#include "tests/unit/unit.h"

/* What the kernel would send: like nl_out, but for any content. */
struct bytes {
	unsigned char v[2048];
	size_t n;
};

static void put(struct bytes *b, const void *p, size_t n)
{
	CHECK(b->n + n + 4 <= sizeof(b->v));
	memcpy(b->v + b->n, p, n);
	b->n += (n + 3) & ~(size_t)3;
}

static void put_attr(struct bytes *b, uint16_t type, const void *p, uint16_t n)
{
	const uint16_t head[2] = {(uint16_t)(n + 4), type};

	put(b, head, sizeof(head));
	put(b, p, n);
}

static struct nl_msg msg(uint16_t type, const struct bytes *b)
{
	return (struct nl_msg){.type = type, .body = b->v, .len = b->n};
}

static void builds_bytes(void)
{
	/* length, type, flags, sequence, port; ifinfomsg; attributes padded to 4 */
	static const unsigned char want[] = {
		16 + 16 + 8 + 8,
		0,
		0,
		0,
		16,
		0,
		5,
		0,
		7,
		0,
		0,
		0,
		0,
		0,
		0,
		0, /* header */
		0,
		0,
		0,
		0,
		42,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0, /* body */
		8,
		0,
		28,
		0,
		3,
		0,
		0,
		0, /* IFLA_NET_NS_FD */
		7,
		0,
		3,
		0,
		'e',
		'0',
		0,
		0, /* IFLA_IFNAME */
	};
	const struct ifinfomsg head = {.ifi_index = 42};
	struct nl_out m;

	nl_begin(&m, RTM_NEWLINK, NLM_F_ACK, &head, sizeof(head));
	nl_put_u32(&m, IFLA_NET_NS_FD, 3);
	nl_put_string(&m, IFLA_IFNAME, "e0");
	CHECK_INT(nl_finish(&m, 7), 0);
	CHECK_UINT(m.len, sizeof(want));
	CHECK(memcmp(m.buf, want, sizeof(want)) == 0);
}

static void never_overruns(void)
{
	static const unsigned char big[NL_OUT_SIZE];
	const struct ifinfomsg head = {0};
	struct nl_out m;

	for (size_t n = NL_OUT_SIZE - 48; n <= NL_OUT_SIZE; n++) {
		bool fits = 16 + 16 + 4 + ((n + 3) & ~(size_t)3) <= NL_OUT_SIZE;

		nl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
		nl_put(&m, 1, big, n);
		CHECK(m.len <= NL_OUT_SIZE);
		CHECK_INT(nl_finish(&m, 1), fits ? 0 : -EMSGSIZE);
	}
	/* CVE-2021-43784: a length that does not fit its field of 16 bits */
	nl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	nl_put(&m, 1, big, 65536);
	nl_put(&m, 1, big, SIZE_MAX - 2);
	CHECK(m.overflow);
}

static void reads_what_it_builds(void)
{
	const struct ifinfomsg head = {.ifi_index = 3, .ifi_flags = IFF_UP};
	struct nl_link link;
	struct nl_msg parsed;
	struct nl_in in;
	struct nl_out m;

	nl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	nl_put_string(&m, IFLA_IFNAME, "eth0");
	nl_put_u32(&m, IFLA_MTU, 1400);
	nl_put_u32(&m, IFLA_MASTER, 9);
	nl_put(&m, IFLA_ADDRESS, "\2\1\2\3\4\5", 6);
	CHECK_INT(nl_finish(&m, 5), 0);
	in = (struct nl_in){m.buf, m.len};
	CHECK_INT(nl_next(&in, &parsed), 1);
	CHECK_UINT(parsed.seq, 5);
	CHECK_INT(nl_parse_link(&parsed, &link), 0);
	CHECK_STR(link.name, "eth0");
	CHECK_UINT(link.index, 3);
	CHECK_UINT(link.mtu, 1400);
	CHECK_UINT(link.master, 9);
	CHECK_UINT(link.flags, IFF_UP);
	CHECK_UINT(link.mac_len, 6);
	CHECK(memcmp(link.mac, "\2\1\2\3\4\5", 6) == 0);
	CHECK_STR(link.kind, "");
	CHECK_INT(nl_next(&in, &parsed), 0);
}

static void bad_lengths(void)
{
	static const uint32_t lies[] = {0, 1, 15, 33, 64, 0x7fffffff, 0xffffffff};
	struct nlmsghdr h = {.nlmsg_type = RTM_NEWLINK};
	unsigned char buf[32] = {0};
	struct nl_msg m;
	struct nl_in in;

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		h.nlmsg_len = lies[i];
		memcpy(buf, &h, sizeof(h));
		in = (struct nl_in){buf, sizeof(buf)};
		CHECK_INT(nl_next(&in, &m), -EBADMSG);
	}
	for (size_t n = 1; n < sizeof(h); n++) {
		in = (struct nl_in){buf, n};
		CHECK_INT(nl_next(&in, &m), -EBADMSG);
	}
}

static void bad_attributes(void)
{
	static const uint16_t lies[] = {0, 1, 3, 9, 255, 65535};
	unsigned char buf[8] = {0};
	struct nl_attr a;
	struct nl_in in;
	uint32_t v;

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		memcpy(buf, &lies[i], 2);
		in = (struct nl_in){buf, sizeof(buf)};
		CHECK_INT(nl_next_attr(&in, &a), -EBADMSG);
	}
	for (size_t n = 1; n < 4; n++) {
		in = (struct nl_in){buf, n};
		CHECK_INT(nl_next_attr(&in, &a), -EBADMSG);
	}
	/* numbers of another size, strings without an end */
	for (size_t n = 0; n < 9; n++)
		CHECK(nl_u32(&(struct nl_attr){1, buf, n}, &v) == (n == 4));
	CHECK(nl_string(&(struct nl_attr){1, (const unsigned char *)"abc", 3}) == NULL);
	CHECK(nl_string(&(struct nl_attr){1, (const unsigned char *)"", 0}) == NULL);
	CHECK_STR(nl_string(&(struct nl_attr){1, (const unsigned char *)"abc", 4}), "abc");
	/* nesting and byte order are no part of the type */
	memcpy(buf, "\4\0\3\300", 4);
	in = (struct nl_in){buf, 4};
	CHECK_INT(nl_next_attr(&in, &a), 1);
	CHECK_UINT(a.type, 3);
}

static void bad_links(void)
{
	struct ifinfomsg head = {.ifi_index = 3};
	char name[17] = "0123456789abcdef";
	unsigned char mac[NL_MAC_SIZE + 1] = {0};
	struct nl_link link;
	struct bytes b;
	struct nl_msg m;

	for (int what = 0; what < 6; what++) {
		b = (struct bytes){.n = 0};
		head.ifi_index = what == 0 ? 0 : what == 1 ? -1 : 3;
		put(&b, &head, sizeof(head));
		if (what < 2)
			put_attr(&b, IFLA_IFNAME, "e", 2);
		if (what == 2) /* as long as IFNAMSIZ without its NUL */
			put_attr(&b, IFLA_IFNAME, name, 17);
		if (what == 3)
			put_attr(&b, IFLA_IFNAME, "e", 1); /* not terminated */
		if (what == 4)
			put_attr(&b, IFLA_ADDRESS, mac, sizeof(mac));
		/* 5: no name at all */
		m = msg(RTM_NEWLINK, &b);
		CHECK_INT(nl_parse_link(&m, &link), -EBADMSG);
	}
	b = (struct bytes){.n = 0};
	put(&b, &head, sizeof(head));
	put_attr(&b, IFLA_IFNAME, "e", 2);
	m = msg(RTM_NEWADDR, &b); /* not a link */
	CHECK_INT(nl_parse_link(&m, &link), -EBADMSG);
	m = msg(RTM_NEWLINK, &b);
	for (m.len = 0; m.len < sizeof(head) + 6; m.len++)
		CHECK_INT(nl_parse_link(&m, &link), -EBADMSG);
}

static void link_kind(void)
{
	const struct ifinfomsg head = {.ifi_index = 3};
	unsigned char nested[] = {9, 0, IFLA_INFO_KIND, 0, 'v', 'e', 't', 'h', 0, 0, 0, 0};
	struct nl_link link;
	struct bytes b = {.n = 0};
	struct nl_msg m;

	put(&b, &head, sizeof(head));
	put_attr(&b, IFLA_IFNAME, "e", 2);
	put_attr(&b, IFLA_LINKINFO, nested, sizeof(nested));
	m = msg(RTM_NEWLINK, &b);
	CHECK_INT(nl_parse_link(&m, &link), 0);
	CHECK_STR(link.kind, "veth");
}

static void errors(void)
{
	/* -EEXIST about a request of 32 bytes that is copied, then the sentence */
	struct nlmsgerr e = {.error = -EEXIST, .msg = {.nlmsg_len = 32}};
	unsigned char rest[16] = {0};
	struct bytes b = {.n = 0};
	const char *text;
	struct nl_msg m;
	int code;

	put(&b, &e, sizeof(e));
	put(&b, rest, sizeof(rest));
	put_attr(&b, NLMSGERR_ATTR_MSG, "it is", 6);
	m = msg(NLMSG_ERROR, &b);
	m.flags = NLM_F_ACK_TLVS;
	CHECK_INT(nl_error(&m, &code, &text), 0);
	CHECK_INT(code, EEXIST);
	CHECK_STR(text, "it is");
	m.flags = 0; /* nothing is said to be there */
	CHECK_INT(nl_error(&m, &code, &text), 0);
	CHECK_STR(text, "");
	m.flags = NLM_F_ACK_TLVS;
	m.len = sizeof(e) + 8; /* less than the copy that is announced */
	CHECK_INT(nl_error(&m, &code, &text), -EBADMSG);
	m.len = sizeof(e) - 1;
	CHECK_INT(nl_error(&m, &code, &text), -EBADMSG);
	for (size_t i = 0; i < 2; i++) { /* neither is an errno */
		e.error = i ? 5 : INT32_MIN;
		b.n = 0;
		put(&b, &e, sizeof(e));
		m = msg(NLMSG_ERROR, &b);
		CHECK_INT(nl_error(&m, &code, &text), -EBADMSG);
	}
}

/* An IPv4 address as the kernel lists it. */
static struct nl_msg address(struct bytes *b, uint32_t flags, uint8_t scope, const char *label)
{
	const struct ifaddrmsg head = {.ifa_family = AF_INET,
				       .ifa_prefixlen = 24,
				       .ifa_flags = (uint8_t)flags,
				       .ifa_scope = scope,
				       .ifa_index = 3};
	const struct ifa_cacheinfo cache = {.ifa_prefered = 500, .ifa_valid = 1000};

	b->n = 0;
	put(b, &head, sizeof(head));
	put_attr(b, IFA_ADDRESS, "\12\1\1\2", 4);
	put_attr(b, IFA_LOCAL, "\12\1\1\1", 4);
	put_attr(b, IFA_BROADCAST, "\12\1\1\377", 4);
	put_attr(b, IFA_LABEL, label, (uint16_t)(strlen(label) + 1));
	put_attr(b, IFA_FLAGS, &flags, 4);
	put_attr(b, IFA_CACHEINFO, &cache, sizeof(cache));
	return msg(RTM_NEWADDR, b);
}

static void which_addresses_go(void) /* E-06 */
{
	struct bytes b;
	struct nl_msg m = address(&b, IFA_F_PERMANENT, RT_SCOPE_UNIVERSE, "e");
	unsigned family;
	uint32_t index;

	CHECK(nl_address_is_global(&m));
	CHECK_INT(nl_parse_address(&m, &index, &family), 0);
	CHECK_UINT(index, 3);
	CHECK_UINT(family, AF_INET);
	m = address(&b, IFA_F_PERMANENT, RT_SCOPE_LINK, "e");
	CHECK(!nl_address_is_global(&m));
	m = address(&b, IFA_F_PERMANENT, RT_SCOPE_SITE, "e");
	CHECK(!nl_address_is_global(&m));
	m = address(&b, IFA_F_NOPREFIXROUTE, RT_SCOPE_UNIVERSE, "e");
	CHECK(!nl_address_is_global(&m));
}

/* The attribute TYPE of a built message, or NULL. */
static const unsigned char *find(const struct nl_out *out, size_t head, uint16_t type, size_t *len)
{
	struct nl_in in = {out->buf + 16 + head, out->len - 16 - head};
	struct nl_attr a;

	while (nl_next_attr(&in, &a) > 0)
		if (a.type == type) {
			*len = a.len;
			return a.data;
		}
	return NULL;
}

static void address_for_another(void) /* E-06 */
{
	static const struct {
		const char *label, *want; /* NULL: left to the kernel */
	} labels[] = {
		{"old0", "new1"},   {"old0:x", "new1:x"},      {"other", "other"},
		{"old01", "old01"}, {"old0:0123456789", NULL}, /* 5 and 11 bytes are too many */
	};
	const size_t head = sizeof(struct ifaddrmsg);
	struct ifaddrmsg got;
	const unsigned char *v;
	struct nl_out out;
	struct bytes b;
	size_t len = 0;
	uint32_t flags;

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		struct nl_msg m =
			address(&b, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE | IFA_F_SECONDARY, 0,
				labels[i].label);

		CHECK_INT(nl_build_address(&out, &m, 7, "old0", labels[i].want ? "new1" : "newer"),
			  0);
		CHECK_INT(nl_finish(&out, 1), 0);
		v = find(&out, head, IFA_LABEL, &len);
		if (labels[i].want)
			CHECK_STR((const char *)v, labels[i].want);
		else
			CHECK(v == NULL);
	}
	memcpy(&got, out.buf + 16, sizeof(got));
	CHECK_UINT(got.ifa_index, 7);
	CHECK_UINT(got.ifa_prefixlen, 24);
	v = find(&out, head, IFA_ADDRESS, &len); /* the peer */
	CHECK(len == 4 && memcmp(v, "\12\1\1\2", 4) == 0);
	v = find(&out, head, IFA_LOCAL, &len);
	CHECK(len == 4 && memcmp(v, "\12\1\1\1", 4) == 0);
	v = find(&out, head, IFA_BROADCAST, &len);
	CHECK(len == 4 && memcmp(v, "\12\1\1\377", 4) == 0);
	v = find(&out, head, IFA_FLAGS, &len);
	memcpy(&flags, v, 4);
	CHECK_UINT(flags, IFA_F_NOPREFIXROUTE); /* the kernel sets the others */
	CHECK(find(&out, head, IFA_CACHEINFO, &len) == NULL);
}

static void address_for_a_time(void)
{
	const size_t head = sizeof(struct ifaddrmsg);
	struct nl_out out;
	struct bytes b;
	struct nl_msg m = address(&b, 0, 0, "e");
	size_t len = 0;

	CHECK_INT(nl_build_address(&out, &m, 7, "e", "e"), 0);
	CHECK(find(&out, head, IFA_CACHEINFO, &len) && len == sizeof(struct ifa_cacheinfo));
	m.len = 3;
	CHECK_INT(nl_build_address(&out, &m, 7, "e", "e"), -EBADMSG);
}

static struct nl_msg route(struct bytes *b, uint8_t protocol, uint8_t table, uint32_t oif, bool gw)
{
	const struct rtmsg head = {
		.rtm_family = AF_INET, .rtm_protocol = protocol, .rtm_table = table};

	b->n = 0;
	put(b, &head, sizeof(head));
	put_attr(b, RTA_OIF, &oif, 4);
	if (gw)
		put_attr(b, RTA_GATEWAY, "\12\1\1\11", 4);
	return msg(RTM_NEWROUTE, b);
}

static void routes(void) /* E-10 */
{
	const size_t head = sizeof(struct rtmsg);
	const unsigned char *v;
	struct nl_out out;
	struct bytes b;
	struct nl_msg m = route(&b, RTPROT_BOOT, RT_TABLE_MAIN, 3, true);
	uint32_t oif;
	size_t len = 0;
	bool gw;

	CHECK(nl_route_is_of(&m, 3, &gw) && gw);
	CHECK(!nl_route_is_of(&m, 4, &gw));
	CHECK_INT(nl_build_route(&out, &m, 7), 0);
	v = find(&out, head, RTA_OIF, &len);
	memcpy(&oif, v, 4);
	CHECK_UINT(oif, 7);
	CHECK(find(&out, head, RTA_GATEWAY, &len) && len == 4);
	m = route(&b, RTPROT_STATIC, RT_TABLE_MAIN, 3, false);
	CHECK(nl_route_is_of(&m, 3, &gw) && !gw);
	/* those that the kernel makes itself */
	m = route(&b, RTPROT_KERNEL, RT_TABLE_MAIN, 3, false);
	CHECK(!nl_route_is_of(&m, 3, &gw));
	m = route(&b, RTPROT_BOOT, RT_TABLE_LOCAL, 3, false);
	CHECK(!nl_route_is_of(&m, 3, &gw));
}

static const struct unit_case cases[] = {
	{"a message is the bytes of the headers", builds_bytes},
	{"what is too long is remembered, never written", never_overruns},
	{"what is built can be read", reads_what_it_builds},
	{"messages with lengths that lie", bad_lengths},
	{"attributes with lengths that lie", bad_attributes},
	{"links that are none", bad_links},
	{"the kind of a link", link_kind},
	{"the kernel's errors", errors},
	{"E-06 which addresses go along", which_addresses_go},
	{"E-06 an address for another interface", address_for_another},
	{"an address for a time", address_for_a_time},
	{"E-10 routes of an interface", routes},
};
UNIT_MAIN(cases)
