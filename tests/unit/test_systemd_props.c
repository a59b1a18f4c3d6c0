/* TEST: units: names by cgroupsPath, GVariant text, properties by resources and annotations. */
#include <errno.h>

#include "cgroups/systemd/gvariant.h"
#include "cgroups/systemd/props.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "tests/unit/unit.h"

/* ---- values as busctl writes them: "as 2 'a' 'b'" without the quotes
 * ------------------------------ */

static void show(struct strbuf *sb, const struct wire_value *v)
{
	switch (*v->type) {
	case 's':
	case 'o':
	case 'g':
		strbuf_add(sb, " %s", v->s);
		break;
	case 'a':
		strbuf_add(sb, " %zu", v->n);
		for (size_t i = 0; i < v->n; i++)
			show(sb, &v->items[i]);
		break;
	case '(':
		for (size_t i = 0; i < v->n; i++)
			show(sb, &v->items[i]);
		break;
	case 'v':
		strbuf_add(sb, " %s", v->items[0].type);
		show(sb, &v->items[0]);
		break;
	case 'd':
		strbuf_add(sb, " %.4f", v->d);
		break;
	case 'n':
	case 'i':
	case 'x':
		strbuf_add(sb, " %" PRId64, (int64_t)v->u);
		break;
	default:
		strbuf_add(sb, " %" PRIu64, v->u);
		break;
	}
}

static const char *shown(const struct wire_value *v)
{
	static char text[8192];
	struct strbuf sb = {.buf = text, .size = sizeof(text)};

	text[0] = '\0';
	strbuf_add(&sb, "%s", v->type);
	show(&sb, v);
	return text;
}

/* ---- GVariant text: expected values by GLib's documentation
 * -------------------------------------- */

static void gvariant(void)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{"15", "i 15"},
		{"-15", "i -15"},
		{" +7 ", "i 7"},
		{"0x1f", "i 31"},
		{"017", "i 15"},
		{"2147483647", "i 2147483647"},
		{"-2147483648", "i -2147483648"},
		{"-0", "i 0"},
		{"uint64 10000000", "t 10000000"},
		{"uint64 18446744073709551615", "t 18446744073709551615"},
		{"int64 -9223372036854775808", "x -9223372036854775808"},
		{"byte 255", "y 255"},
		{"uint16 65535", "q 65535"},
		{"int16 -32768", "n -32768"},
		{"uint32 4294967295", "u 4294967295"},
		{"@t 5", "t 5"},
		{"true", "b 1"},
		{"false", "b 0"},
		{"boolean true", "b 1"},
		{"1.5", "d 1.5000"},
		{"double 2", "d 2.0000"},
		{"-0.25", "d -0.2500"},
		{"'text'", "s text"},
		{"\"it's\"", "s it's"},
		{"'a\\'b\\\\c\\n'", "s a'b\\c\n"},
		{"'\\u00e4\\U0001f600'", "s \xc3\xa4\xf0\x9f\x98\x80"},
		{"''", "s "},
		{"objectpath '/a/b_1'", "o /a/b_1"},
		{"signature 'a{sv}'", "g a{sv}"},
		{"['a.service', 'b.service']", "as 2 a.service b.service"},
		{"@as []", "as 0"},
		{"[ uint32 1 ,2, 3 ]", "au 3 1 2 3"},
		{"[uint64 1, 2]", "at 2 1 2"},
		{"@at [1, 2]", "at 2 1 2"},
		{"('a', uint64 5)", "(st) a 5"},
		{"(1,)", "(i) 1"},
		{"@(st) ('a', 5)", "(st) a 5"},
		{"[('/dev/sda', uint64 100), ('/dev/sdb', 200)]",
		 "a(st) 2 /dev/sda 100 /dev/sdb 200"},
		{"[['a'], ['b', 'c']]", "aas 2 1 a 2 b c"},
		{"<uint32 3>", "v u 3"},
		{"[<1>, <'x'>]", "av 2 i 1 s x"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		auto_arena a = ARENA_INIT;
		struct err err = ERR_NONE;
		struct wire_value v;

		if (gvariant_parse(&a, "f", table[i].text, &v, &err) < 0)
			unit_fail(__FILE__, __LINE__, "%s: %s", table[i].text, err.text);
		if (!streq(shown(&v), table[i].want))
			unit_fail(__FILE__, __LINE__, "%s is '%s', expected '%s'", table[i].text,
				  shown(&v), table[i].want);
	}
}

