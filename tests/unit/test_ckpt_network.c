/* TEST: migrate: the description of a network, which a peer sends, and the frames that tell where
 * an address is. */
#include <string.h>
#include <sys/socket.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/network.h"
#include "oci-spec/oci.h"
#include "tests/unit/unit.h"

#define LINK                                                                                      \
	"{\"name\":\"eth0\",\"kind\":\"veth\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500,\"up\":" \
	"true"
#define V4 "{\"address\":\"10.0.0.2\",\"broadcast\":\"10.0.0.255\",\"prefix\":24,\"scope\":0}"
#define V6 "{\"address\":\"fd00::2\",\"prefix\":64,\"scope\":0,\"flags\":2}"
#define WHOLE                                                                                 \
	"{\"version\":1,\"links\":[" LINK ",\"addresses\":[" V4 "," V6                        \
	"]}],\"routes\":[{\"destination\":\"0.0.0.0\",\"prefix\":0,\"gateway\":\"10.0.0.1\"," \
	"\"device\":\"eth0\",\"metric\":50}],\"neighbours\":[{\"address\":\"10.0.0.1\","      \
	"\"mac\":\"02:00:00:00:00:09\",\"device\":\"eth0\"}]}"

static int read_text(struct arena *a, const char *text, struct network *ret, struct err *err)
{
	int r;

	*ret = (struct network){0};
	*err = ERR_NONE;
	r = oci_decode(a, &network_type, "network.json", text, strlen(text), ret, err);
	return r < 0 ? r : network_check(ret, err);
}

static void there_and_back(void)
{
	auto_arena a = ARENA_INIT;
	struct network n;
	struct err err;

	CHECK_INT(read_text(&a, WHOLE, &n, &err), 0);
	CHECK_UINT(n.links.n, 1);
	CHECK_UINT(n.links.v[0].mtu.v, 1500);
	CHECK_UINT(n.links.v[0].addresses.n, 2);
	CHECK_STR(n.links.v[0].addresses.v[1].address, "fd00::2");
	CHECK_UINT(n.routes.v[0].metric.v, 50);
	CHECK(!n.routes.v[0].source);
	CHECK(network_has_links(&n));
	CHECK_STR(oci_encode(&a, &network_type, &n, ""), WHOLE);
	CHECK_INT(read_text(&a, "{\"version\":1,\"links\":[{\"name\":\"lo\"}]}", &n, &err), 0);
	CHECK(!network_has_links(&n));
}

