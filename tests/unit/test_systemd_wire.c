/* TEST: D-Bus messages: bytes by the specification and from a real bus; broken ones. */
#include <errno.h>

#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/manager.h"
#include "cgroups/systemd/wire.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "tests/unit/unit.h"

static struct wire_value text(const char *s)
{
	return (struct wire_value){.type = "s", .s = s};
}

static void same_bytes(const uint8_t *got, ssize_t n, const char *want, size_t want_n)
{
	CHECK_INT(n, (ssize_t)want_n);
	for (size_t i = 0; i < want_n; i++)
		if (got[i] != (uint8_t)want[i])
			unit_fail(__FILE__, __LINE__, "byte %zu is %02x, expected %02x", i, got[i],
				  (uint8_t)want[i]);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* clang-format off */
/* As systemd's own library wrote it to a socket, for: busctl call org.freedesktop.systemd1
 * /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager StartTransientUnit
 * 'ssa(sv)a(sa(sv))' a.scope fail 3 TasksMax t 33 Delegate b true Slice s system.slice 0 */
static const char start_unit[] =
	"\x6c\x01\x04\x01\x78\x00\x00\x00\x02\x00\x00\x00\xb6\x00\x00\x00\x01\x01\x6f\x00\x19\x00\x00\x00"
	"\x2f\x6f\x72\x67\x2f\x66\x72\x65\x65\x64\x65\x73\x6b\x74\x6f\x70\x2f\x73\x79\x73\x74\x65\x6d\x64"
	"\x31\x00\x00\x00\x00\x00\x00\x00\x03\x01\x73\x00\x12\x00\x00\x00\x53\x74\x61\x72\x74\x54\x72\x61"
	"\x6e\x73\x69\x65\x6e\x74\x55\x6e\x69\x74\x00\x00\x00\x00\x00\x00\x02\x01\x73\x00\x20\x00\x00\x00"
	"\x6f\x72\x67\x2e\x66\x72\x65\x65\x64\x65\x73\x6b\x74\x6f\x70\x2e\x73\x79\x73\x74\x65\x6d\x64\x31"
	"\x2e\x4d\x61\x6e\x61\x67\x65\x72\x00\x00\x00\x00\x00\x00\x00\x00\x06\x01\x73\x00\x18\x00\x00\x00"
	"\x6f\x72\x67\x2e\x66\x72\x65\x65\x64\x65\x73\x6b\x74\x6f\x70\x2e\x73\x79\x73\x74\x65\x6d\x64\x31"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x08\x01\x67\x00\x10\x73\x73\x61\x28\x73\x76\x29\x61\x28\x73\x61"
	"\x28\x73\x76\x29\x29\x00\x00\x00\x07\x00\x00\x00\x61\x2e\x73\x63\x6f\x70\x65\x00\x04\x00\x00\x00"
	"\x66\x61\x69\x6c\x00\x00\x00\x00\x51\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x54\x61\x73\x6b"
	"\x73\x4d\x61\x78\x00\x01\x74\x00\x21\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x44\x65\x6c\x65"
	"\x67\x61\x74\x65\x00\x01\x62\x00\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x53\x6c\x69\x63"
	"\x65\x00\x01\x73\x00\x00\x00\x00\x0c\x00\x00\x00\x73\x79\x73\x74\x65\x6d\x2e\x73\x6c\x69\x63\x65"
	"\x00\x00\x00\x00\x00\x00\x00\x00";

/* As dbus-daemon passed it on: JobRemoved(90, "/org/freedesktop/systemd1/job/90", "hull-web.scope",
 * "done") of systemd 262, with serial 24. */
static const char job_removed[] =
	"\x6c\x04\x01\x01\x49\x00\x00\x00\x18\x00\x00\x00\x8d\x00\x00\x00\x01\x01\x6f\x00\x19\x00\x00\x00"
	"\x2f\x6f\x72\x67\x2f\x66\x72\x65\x65\x64\x65\x73\x6b\x74\x6f\x70\x2f\x73\x79\x73\x74\x65\x6d\x64"
	"\x31\x00\x00\x00\x00\x00\x00\x00\x02\x01\x73\x00\x20\x00\x00\x00\x6f\x72\x67\x2e\x66\x72\x65\x65"
	"\x64\x65\x73\x6b\x74\x6f\x70\x2e\x73\x79\x73\x74\x65\x6d\x64\x31\x2e\x4d\x61\x6e\x61\x67\x65\x72"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x03\x01\x73\x00\x0a\x00\x00\x00\x4a\x6f\x62\x52\x65\x6d\x6f\x76"
	"\x65\x64\x00\x00\x00\x00\x00\x00\x08\x01\x67\x00\x04\x75\x6f\x73\x73\x00\x00\x00\x00\x00\x00\x00"
	"\x07\x01\x73\x00\x04\x00\x00\x00\x3a\x31\x2e\x31\x00\x00\x00\x00\x5a\x00\x00\x00\x20\x00\x00\x00"
	"\x2f\x6f\x72\x67\x2f\x66\x72\x65\x65\x64\x65\x73\x6b\x74\x6f\x70\x2f\x73\x79\x73\x74\x65\x6d\x64"
	"\x31\x2f\x6a\x6f\x62\x2f\x39\x30\x00\x00\x00\x00\x0e\x00\x00\x00\x68\x75\x6c\x6c\x2d\x77\x65\x62"
	"\x2e\x73\x63\x6f\x70\x65\x00\x00\x04\x00\x00\x00\x64\x6f\x6e\x65\x00";
/* clang-format on */

static void by_busctl(void)
{
	struct wire_value tasks = {.type = "t", .u = 33}, yes = {.type = "b", .u = 1},
			  slice = text("system.slice");
	struct wire_value pairs[3][2] = {
		{text("TasksMax"), {.type = "v", .items = &tasks, .n = 1}},
		{text("Delegate"), {.type = "v", .items = &yes, .n = 1}},
		{text("Slice"), {.type = "v", .items = &slice, .n = 1}},
	};
	struct wire_value props[3] = {{.type = "(sv)", .items = pairs[0], .n = 2},
				      {.type = "(sv)", .items = pairs[1], .n = 2},
				      {.type = "(sv)", .items = pairs[2], .n = 2}};
	const struct wire_value args[4] = {text("a.scope"),
					   text("fail"),
					   {.type = "a(sv)", .items = props, .n = 3},
					   {.type = "a(sa(sv))"}};
	const struct wire_msg msg = {.type = WIRE_CALL,
				     .flags = 4, /* interactive authorization is allowed */
				     .serial = 2,
				     .path = "/org/freedesktop/systemd1",
				     .destination = "org.freedesktop.systemd1",
				     .interface = "org.freedesktop.systemd1.Manager",
				     .member = "StartTransientUnit"};
	auto_arena a = ARENA_INIT;
	uint8_t *bytes = NULL;
	ssize_t n = wire_build(&a, &msg, args, 4, &bytes);

	same_bytes(bytes, n, start_unit, sizeof(start_unit) - 1);
}

static void by_daemon(void)
{
	_Alignas(8) uint8_t buf[sizeof(job_removed)];
	size_t len = sizeof(job_removed) - 1;
	struct wire_reader r;
	struct wire_msg msg;
	const char *s = NULL;
	uint32_t id = 0;

	memcpy(buf, job_removed, len);
	CHECK_INT(wire_size(buf, 15), 0);
	CHECK_INT(wire_size(buf, 16), (ssize_t)len);
	CHECK_INT(wire_parse(buf, len, &msg), 0);
	CHECK_INT(msg.type, WIRE_SIGNAL);
	CHECK_UINT(msg.serial, 24);
	CHECK_STR(msg.interface, "org.freedesktop.systemd1.Manager");
	CHECK_STR(msg.member, "JobRemoved");
	CHECK_STR(msg.sender, ":1.1");
	CHECK_STR(msg.signature, "uoss");
	wire_read(&r, &msg);
	CHECK_INT(wire_read_u32(&r, &id), 0);
	CHECK_UINT(id, 90);
	CHECK_INT(wire_read_text(&r, 'o', &s), 0);
	CHECK_STR(s, "/org/freedesktop/systemd1/job/90");
	CHECK_INT(wire_read_text(&r, 's', &s), 0);
	CHECK_STR(s, "hull-web.scope");
	CHECK_INT(wire_read_text(&r, 's', &s), 0);
	CHECK_STR(s, "done");
}
#endif

/* What is built is read again as what was meant. */
static void round_trip(void)
{
	struct wire_value number = {.type = "u", .u = 485};
	struct wire_value version = text("252.39-1~deb12u1");
	struct wire_value args[5] = {number,
				     {.type = "o", .s = "/org/freedesktop/systemd1/job/485"},
				     text("hull-web.scope"),
				     text("done"),
				     {.type = "v", .items = &version, .n = 1}};
	const struct wire_msg msg = {.type = WIRE_SIGNAL,
				     .serial = 9,
				     .path = "/a/b",
				     .interface = "x.y",
				     .member = "JobRemoved"};
	auto_arena a = ARENA_INIT;
	struct wire_reader r;
	struct wire_msg back;
	uint8_t *bytes = NULL;
	const char *s = NULL;
	uint32_t u = 0;
	ssize_t n = wire_build(&a, &msg, args, 5, &bytes);

	CHECK_INT(wire_size(bytes, (size_t)n), n);
	CHECK_INT(wire_parse(bytes, (size_t)n, &back), 0);
	CHECK_INT(back.type, WIRE_SIGNAL);
	CHECK_STR(back.path, "/a/b");
	CHECK_STR(back.interface, "x.y");
	CHECK_STR(back.member, "JobRemoved");
	wire_read(&r, &back);
	CHECK_INT(wire_read_text(&r, 's', &s), -EBADMSG); /* another type comes first */
	CHECK_INT(wire_read_u32(&r, &u), 0);
	CHECK_UINT(u, 485);
	CHECK_INT(wire_read_text(&r, 'o', &s), 0);
	CHECK_STR(s, "/org/freedesktop/systemd1/job/485");
	CHECK_INT(wire_read_text(&r, 's', &s), 0);
	CHECK_STR(s, "hull-web.scope");
	CHECK_INT(wire_read_text(&r, 's', &s), 0);
	CHECK_INT(wire_read_variant_text(&r, &s), 0);
	CHECK_STR(s, "252.39-1~deb12u1");
	CHECK_INT(wire_read_u32(&r, &u), -EBADMSG); /* no more */
	/* one byte less is another message, or none */
	for (size_t i = 16; i < (size_t)n; i++)
		CHECK_INT(wire_parse(bytes, i, &back), -EBADMSG);
}

static void broken(void)
{
	const struct wire_msg msg = {.type = WIRE_RETURN, .serial = 9, .reply_serial = 4};
	auto_arena a = ARENA_INIT;
	struct wire_value arg = text("text");
	struct wire_msg back;
	uint8_t *bytes = NULL;
	struct wire_reader r;
	const char *s = NULL;
	ssize_t n = wire_build(&a, &msg, &arg, 1, &bytes);

	CHECK_INT(wire_parse(bytes, (size_t)n, &back), 0);
	CHECK_UINT(back.reply_serial, 4);
	bytes[n - 5] = 0; /* "text" has a NUL inside */
	wire_read(&r, &back);
	CHECK_INT(wire_read_text(&r, 's', &s), -EBADMSG);
	bytes[n - 5] = 't';
	bytes[n - 9] = 200; /* longer than the message */
	wire_read(&r, &back);
	CHECK_INT(wire_read_text(&r, 's', &s), -EBADMSG);
	bytes[0] ^= 'l' ^ 'B'; /* the other byte order */
	CHECK_INT(wire_size(bytes, (size_t)n), -EBADMSG);
	bytes[0] ^= 'l' ^ 'B';
	bytes[3] = 2; /* another protocol */
	CHECK_INT(wire_size(bytes, (size_t)n), -EBADMSG);
	bytes[3] = 1;
	memset(bytes + 4, 0xff, 4); /* 4 GiB of body */
	CHECK_INT(wire_size(bytes, (size_t)n), -EMSGSIZE);
}

static void types(void)
{
	static const struct {
		const char *signature;
		size_t len;
	} table[] = {
		{"s", 1},      {"as", 2},
		{"a(sv)", 5},  {"a(sv)u", 5},
		{"a{sv}", 5},  {"(s(ii))x", 7},
		{"aay", 3},    {"v", 1},
		{"", 0},       {"a", 0},
		{"(", 0},      {"()", 0},
		{"(s", 0},     {"{sv}", 0},
		{"a{vs}", 0},  {"a{s}", 0},
		{"a{ssv}", 0}, {"z", 0},
		{"h", 0},      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaas", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (wire_type_length(table[i].signature) != table[i].len)
			unit_fail(__FILE__, __LINE__, "'%s' is %zu long, expected %zu",
				  table[i].signature, wire_type_length(table[i].signature),
				  table[i].len);
}

/* D-Bus specification, "Server Addresses". */
static void addresses(void)
{
	static const struct {
		const char *list, *want;
	} table[] = {
		{"unix:path=/run/user/1000/bus", "/run/user/1000/bus"},
		{"unix:path=/tmp/a,guid=0123", "/tmp/a"},
		{"unix:guid=0123,path=/tmp/a", "/tmp/a"},
		{"unix:abstract=/tmp/dbus-x,guid=1", "@/tmp/dbus-x"},
		{"tcp:host=localhost,port=1;unix:path=/tmp/b", "/tmp/b"},
		{"unix:path=/tmp/with%20blank%2cand", "/tmp/with blank,and"},
		{"unix:path=/tmp/100%", "/tmp/100%"},
		{"unix:tmpdir=/tmp", NULL},
		{"unixexec:path=/bin/sh", NULL},
		{"", NULL},
		{"unix:", NULL},
		{";;", NULL},
	};
	auto_arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *got = bus_address_parse(&a, table[i].list);

		if (!table[i].want != !got || (got && !streq(got, table[i].want)))
			unit_fail(__FILE__, __LINE__, "'%s' is '%s'", table[i].list,
				  got ? got : "(none)");
	}
}

/* As `busctl tree org.freedesktop.systemd1` shows them. */
static void objects(void)
{
	auto_arena a = ARENA_INIT;

	CHECK_STR(manager_unit_path(&a, "dbus.service"),
		  "/org/freedesktop/systemd1/unit/dbus_2eservice");
	CHECK_STR(manager_unit_path(&a, "-.slice"), "/org/freedesktop/systemd1/unit/_2d_2eslice");
	CHECK_STR(manager_unit_path(&a, "0a.scope"), "/org/freedesktop/systemd1/unit/_30a_2escope");
	CHECK_STR(manager_unit_path(&a, "a\\x2bb_c.scope"),
		  "/org/freedesktop/systemd1/unit/a_5cx2bb_5fc_2escope");
}

static const struct unit_case cases[] = {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	{"wire: a call as systemd's library writes it", by_busctl},
	{"wire: a signal as the bus passes it on", by_daemon},
#endif
	{"wire: what was built is read", round_trip},
	{"wire: broken messages are refused", broken},
	{"wire: complete types", types},
	{"bus: addresses", addresses},
	{"manager: objects of units", objects},
};

UNIT_MAIN(cases)