static void bad_gvariant(void)
{
	static const char *const table[] = {
		"",
		" ",
		"x",
		"2147483648",
		"-2147483649",
		"byte 256",
		"byte -1",
		"uint64 -1",
		"uint64 18446744073709551616",
		"int64 9223372036854775808",
		"1x",
		"0x",
		"1.x",
		"--1",
		"nan",
		"tru",
		"trueish",
		"'open",
		"'open\\",
		"'\\u12'",
		"'\\ud800'",
		"'\\u0000'",
		"'\\U00110000'",
		"[",
		"[]",
		"[1",
		"[1,",
		"[1,]",
		"[1 2]",
		"[1, 'a']",
		"@as",
		"@as ['a', 1]",
		"@z 1",
		"@s 1",
		"@i 'a'",
		"@b 1",
		"@as 'a'",
		"@as ('a',)",
		"(",
		"(1",
		"()",
		"@(si) ('a')",
		"@(s) ('a', 'b')",
		"@as true",
		"{'a': 1}",
		"@a{ss} [{'a', 'b'}]",
		"<1",
		"uint64 'a'",
		"string 1",
		"1 2",
		"objectpath 'a'",
		"objectpath '/a/'",
		"objectpath '//a'",
		"signature 'z'",
		"just 1",
		"nothing",
		"[[[[[[[[[[1]]]]]]]]]]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		auto_arena a = ARENA_INIT;
		struct err err = ERR_NONE;
		struct wire_value v;

		if (gvariant_parse(&a, "annotations.x", table[i], &v, &err) != -EINVAL)
			unit_fail(__FILE__, __LINE__, "'%s' is accepted", table[i]);
		CHECK_HAS(err.text, "annotations.x: '");
	}
}

/* ---- names -------------------------------------------------------------------------------------
 */

static void names(void)
{
	static const struct {
		const char *path, *id;
		bool user;
		const char *slice, *name;
	} table[] = {
		{"machine.slice:libpod:4f3a", "x", false, "machine.slice", "libpod-4f3a.scope"},
		{"user.slice:libpod:4f3a", "x", true, "user.slice", "libpod-4f3a.scope"},
		{"system.slice:docker:4f3a", "x", false, "system.slice", "docker-4f3a.scope"},
		{":docker:4f3a", "x", false, "system.slice", "docker-4f3a.scope"},
		{":docker:4f3a", "x", true, "user.slice", "docker-4f3a.scope"},
		{"machine-libpod_pod_1.slice:libpod:2", "x", false, "machine-libpod_pod_1.slice",
		 "libpod-2.scope"},
		{"a-b-c.slice:crio:2", "x", false, "a-b-c.slice", "crio-2.scope"},
		{"-.slice:crio:2", "x", false, "-.slice", "crio-2.scope"},
		{"machine.slice::solo", "x", false, "machine.slice", "solo.scope"},
		{"a.slice:ignored:a-pod.slice", "x", false, "a.slice", "a-pod.slice"},
		{NULL, "web", false, "system.slice", "hull-web.scope"},
		{"", "web", true, "user.slice", "hull-web.scope"},
		{NULL, "a+b", false, "system.slice", "hull-a\\x2bb.scope"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		auto_arena a = ARENA_INIT;
		struct err err = ERR_NONE;
		struct cgroup_unit u;

		CHECK_INT(cgroup_unit_plan(&a, table[i].path, table[i].id, table[i].user, &u, &err),
			  0);
		CHECK_STR(u.slice, table[i].slice);
		CHECK_STR(u.name, table[i].name);
		CHECK_INT(u.user, table[i].user);
		CHECK_INT(cgroup_unit_is_slice(&u), str_ends(table[i].name, ".slice"));
	}
}

/* C-05 */
static void bad_names(void)
{
	static const struct {
		const char *path, *why;
	} table[] = {
		{"/machine/web", "expected 'slice:prefix:name'"},
		{"web", "expected 'slice:prefix:name'"},
		{"a.slice:b", "expected 'slice:prefix:name'"},
		{"a.slice:b:", "expected 'slice:prefix:name'"},
		{"a.slice:b:c:d", "expected 'slice:prefix:name'"},
		{"machine:a:b", "'machine' is not the name of a slice"},
		{"a--b.slice:p:n", "not the name of a slice"},
		{"-a.slice:p:n", "not the name of a slice"},
		{"a-.slice:p:n", "not the name of a slice"},
		{"../a.slice:p:n", "not the name of a slice"},
		{"a/b.slice:p:n", "not the name of a slice"},
		{".slice:p:n", "not the name of a slice"},
		{"a.slice:p:n/m", "not the name of a unit"},
		{"a.slice:p p:n", "not the name of a unit"},
		{"a.slice::.x", "not the name of a unit"},
		{"a.slice::x--y.slice", "not the name of a unit"},
		{"a.slice:p:\xc3\xa4", "not the name of a unit"},
	};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct cgroup_unit u;
	char longest[300];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CHECK_INT(cgroup_unit_plan(&a, table[i].path, "x", false, &u, &err), -EINVAL);
		CHECK_HAS(err.text, table[i].why);
		CHECK_HAS(err.text, "linux.cgroupsPath: ");
	}
	memset(longest, 'n', sizeof(longest));
	memcpy(longest, "::", 2);
	longest[2 + 255 - 6 + 1] = '\0'; /* ".scope" and one too many */
	CHECK_INT(cgroup_unit_plan(&a, longest, "x", false, &u, &err), -EINVAL);
	CHECK_HAS(err.text, "longer");
	longest[2 + 255 - 6] = '\0';
	CHECK_INT(cgroup_unit_plan(&a, longest, "x", false, &u, &err), 0);
}