static void refused(void)
{
#define LINKS(what)   "{\"version\":1,\"links\":[" what "]}"
#define NAMED(name)   LINKS("{\"name\":" name "}")
#define ADDRESS(rest) LINKS("{\"name\":\"eth0\",\"addresses\":[{" rest "}]}")
#define ROUTE(rest)   "{\"version\":1,\"links\":[{\"name\":\"eth0\"}],\"routes\":[{" rest "}]}"
#define NEIGHBOUR(r)  "{\"version\":1,\"links\":[{\"name\":\"eth0\"}],\"neighbours\":[{" r "}]}"
	static const char *const bad[] = {
		"{}",
		"{\"version\":2}",
		LINKS("{}"),
		NAMED("\"\""),
		NAMED("\".\""),
		NAMED("\"..\""),
		NAMED("\"a/b\""),
		NAMED("\"a b\""),
		NAMED("\"eth%d\""),
		NAMED("\"eth0:1\""),
		NAMED("\"sixteen-letters!\""),
		NAMED("\"\\n\""),
		LINKS("{\"name\":\"a\"},{\"name\":\"a\"}"),
		LINKS("{\"name\":\"a\",\"mtu\":65537}"),
		LINKS("{\"name\":\"a\",\"mac\":\"02:0\"}"),
		LINKS("{\"name\":\"a\",\"mac\":\"020000000001\"}"),
		LINKS("{\"name\":\"a\",\"mac\":\"02:00:00:00:00:0g\"}"),
		LINKS("{\"name\":\"a\",\"mac\":\"02:\"}"),
		LINKS("{\"name\":\"a\",\"mac\":\"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
		      "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\"}"),
		LINKS("{\"name\":\"a\",\"kind\":\"a-kind-that-is-longer-than-any-of-them\"}"),
		ADDRESS("\"prefix\":24"),
		ADDRESS("\"address\":\"10.0.0.2\""),
		ADDRESS("\"address\":\"10.0.0.2\",\"prefix\":33"),
		ADDRESS("\"address\":\"fd00::2\",\"prefix\":129"),
		ADDRESS("\"address\":\"10.0.0\",\"prefix\":24"),
		ADDRESS("\"address\":\"10.0.0.2\",\"prefix\":24,\"peer\":\"fd00::1\""),
		ADDRESS("\"address\":\"10.0.0.2\",\"prefix\":24,\"broadcast\":\"x\""),
		ADDRESS("\"address\":\"10.0.0.2\",\"prefix\":24,\"scope\":256"),
		ADDRESS("\"address\":\"10.0.0.2\",\"prefix\":24,\"label\":\"sixteen-letters!\""),
		ROUTE("\"prefix\":0"),
		ROUTE("\"destination\":\"::\""),
		ROUTE("\"destination\":\"::\",\"prefix\":0,\"gateway\":\"10.0.0.1\""),
		ROUTE("\"destination\":\"::\",\"prefix\":0,\"device\":\"eth1\""),
		ROUTE("\"destination\":\"::\",\"prefix\":0,\"protocol\":256"),
		NEIGHBOUR("\"address\":\"10.0.0.1\",\"mac\":\"02:00:00:00:00:09\""),
		NEIGHBOUR("\"address\":\"10.0.0.1\",\"device\":\"eth0\""),
		NEIGHBOUR("\"mac\":\"02:00:00:00:00:09\",\"device\":\"eth0\""),
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_arena a = ARENA_INIT;
		struct network n;
		struct err err;

		if (read_text(&a, bad[i], &n, &err) == 0)
			unit_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
}

static void too_many(void)
{
	auto_arena a = ARENA_INIT;
	const char *names = "{\"name\":\"l0\"}", *addresses = V4;
	struct network n;
	struct err err;

	for (int i = 1; i < 64; i++)
		names = arena_printf(&a, "%s,{\"name\":\"l%d\"}", names, i);
	CHECK_INT(read_text(&a, arena_printf(&a, LINKS("%s"), names), &n, &err), 0);
	CHECK(read_text(&a, arena_printf(&a, LINKS("%s,{\"name\":\"more\"}"), names), &n, &err) <
	      0);
	for (int i = 1; i < 1025; i *= 2)
		addresses = arena_printf(&a, "%s,%s", addresses, addresses);
	CHECK(read_text(&a,
			arena_printf(&a, LINKS("{\"name\":\"a\",\"addresses\":[%s]}"), addresses),
			&n, &err) < 0);
}

/* As Wireshark shows those of arping -U, -A and of a kernel with ndisc_notify. */
static void frames(void)
{
	static const unsigned char mac[6] = {2, 0, 0, 0x77, 0, 0xa};
	static const unsigned char request[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0x77, 0,  0xa,  8, 6,
		0,    1,    8,    0,    6,    4,    0, 1, 2, 0,    0,  0x77, 0, 0xa,
		10,   77,   0,    10,   0,    0,    0, 0, 0, 0,    10, 77,   0, 10};
	struct network_frame f[2];
	struct network_ip ip;
	uint32_t sum = 0;

	CHECK_INT(network_ip_parse("10.77.0.10", &ip), 0);
	CHECK_UINT(network_frames(&ip, mac, f), 2);
	CHECK_UINT(f[0].len, 42);
	CHECK(memcmp(f[0].b, request, 42) == 0);
	CHECK_UINT(f[1].len, 42);
	CHECK_INT(f[1].b[21], 2);
	CHECK(memcmp(f[1].b + 32, mac, 6) == 0);
	CHECK_INT(network_ip_parse("fd00:77::10", &ip), 0);
	CHECK_UINT(network_frames(&ip, mac, f), 1);
	CHECK_UINT(f[0].len, 86);
	CHECK(memcmp(f[0].b, "\x33\x33\0\0\0\1", 6) == 0);
	CHECK_INT(f[0].b[21], 255);
	CHECK_INT(f[0].b[54], 136);
	CHECK_INT(f[0].b[58], 0x20);
	CHECK(memcmp(f[0].b + 62, ip.b, 16) == 0);
	/* RFC 1071: over the pseudo header and the message, with its sum in it, all ones. */
	for (size_t i = 22; i < 86; i += 2)
		sum += (uint32_t)f[0].b[i] << 8 | f[0].b[i + 1];
	sum += 32 + 58;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	CHECK_UINT(sum, 0xffff);
}

static void addresses(void)
{
	struct network_ip ip;

	CHECK_INT(network_ip_parse("10.0.0.2", &ip), 0);
	CHECK_INT(ip.family, AF_INET);
	CHECK_INT(ip.len, 4);
	CHECK_INT(network_ip_parse("::1", &ip), 0);
	CHECK_INT(ip.family, AF_INET6);
	CHECK_INT(ip.len, 16);
	CHECK(network_ip_parse(NULL, &ip) < 0);
	CHECK(network_ip_parse("", &ip) < 0);
	CHECK(network_ip_parse("10.0.0.2/24", &ip) < 0);
	CHECK(network_ip_parse("1.2.3.4.5", &ip) < 0);
	CHECK(network_ip_parse("fe80::1%eth0", &ip) < 0);
}

static const struct unit_case cases[] = {
	{"a description is written as it was read", there_and_back},
	{"what no description can have is refused", refused},
	{"so is more than any has", too_many},
	{"announcements are what the RFCs say", frames},
	{"addresses are numbers", addresses},
};
UNIT_MAIN(cases)