/* ---- properties ---------------------------------------------------------------------------------
 */

static const char *prop(const struct unit_props *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->v[i].name, name))
			return shown(&p->v[i].value);
	return "(none)";
}

/* V-21: systemd.resource-control(5) has the same files in its text. */
static void by_file(void)
{
	static const struct {
		const char *file, *value, *name, *want;
	} table[] = {
		{"memory.max", "67108864", "MemoryMax", "t 67108864"},
		{"memory.max", "max", "MemoryMax", "t 18446744073709551615"},
		{"memory.high", "1", "MemoryHigh", "t 1"},
		{"memory.low", "2", "MemoryLow", "t 2"},
		{"memory.min", "3", "MemoryMin", "t 3"},
		{"memory.swap.max", "0", "MemorySwapMax", "t 0"},
		{"memory.zswap.max", "4", "MemoryZSwapMax", "t 4"},
		{"memory.oom.group", "1", "OOMPolicy", "s kill"},
		{"memory.oom.group", "0", "OOMPolicy", "s continue"},
		{"pids.max", "33", "TasksMax", "t 33"},
		{"pids.max", "max", "TasksMax", "t 18446744073709551615"},
		{"cpu.weight", "59", "CPUWeight", "t 59"},
		{"cpu.idle", "1", "CPUWeight", "t 0"},
		{"cpu.idle", "0", "CPUWeight", "(none)"},
		{"cpu.max", "50000 100000", "CPUQuotaPerSecUSec", "t 500000"},
		{"cpu.max", "50000 100000", "CPUQuotaPeriodUSec", "t 100000"},
		{"cpu.max", "33333 100000", "CPUQuotaPerSecUSec",
		 "t 340000"}, /* whole percents, up */
		{"cpu.max", "200000 100000", "CPUQuotaPerSecUSec", "t 2000000"},
		{"cpu.max", "5000 20000", "CPUQuotaPerSecUSec", "t 250000"},
		{"cpu.max", "max 20000", "CPUQuotaPerSecUSec", "t 18446744073709551615"},
		{"cpu.max", "max 20000", "CPUQuotaPeriodUSec", "t 20000"},
		{"cpu.max", "50000", "CPUQuotaPerSecUSec", "t 500000"},
		{"cpu.max", "50000", "CPUQuotaPeriodUSec", "(none)"},
		{"cpuset.cpus", "0-2,9", "AllowedCPUs", "ay 2 7 2"},
		{"cpuset.mems", "0", "AllowedMemoryNodes", "ay 1 1"},
		{"cpuset.cpus", "", "AllowedCPUs", "ay 0"},
		{"io.weight", "100", "IOWeight", "t 100"},
		{"io.weight", "default 200", "IOWeight", "t 200"},
		{"io.weight", "8:0 200", "IOWeight", "(none)"},
		{"io.bfq.weight", "default 50", "IOWeight", "t 50"},
		{"io.bfq.weight", "1000", "IOWeight", "t 10000"},
		{"memory.max", "nonsense", "MemoryMax", "(none)"},
		{"hugetlb.2MB.max", "1", "HugetlbMax", "(none)"},
		{"io.max", "8:0 rbps=1", "IOReadBandwidthMax", "(none)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		auto_arena a = ARENA_INIT;
		struct unit_props p = {.a = &a};

		unit_props_by_file(&p, table[i].file, table[i].value);
		if (!streq(prop(&p, table[i].name), table[i].want))
			unit_fail(__FILE__, __LINE__, "%s '%s' gives %s %s, expected %s",
				  table[i].file, table[i].value, table[i].name,
				  prop(&p, table[i].name), table[i].want);
	}
}

static struct unit_props *all(struct arena *a, const char *path, const struct oci_resources *res,
			      const struct oci_map *annotations, struct err *err)
{
	static const struct oci_map none;
	struct unit_props *p = NULL;
	struct cgroup_unit u;

	CHECK_INT(cgroup_unit_plan(a, path, "web", false, &u, err), 0);
	return cgroup_unit_props(a, &u, "web", res, annotations ? annotations : &none, &p, err) < 0
		       ? NULL
		       : p;
}

static void basics(void)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct unit_props *p = all(&a, "machine.slice:x:y", NULL, NULL, &err);

	CHECK_STR(prop(p, "Slice"), "s machine.slice");
	CHECK_STR(prop(p, "Delegate"), "b 1");
	CHECK_STR(prop(p, "DefaultDependencies"), "b 0");
	CHECK_STR(prop(p, "CollectMode"), "s inactive-or-failed");
	CHECK_STR(prop(p, "Wants"), "(none)");
	CHECK_STR(prop(p, "DevicePolicy"), "(none)");
	/* slices cannot be delegated */
	p = all(&a, "a.slice:x:a-b.slice", NULL, NULL, &err);
	CHECK_STR(prop(p, "Slice"), "(none)");
	CHECK_STR(prop(p, "Delegate"), "(none)");
	CHECK_STR(prop(p, "Wants"), "as 1 a.slice");
}

/* V-21: unified last, as everywhere (K-41); versions: systemd's NEWS. */
static void by_resources(void)
{
	struct oci_pair pairs[] = {
		{"memory.max", "200"}, {"memory.high", "100"}, {"cpu.idle", "1"}};
	struct oci_memory memory = {.limit = {true, 300}, .reservation = {true, 50}};
	struct oci_cpu cpu = {.period = {true, 20000}, .cpus = "0"};
	struct oci_pids pids = {.limit = {true, 0}};
	struct oci_resources res = {
		.memory = &memory, .cpu = &cpu, .pids = &pids, .unified = {true, 3, pairs}};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct unit_props *p = all(&a, NULL, &res, NULL, &err);
	size_t at_239 = unit_props_value(p, 239).n;

	CHECK(p != NULL);
	CHECK_STR(prop(p, "MemoryMax"), "t 200");
	CHECK_STR(prop(p, "MemoryHigh"), "t 100");
	CHECK_STR(prop(p, "MemoryLow"), "t 50");
	CHECK_STR(prop(p, "TasksMax"), "t 1");
	CHECK_STR(prop(p, "CPUWeight"), "t 0");
	CHECK_STR(prop(p, "CPUQuotaPeriodUSec"), "t 20000");
	CHECK_STR(prop(p, "CPUQuotaPerSecUSec"), "t 18446744073709551615");
	CHECK(unit_props_want_version(p));
	CHECK_UINT(unit_props_value(p, 241).n, at_239);
	CHECK_UINT(unit_props_value(p, 242).n, at_239 + 1); /* CPUQuotaPeriodUSec */
	CHECK_UINT(unit_props_value(p, 244).n, at_239 + 2); /* AllowedCPUs */
	CHECK_UINT(unit_props_value(p, 252).n, at_239 + 3); /* CPUWeight=idle */
	CHECK_UINT(unit_props_value(p, 262).n, p->n);
	memory.kernel = (struct opt_i64){true, 5};
	CHECK(all(&a, NULL, &res, NULL, &err) == NULL);
	CHECK_HAS(err.text, "memory.kernel");
}

static void devices(void)
{
	struct oci_device_rule rules[] = {
		{.allow = {true, true}, .type = "c", .major = {true, 7}, .minor = {true, 7}},
		{.allow = {true, false}, .access = "rwm"},
		{.allow = {true, true},
		 .type = "c",
		 .major = {true, 10},
		 .minor = {true, 200},
		 .access = "rw"},
		{.allow = {true, true},
		 .type = "b",
		 .major = {true, 8},
		 .minor = {true, -1},
		 .access = "r"},
		{.allow = {true, false}, .type = "b", .major = {true, 8}, .minor = {true, 1}},
		{.allow = {true, true}, .type = "a", .minor = {true, 3}, .access = "r"},
	};
	static const char always[] =
		" char-* m block-* m /dev/char/1:3 rwm /dev/char/1:5 rwm /dev/char/1:7 rwm "
		"/dev/char/1:8 rwm"
		" /dev/char/1:9 rwm /dev/char/5:0 rwm /dev/char/5:2 rwm char-136 rwm";
	auto_arena a = ARENA_INIT;
	struct unit_props p = {.a = &a};
	const char *list;

	unit_props_devices(&p, rules, 2);
	CHECK_STR(prop(&p, "DevicePolicy"), "s strict");
	CHECK_STR(prop(&p, "DeviceAllow"), arena_printf(&a, "a(ss) 10%s", always));
	/* more than the rules allow where systemd cannot say it, never less */
	unit_props_devices(&p, rules, 6);
	list = arena_printf(&a, "a(ss) 14%s /dev/char/10:200 rw block-8 r char-* r block-* r",
			    always);
	CHECK_STR(prop(&p, "DeviceAllow"), list);
	/* all may be done: no filter of systemd's */
	p = (struct unit_props){.a = &a};
	rules[2] = (struct oci_device_rule){.allow = {true, true}, .type = "a", .access = "rwm"};
	unit_props_devices(&p, rules, 3);
	CHECK_STR(prop(&p, "DevicePolicy"), "s auto");
	CHECK_STR(prop(&p, "DeviceAllow"), "(none)");
	unit_props_devices(&p, rules, 0);
	CHECK_STR(prop(&p, "DevicePolicy"), "s auto");
}

static const char *annotated(struct arena *a, const char *name, const char *text, const char *want)
{
	struct oci_pair pair = {arena_printf(a, "org.systemd.property.%s", name), text};
	struct oci_map map = {true, 1, &pair};
	static struct err err;
	struct unit_props *p = all(a, NULL, NULL, &map, &err);

	return p ? prop(p, want) : err.text;
}

/* cli-contract of runc and crun: NAME has letters only and three at least, NameSec is NameUSec. */
static void annotations(void)
{
	auto_arena a = ARENA_INIT;

	CHECK_STR(annotated(&a, "KillSignal", "15", "KillSignal"), "i 15");
	CHECK_STR(annotated(&a, "TimeoutStopUSec", "uint64 10000000", "TimeoutStopUSec"),
		  "t 10000000");
	CHECK_STR(annotated(&a, "TimeoutStopSec", "10", "TimeoutStopUSec"), "t 10000000");
	CHECK_STR(annotated(&a, "TimeoutStopSec", "uint64 10", "TimeoutStopUSec"), "t 10000000");
	CHECK_STR(annotated(&a, "TimeoutStopSec", "1.5", "TimeoutStopUSec"), "t 1500000");
	CHECK_STR(annotated(&a, "After", "['crio.service']", "After"), "as 1 crio.service");
	CHECK_STR(annotated(&a, "DefaultDependencies", "true", "DefaultDependencies"), "b 1");
	CHECK_STR(annotated(&a, "CollectMode", "'inactive'", "CollectMode"), "s inactive");
	CHECK_HAS(annotated(&a, "TimeoutStopSec", "'ten'", ""), "not a number of seconds");
	CHECK_HAS(annotated(&a, "TimeoutStopSec", "-1", ""), "not a number of seconds");
	CHECK_HAS(annotated(&a, "TimeoutStopSec", "uint64 18446744073709551615", ""),
		  "not a number");
	CHECK_HAS(annotated(&a, "Ab", "1", ""), "'Ab' is not the name of a property");
	CHECK_HAS(annotated(&a, "", "1", ""), "is not the name of a property");
	CHECK_HAS(annotated(&a, "Memory-Max", "1", ""), "is not the name of a property");
	CHECK_HAS(annotated(&a, "PIDs", "@au [1]", ""), "hull's own");
	CHECK_HAS(annotated(&a, "KillSignal", "[", ""),
		  "annotations.org.systemd.property.KillSignal: '['");
}

static const struct unit_case cases[] = {
	{"gvariant: values", gvariant},
	{"gvariant: what is none", bad_gvariant},
	{"unit: names by cgroupsPath", names},
	{"unit: paths that name no unit (C-05)", bad_names},
	{"properties: by files of a cgroup (V-21)", by_file},
	{"properties: of every unit", basics},
	{"properties: by resources, as the version knows them (V-21)", by_resources},
	{"properties: device rules", devices},
	{"properties: annotations", annotations},
};

UNIT_MAIN(cases)
