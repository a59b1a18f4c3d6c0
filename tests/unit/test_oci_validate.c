/* TEST: the rules of validation, both ways. Clauses: OCI runtime-spec 1.3, config*.md. */
#include <errno.h>

#include "oci-spec/oci.h"
#include "tests/unit/unit.h"

/* WANT: the whole error, or its start when it ends in "..."; NULL = legal. */
struct row {
	const char *json, *want;
};

static struct arena arena;

/* The text around a row: a legal config but for it. */
static const char whole[] = "%s";
static const char top[] = "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},%s}";
static const char process[] = "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
			      "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],%s}}";
static const char linux_[] = "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
			     "\"linux\":{%s}}";
static const char namespaced[] =
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"linux\":{\"namespaces\":["
	"{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"mount\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"cgroup\"}],%s}}";
static const char resources[] = "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
				"\"linux\":{\"resources\":{%s}}}";
static const char seccomp[] = "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
			      "\"linux\":{\"seccomp\":{%s}}}";

static void __attribute__((format(printf, 1, 0)))
check(const char *around, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct oci_spec spec = {0};
		struct err err = ERR_NONE;
		const char *text, *want = rows[i].want;
		size_t len;
		int r;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		text = arena_printf(&arena, around, rows[i].json);
#pragma GCC diagnostic pop
		if (oci_decode(&arena, &oci_spec_type, "f", text, strlen(text), &spec, &err) < 0)
			unit_fail(__FILE__, __LINE__, "%s: %s", text, err.text);
		r = oci_validate(&spec, &err);
		if (!want) {
			if (r < 0)
				unit_fail(__FILE__, __LINE__, "%s: %s", rows[i].json, err.text);
			continue;
		}
		len = strlen(want);
		len = len > 3 && strcmp(want + len - 3, "...") == 0 ? len - 3 : len + 1;
		if (r >= 0 || strncmp(err.text, want, len) != 0)
			unit_fail(__FILE__, __LINE__, "%s: '%s', expected '%s'", rows[i].json,
				  r < 0 ? err.text : "(legal)", want);
		CHECK(r == -EINVAL || r == -ENOTSUP);
	}
}

#define CHECK_ROWS(around, rows) check(around, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- top level ---------------------------------------------------------------------- */

/* B-06, B-07, B-08 */
static void version_and_root(void)
{
#define V(version) "{\"ociVersion\":\"" version "\",\"root\":{\"path\":\"r\"}}"
	static const struct row rows[] = {
		{V("1.0.0"), NULL},
		{V("1.0.0-rc5"), NULL},
		{V("1.0.2-dev"), NULL},
		{V("1.1.0-rc.3"), NULL},
		{V("1.2.1"), NULL},
		{V("1.3.0"), NULL},
		{V("1.3.9"), NULL},
		{V("1.3.0+dev"), NULL},
		{V("1.3.0-rc.1+build.007"), NULL},
		{V("1.4.0"), "ociVersion: '1.4.0' is not supported, hull knows 1.0 to 1.3"},
		{V("2.0.0"), "ociVersion: '2.0.0' is not supported, hull knows 1.0 to 1.3"},
		{V("0.9.0"), "ociVersion: '0.9.0' is not supported..."},
		{V("10.0.0"), "ociVersion: '10.0.0' is not supported..."},
		{V("invalid"), "ociVersion: 'invalid' is not a semantic version"},
		{V(""), "ociVersion: '' is not a semantic version"},
		{V("1"), "ociVersion: '1' is not a semantic version"},
		{V("1."), "ociVersion: '1.' is not a semantic version"},
		{V("1.0"), "ociVersion: '1.0' is not a semantic version"},
		{V("1.0."), "ociVersion: '1.0.' is not a semantic version"},
		{V("v1.0.0"), "ociVersion: 'v1.0.0' is not..."},
		{V("1.0.0.0"), "ociVersion: '1.0.0.0' is not..."},
		{V("01.0.0"), "ociVersion: '01.0.0' is not..."},
		{V("1.0.00"), "ociVersion: '1.0.00' is not..."},
		{V("1.0.0-"), "ociVersion: '1.0.0-' is not..."},
		{V("1.0.0+"), "ociVersion: '1.0.0+' is not..."},
		{V("1.0.0-a..b"), "ociVersion: '1.0.0-a..b' is not..."},
		{V("1.0.0-01"), "ociVersion: '1.0.0-01' is not..."},
		{V("1.0.0-a_b"), "ociVersion: '1.0.0-a_b' is not..."},
		{V("1.0.0 "), "ociVersion: '1.0.0 ' is not..."},
		{V("1.0.0+a+b"), "ociVersion: '1.0.0+a+b' is not..."},
		{V("99999999999.0.0"), "ociVersion: '99999999999.0.0' is not..."},
		{"{\"root\":{\"path\":\"r\"}}", "ociVersion: required, but missing"},
		{"{\"ociVersion\":\"1.0.0\"}", "root: required, but missing"},
		{"{\"ociVersion\":\"1.0.0\",\"root\":{}}", "root.path: required, but missing"},
		{"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}",
		 "root.path: required, but missing"},
		{"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/abs\",\"readonly\":true}}", NULL},
	};

	CHECK_ROWS(whole, rows);
}

#define SIXTEEN "0123456789abcdef"
#define UTS     "\"linux\":{\"namespaces\":[{\"type\":\"uts\"}]}"
static void names(void)
{
	static const struct row rows[] = {
		{"\"hostname\":\"web\"," UTS, NULL},
		{"\"hostname\":\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\"," UTS, NULL},
		{"\"hostname\":\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x\"," UTS,
		 "hostname: '" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x...' is longer than 64 bytes"},
		{"\"hostname\":\"web\"",
		 "hostname: needs a uts namespace, else the host's would change"},
		{"\"hostname\":\"\"", NULL},
		{"\"hostname\":\"web\",\"linux\":{\"namespaces\":[{\"type\":\"uts\","
		 "\"path\":\"/proc/1/ns/uts\"}]}",
		 NULL}, /* I-05 */
		{"\"domainname\":\"example.org\"," UTS, NULL},
		{"\"domainname\":\"example.org\"",
		 "domainname: needs a uts namespace, else the host's would change"},
		{"\"domainname\":\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x\"," UTS,
		 "domainname: '" SIXTEEN "..."},
	};

	CHECK_ROWS(top, rows);
}

/* W-01, B-19, P-01, L-20 */
static void other_top_level(void)
{
	static const struct row rows[] = {
		{"\"annotations\":{\"com.example.key\":\"\"}", NULL},
		{"\"annotations\":{\"\":\"x\"}", "annotations: a key is empty"},
		{"\"vm\":{}", "vm: virtual machines are not supported"},
		{"\"zos\":{},\"windows\":{\"layerFolders\":[1]}", NULL},
		{"\"hooks\":{}", NULL},
	};

	CHECK_ROWS(top, rows);
}

#define MAP "[{\"containerID\":0,\"hostID\":1000,\"size\":1}]"
/* M-03, M-04, M-11, M-16, M-17 */
static void mounts(void)
{
	static const struct row rows[] = {
		{"\"mounts\":[]", NULL},
		{"\"mounts\":[{\"destination\":\"/a\"}]", NULL},
		{"\"mounts\":[{\"destination\":\"data\"}]", NULL},
		{"\"mounts\":[{\"destination\":\"/a\",\"options\":[\"size=1k\",\"no-such\"]}]",
		 NULL},
		{"\"mounts\":[{\"destination\":\"/a\"},{\"source\":\"x\"}]",
		 "mounts[1].destination: required, but missing"},
		{"\"mounts\":[{\"destination\":\"\"}]",
		 "mounts[0].destination: required, but missing"},
		{"\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":" MAP "}]",
		 "mounts[0].uidMappings: needs gidMappings, too"},
		{"\"mounts\":[{\"destination\":\"/a\",\"gidMappings\":" MAP "}]",
		 "mounts[0].gidMappings: needs uidMappings, too"},
		{"\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":" MAP ",\"gidMappings\":" MAP
		 "}]",
		 NULL},
		{"\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":" MAP ",\"gidMappings\":[]}]",
		 "mounts[0].uidMappings: needs gidMappings, too"},
		{"\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":[],\"gidMappings\":" MAP "}]",
		 "mounts[0].gidMappings: needs uidMappings, too"},
		{"\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":" MAP
		 ",\"gidMappings\":[{\"containerID\":1,\"hostID\":1,\"size\":0}]}]",
		 "mounts[0].gidMappings[0].size: must be greater than zero"},
		{"\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":[{\"hostID\":1,\"size\":1}],"
		 "\"gidMappings\":" MAP "}]",
		 "mounts[0].uidMappings[0].containerID: required, but missing"},
		{"\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":[],\"gidMappings\":[]}]",
		 NULL},
	};

	CHECK_ROWS(top, rows);
}

/* H-02, H-03, H-05 */
static void hooks(void)
{
	static const struct row rows[] = {
		{"\"hooks\":{\"prestart\":[{\"path\":\"/h\"}]}", NULL},
		{"\"hooks\":{\"poststop\":[{\"path\":\"/h\",\"timeout\":1,\"args\":[]}]}", NULL},
		{"\"hooks\":{\"prestart\":[{\"path\":\"hook\"}]}",
		 "hooks.prestart[0].path: 'hook' is not absolute"},
		{"\"hooks\":{\"createRuntime\":[{\"path\":\"/h\"},{\"path\":\"\"}]}",
		 "hooks.createRuntime[1].path: '' is not absolute"},
		{"\"hooks\":{\"createContainer\":[{\"args\":[\"a\"]}]}",
		 "hooks.createContainer[0].path: required, but missing"},
		{"\"hooks\":{\"startContainer\":[{\"path\":\"/h\",\"timeout\":0}]}",
		 "hooks.startContainer[0].timeout: must be greater than zero"},
		{"\"hooks\":{\"poststart\":[{\"path\":\"/h\",\"timeout\":-1}]}",
		 "hooks.poststart[0].timeout: must be greater than zero"},
		{"\"hooks\":{\"poststop\":[{\"path\":\"h\"}]}",
		 "hooks.poststop[0].path: 'h' is not absolute"},
	};

	CHECK_ROWS(top, rows);
}

/* ---- process -------------------------------------------------------------------------- */

/* P-05, P-10 */
static void program(void)
{
	static const struct row rows[] = {
		{"\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]}", NULL},
		{"\"process\":{\"args\":[\"sh\"]}", "process.cwd: required, but missing"},
		{"\"process\":{\"cwd\":\"\",\"args\":[\"sh\"]}", "process.cwd: '' is not absolute"},
		{"\"process\":{\"cwd\":\"tmp\",\"args\":[\"sh\"]}",
		 "process.cwd: 'tmp' is not absolute"},
		{"\"process\":{\"cwd\":\"/\"}", "process.args: at least one is required"},
		{"\"process\":{\"cwd\":\"/\",\"args\":[]}",
		 "process.args: at least one is required"},
		{"\"process\":{\"cwd\":\"/\",\"args\":null}",
		 "process.args: at least one is required"},
		{"\"process\":null", NULL},
	};

	CHECK_ROWS(top, rows);
}

/* P-04, P-08, P-13, P-14, P-15, P-23, P-27, X-02 */
static void process_members(void)
{
	static const struct row rows[] = {
		{"\"env\":[\"A=\",\"B=c=d\"]", NULL},
		{"\"env\":[\"A=b\",\"C\"]", "process.env[1]: 'C' has no '='"},
		{"\"env\":[\"\"]", "process.env[0]: '' has no '='"},
		{"\"env\":[\"=x\"]", "process.env[0]: '=x' has an empty name"},
		{"\"user\":{}", NULL},
		{"\"user\":{\"uid\":4294967294,\"gid\":4294967294,\"additionalGids\":[0]}", NULL},
		{"\"user\":{\"uid\":4294967295}", "process.user.uid: 4294967295 is not an id"},
		{"\"user\":{\"gid\":4294967295}", "process.user.gid: 4294967295 is not an id"},
		{"\"user\":{\"additionalGids\":[1,4294967295]}",
		 "process.user.additionalGids[1]: 4294967295 is not an id"},
		{"\"user\":{\"umask\":511}", NULL},
		{"\"user\":{\"umask\":512}", "process.user.umask: 512 is more than 511 (0777)"},
		{"\"consoleSize\":{\"height\":0,\"width\":0}", NULL},
		{"\"consoleSize\":{\"height\":5}",
		 "process.consoleSize.width: required, but missing"},
		{"\"consoleSize\":{\"width\":5}",
		 "process.consoleSize.height: required, but missing"},
		{"\"oomScoreAdj\":-1000", NULL},
		{"\"oomScoreAdj\":1000", NULL},
		{"\"oomScoreAdj\":-1001", "process.oomScoreAdj: -1001 is not within -1000 to 1000"},
		{"\"oomScoreAdj\":1001", "process.oomScoreAdj: 1001 is not within -1000 to 1000"},
		{"\"capabilities\":{\"bounding\":[\"CAP_NO_SUCH\"]}", NULL},
		{"\"commandLine\":\"cmd\"", NULL},
	};

	CHECK_ROWS(process, rows);
}

#define LIMIT(type, hard, soft) "{\"type\":\"" type "\",\"hard\":" hard ",\"soft\":" soft "}"
/* P-30 to P-33, B-14 */
static void rlimits(void)
{
	static const struct row rows[] = {
		{"\"rlimits\":[" LIMIT("RLIMIT_NOFILE", "1024", "1024") "]", NULL},
		{"\"rlimits\":[" LIMIT("RLIMIT_AS", "18446744073709551615",
				       "0") "," LIMIT("RLIMIT_STACK", "1", "1") "]",
		 NULL},
		{"\"rlimits\":[" LIMIT("RLIMIT_RTTIME", "1", "1") "," LIMIT(
			 "RLIMIT_SIGPENDING", "1",
			 "1") "," LIMIT("RLIMIT_MSGQUEUE", "1",
					"1") "," LIMIT("RLIMIT_LOCKS", "1",
						       "1") "," LIMIT("RLIMIT_RSS", "1", "1") "]",
		 NULL},
		{"\"rlimits\":[" LIMIT("RLIMIT_TEST", "1", "1") "]",
		 "process.rlimits[0].type: unknown limit 'RLIMIT_TEST'"},
		{"\"rlimits\":[" LIMIT("rlimit_core", "1", "1") "]",
		 "process.rlimits[0].type: unknown limit 'rlimit_core'"},
		{"\"rlimits\":[" LIMIT("RLIMIT_CORE", "1", "1") "," LIMIT(
			 "RLIMIT_CPU", "1", "1") "," LIMIT("RLIMIT_CORE", "2", "2") "]",
		 "process.rlimits[2].type: 'RLIMIT_CORE' is given twice"},
		{"\"rlimits\":[" LIMIT("RLIMIT_CORE", "1", "2") "]",
		 "process.rlimits[0].soft: 2 is more than hard, 1"},
		{"\"rlimits\":[{\"hard\":1,\"soft\":1}]",
		 "process.rlimits[0].type: required, but missing"},
		{"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1}]",
		 "process.rlimits[0].hard: required, but missing"},
		{"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":1}]",
		 "process.rlimits[0].soft: required, but missing"},
	};

	CHECK_ROWS(process, rows);
}

/* ---- linux ------------------------------------------------------------------------------ */

/* N-01, N-02, N-03, N-08 */
static void namespaces(void)
{
	static const struct row rows[] = {
		{"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"mount\"},"
		 "{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"},{\"type\":\"time\"}]",
		 NULL},
		{"\"namespaces\":[{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"}]", NULL},
		{"\"namespaces\":[{}]", "linux.namespaces[0].type: required, but missing"},
		{"\"namespaces\":[{\"type\":\"net\"}]",
		 "linux.namespaces[0].type: unknown namespace 'net'"},
		{"\"namespaces\":[{\"type\":\"mnt\"}]",
		 "linux.namespaces[0].type: unknown namespace 'mnt'"},
		{"\"namespaces\":[{\"type\":\"PID\"}]",
		 "linux.namespaces[0].type: unknown namespace 'PID'"},
		{"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"pid\","
		 "\"path\":\"/p\"}]",
		 "linux.namespaces[2].type: 'pid' is given twice"},
		{"\"namespaces\":[{\"type\":\"network\",\"path\":\"ns/net\"}]",
		 "linux.namespaces[0].path: 'ns/net' is not absolute"},
	};

	CHECK_ROWS(linux_, rows);
}

#define USER         "\"namespaces\":[{\"type\":\"user\"}],"
#define JOIN         "\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/9/ns/user\"}],"
#define ONE(c, h, s) "[{\"containerID\":" c ",\"hostID\":" h ",\"size\":" s "}]"
/* N-18, N-19, N-21 */
static void id_mappings(void)
{
	static const struct row rows[] = {
		{USER "\"uidMappings\":" MAP ",\"gidMappings\":" MAP, NULL},
		{JOIN "\"uidMappings\":" MAP ",\"gidMappings\":" MAP, NULL},
		{JOIN "\"devices\":[]", NULL},
		{"\"uidMappings\":[],\"gidMappings\":[]", NULL},
		{"\"uidMappings\":" MAP ",\"gidMappings\":" MAP,
		 "linux.uidMappings: needs a user namespace"},
		{"\"gidMappings\":" MAP, "linux.gidMappings: needs a user namespace"},
		{USER "\"gidMappings\":" MAP,
		 "linux.uidMappings: required for a new user namespace, but missing"},
		{USER "\"uidMappings\":" MAP,
		 "linux.gidMappings: required for a new user namespace, but missing"},
		{USER "\"uidMappings\":[{\"hostID\":0,\"size\":1}],\"gidMappings\":" MAP,
		 "linux.uidMappings[0].containerID: required, but missing"},
		{USER "\"uidMappings\":[{\"containerID\":0,\"size\":1}],\"gidMappings\":" MAP,
		 "linux.uidMappings[0].hostID: required, but missing"},
		{USER "\"uidMappings\":" MAP ",\"gidMappings\":[{\"containerID\":0,\"hostID\":1}]",
		 "linux.gidMappings[0].size: required, but missing"},
		{USER "\"uidMappings\":" ONE("0", "0", "0") ",\"gidMappings\":" MAP,
		 "linux.uidMappings[0].size: must be greater than zero"},
		{USER "\"uidMappings\":" ONE("0", "0", "4294967295") ",\"gidMappings\":" MAP, NULL},
		{USER "\"uidMappings\":" ONE("1", "0", "4294967295") ",\"gidMappings\":" MAP,
		 "linux.uidMappings[0].size: from containerID on, the range leaves 32 bits"},
		{USER "\"uidMappings\":" ONE("0", "4294967294", "2") ",\"gidMappings\":" MAP,
		 "linux.uidMappings[0].size: from hostID on, the range leaves 32 bits"},
	};

	CHECK_ROWS(linux_, rows);
}

static void many_mappings(void)
{
	char maps[341 * 64] = "", text[sizeof(maps) + 256];
	struct oci_linux *l;
	struct oci_spec spec = {0};
	struct err err;

	for (int i = 0; i < 341; i++)
		sprintf(maps + strlen(maps), "%s{\"containerID\":%d,\"hostID\":%d,\"size\":1}",
			i ? "," : "", i, i);
	sprintf(text,
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{" USER
		"\"uidMappings\":[%s],\"gidMappings\":" MAP "}}",
		maps);
	CHECK_INT(oci_decode(&arena, &oci_spec_type, "f", text, strlen(text), &spec, &err), 0);
	CHECK(oci_validate(&spec, &err) < 0);
	CHECK_STR(err.text, "linux.uidMappings: 341 entries, the kernel takes 340");
	l = spec.linux_;
	l->uid_mappings.n = 340;
	CHECK_INT(oci_validate(&spec, &err), 0);
}

#define TIME "\"namespaces\":[{\"type\":\"time\"}],"
/* N-23, N-24, N-26 */
static void time_offsets(void)
{
	static const struct row rows[] = {
		{TIME "\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":999999999},"
		      "\"boottime\":{}}",
		 NULL},
		{"\"timeOffsets\":{}", NULL},
		{TIME "\"timeOffsets\":{\"realtime\":{\"secs\":1}}",
		 "linux.timeOffsets: unknown clock 'realtime'"},
		{TIME "\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}",
		 "linux.timeOffsets.boottime.nanosecs: 1000000000 is more than 999999999"},
		{"\"timeOffsets\":{\"boottime\":{\"secs\":1}}",
		 "linux.timeOffsets: needs a new time namespace"},
		{"\"namespaces\":[{\"type\":\"time\",\"path\":\"/p\"}],"
		 "\"timeOffsets\":{\"boottime\":{\"secs\":1}}",
		 "linux.timeOffsets: needs a new time namespace"},
	};

	CHECK_ROWS(linux_, rows);
}

#define DEV(x) "\"devices\":[{" x "}]"
/* D-03, D-04, D-07, D-08, D-10 */
static void devices(void)
{
	static const struct row rows[] = {
		{DEV("\"path\":\"/dev/a\",\"type\":\"c\",\"major\":0,\"minor\":0"), NULL},
		{DEV("\"path\":\"/srv/a\",\"type\":\"b\",\"major\":4095,\"minor\":1048575,"
		     "\"fileMode\":511"),
		 NULL},
		{DEV("\"path\":\"/dev/a\",\"type\":\"u\",\"major\":1,\"minor\":2"), NULL},
		{DEV("\"path\":\"/dev/a\",\"type\":\"p\""), NULL},
		{"\"devices\":[{\"path\":\"/a\",\"type\":\"c\",\"major\":1,\"minor\":3},"
		 "{\"path\":\"/b\",\"type\":\"c\",\"major\":1,\"minor\":3}]",
		 NULL},
		{DEV("\"path\":\"/dev/a\",\"major\":0,\"minor\":0"),
		 "linux.devices[0].type: required, but missing"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"x\""),
		 "linux.devices[0].type: 'x' is not c, b, u or p"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"\""),
		 "linux.devices[0].type: '' is not c, b, u or p"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"cb\""),
		 "linux.devices[0].type: 'cb' is not c, b, u or p"},
		{DEV("\"type\":\"p\""), "linux.devices[0].path: required, but missing"},
		{DEV("\"type\":\"p\",\"path\":\"dev/a\""),
		 "linux.devices[0].path: 'dev/a' is not absolute"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"c\",\"minor\":0"),
		 "linux.devices[0].major: required, but missing"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"b\",\"major\":0"),
		 "linux.devices[0].minor: required, but missing"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"c\",\"major\":-1,\"minor\":0"),
		 "linux.devices[0].major: -1 is not within 0 to 4095"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"c\",\"major\":4096,\"minor\":0"),
		 "linux.devices[0].major: 4096 is not within 0 to 4095"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"c\",\"major\":0,\"minor\":1048576"),
		 "linux.devices[0].minor: 1048576 is not within 0 to 1048575"},
		{DEV("\"path\":\"/dev/a\",\"type\":\"p\",\"fileMode\":512"),
		 "linux.devices[0].fileMode: 512 is more than 511 (0777)"},
		/* As Podman writes them: 020660, 060640, 010600; and of another type. */
		{DEV("\"path\":\"/dev/"
		     "a\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":8624"),
		 NULL},
		{DEV("\"path\":\"/dev/"
		     "a\",\"type\":\"u\",\"major\":1,\"minor\":3,\"fileMode\":8624"),
		 NULL},
		{DEV("\"path\":\"/dev/"
		     "a\",\"type\":\"b\",\"major\":1,\"minor\":3,\"fileMode\":24992"),
		 NULL},
		{DEV("\"path\":\"/dev/a\",\"type\":\"p\",\"fileMode\":4480"), NULL},
		{DEV("\"path\":\"/dev/a\",\"type\":\"p\",\"fileMode\":8624"),
		 "linux.devices[0].fileMode: 8624 is more than 511 (0777)"},
		{DEV("\"path\":\"/dev/"
		     "a\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":24992"),
		 "linux.devices[0].fileMode: 24992 is more than 511 (0777)"},
	};

	CHECK_ROWS(linux_, rows);
}

static void paths_and_propagation(void)
{
	static const struct row with_ns[] = {
		{"\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"]", NULL},
		{"\"maskedPaths\":[\"/a\",\"proc/kcore\"]",
		 "linux.maskedPaths[1]: 'proc/kcore' is not absolute"},
		{"\"readonlyPaths\":[\"\"]", "linux.readonlyPaths[0]: '' is not absolute"},
		{"\"rootfsPropagation\":\"shared\"", NULL},
		{"\"rootfsPropagation\":\"rslave\"", NULL},
		{"\"rootfsPropagation\":\"private\"", NULL},
		{"\"rootfsPropagation\":\"runbindable\"", NULL},
		{"\"rootfsPropagation\":\"\"", NULL},
		{"\"rootfsPropagation\":\"Shared\"",
		 "linux.rootfsPropagation: unknown propagation 'Shared'"},
		{"\"rootfsPropagation\":\"ro\"",
		 "linux.rootfsPropagation: unknown propagation 'ro'"},
	};
	static const struct row without[] = {
		{"\"maskedPaths\":[],\"readonlyPaths\":[]", NULL},
		{"\"maskedPaths\":[\"/a\"]", "linux.maskedPaths: needs a mount namespace"},
		{"\"readonlyPaths\":[\"/a\"]", "linux.readonlyPaths: needs a mount namespace"},
	};

	CHECK_ROWS(namespaced, with_ns);
	CHECK_ROWS(linux_, without);
}

#define SYSCTL(key) "\"sysctl\":{\"" key "\":\"1\"}"
static void sysctls(void)
{
	static const struct row with_ns[] = {
		{SYSCTL("net.ipv4.ip_forward"), NULL},
		{SYSCTL("net/ipv4/conf/eth0.1/rp_filter"), NULL},
		{SYSCTL("net.ipv4.conf.eth0/1.rp_filter"), NULL},
		{SYSCTL("kernel.shmmax"), NULL},
		{SYSCTL("kernel/msgmnb"), NULL},
		{SYSCTL("kernel.sem"), NULL},
		{SYSCTL("fs.mqueue.msg_max"), NULL},
		{SYSCTL("kernel.domainname"), NULL},
		{SYSCTL("vm.swappiness"),
		 "linux.sysctl: 'vm.swappiness' belongs to no namespace..."},
		{SYSCTL("kernel.core_pattern"),
		 "linux.sysctl: 'kernel.core_pattern' belongs to no namespace..."},
		{SYSCTL("fs.mqueues.x"), "linux.sysctl: 'fs.mqueues.x' belongs to no namespace..."},
		{SYSCTL("kernel.shm_rmid_forced"), NULL},
		{SYSCTL("kernel.shmmax.x"),
		 "linux.sysctl: 'kernel.shmmax.x' belongs to no namespace..."},
		{SYSCTL("kernel.msgmax2"),
		 "linux.sysctl: 'kernel.msgmax2' belongs to no namespace..."},
		{SYSCTL("network.x"), "linux.sysctl: 'network.x' belongs to no namespace..."},
		{SYSCTL("kernel.hostname"), "linux.sysctl: 'kernel.hostname' is set by hostname"},
		{SYSCTL("net/../kernel/core_pattern"),
		 "linux.sysctl: 'net/../kernel/core_pattern' is not a name"},
		{SYSCTL("net.//.kernel.core_pattern"),
		 "linux.sysctl: 'net.//.kernel.core_pattern' is not a name"},
		{SYSCTL("net/./x"), "linux.sysctl: 'net/./x' is not a name"},
		{SYSCTL("net..x"), "linux.sysctl: 'net..x' is not a name"},
		{SYSCTL("net."), "linux.sysctl: 'net.' is not a name"},
		{SYSCTL("/net/x"), "linux.sysctl: '/net/x' is not a name"},
		{SYSCTL(""), "linux.sysctl: '' is not a name"},
		{SYSCTL("user.max_user_namespaces"),
		 "linux.sysctl: 'user.max_user_namespaces' needs a user namespace"},
	};
	static const struct row without[] = {
		{SYSCTL("net.ipv4.ip_forward"),
		 "linux.sysctl: 'net.ipv4.ip_forward' needs a network namespace"},
		{SYSCTL("kernel.shmmax"), "linux.sysctl: 'kernel.shmmax' needs an ipc namespace"},
		{SYSCTL("fs.mqueue.msg_max"), "linux.sysctl: 'fs.mqueue.msg_max' needs an ipc..."},
		{SYSCTL("kernel.domainname"), "linux.sysctl: 'kernel.domainname' needs a uts..."},
		{USER "\"uidMappings\":" MAP ",\"gidMappings\":" MAP
		      "," SYSCTL("user.max_user_namespaces"),
		 NULL},
	};

	CHECK_ROWS(namespaced, with_ns);
	CHECK_ROWS(linux_, without);
}

/* L-10 */
static void mount_label(void)
{
	static const struct row rows[] = {
		{"\"netDevices\":{},\"mountLabel\":\"\"", NULL},
		{"\"mountLabel\":\"u:o:t:s0\"", NULL},
		{"\"mountLabel\":\"u:o:t\\\"s0\"",
		 "linux.mountLabel: 'u:o:t\"s0' has a quote or a newline"},
	};

	CHECK_ROWS(linux_, rows);
}

/* ---- seccomp ---------------------------------------------------------------------------- */

#define ALLOW   "\"defaultAction\":\"SCMP_ACT_ALLOW\","
#define RULE(x) ALLOW "\"syscalls\":[{" x "}]"
#define ARG(x)  RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[{" x "}]")
/* S-02 to S-04, S-06, S-08, S-09, S-11, S-14, S-17 to S-20 */
static void seccomp_rules(void)
{
	static const struct row rows[] = {
		{"\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"", NULL},
		{"\"architectures\":[]", "linux.seccomp.defaultAction: required, but missing"},
		{"\"defaultAction\":\"SCMP_ACT_DENY\"",
		 "linux.seccomp.defaultAction: unknown action 'SCMP_ACT_DENY'"},
		{"\"defaultAction\":\"SCMP_ACT_NOTIFY\"", NULL},
		{"\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"defaultErrnoRet\":1",
		 "linux.seccomp.defaultErrnoRet: 'SCMP_ACT_NOTIFY' takes none"},
		{"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4095", NULL},
		{"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096",
		 "linux.seccomp.defaultErrnoRet: 4096 is more than 4095"},
		{"\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":65535", NULL},
		{"\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":65536",
		 "linux.seccomp.defaultErrnoRet: 65536 is more than 65535"},
		{ALLOW "\"defaultErrnoRet\":1",
		 "linux.seccomp.defaultErrnoRet: 'SCMP_ACT_ALLOW' takes none"},
		{ALLOW "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_SHEB\"]", NULL},
		{ALLOW "\"architectures\":[\"SCMP_ARCH_X86_64\",\"x86\"]",
		 "linux.seccomp.architectures[1]: unknown architecture 'x86'"},
		{ALLOW "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\","
		       "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\","
		       "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]",
		 NULL},
		{ALLOW "\"flags\":[\"LOG\"]", "linux.seccomp.flags[0]: unknown flag 'LOG'"},
		{ALLOW "\"listenerPath\":\"/nowhere\"", NULL},
		{ALLOW "\"listenerPath\":\"/nowhere\",\"listenerMetadata\":\"x\"", NULL},
		{ALLOW "\"listenerMetadata\":\"x\"",
		 "linux.seccomp.listenerMetadata: needs a listenerPath"},
		{RULE("\"names\":[\"nosuchcall\"],\"action\":\"SCMP_ACT_ALLOW\""), NULL},
		{RULE("\"action\":\"SCMP_ACT_ALLOW\""),
		 "linux.seccomp.syscalls[0].names: at least one is required"},
		{RULE("\"names\":[],\"action\":\"SCMP_ACT_ALLOW\""),
		 "linux.seccomp.syscalls[0].names: at least one is required"},
		{RULE("\"names\":[\"a\",\"\"],\"action\":\"SCMP_ACT_ALLOW\""),
		 "linux.seccomp.syscalls[0].names[1]: empty"},
		{RULE("\"names\":[\"a\"]"),
		 "linux.seccomp.syscalls[0].action: required, but missing"},
		{RULE("\"names\":[\"a\"],\"action\":\"allow\""),
		 "linux.seccomp.syscalls[0].action: unknown action 'allow'"},
		{RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38"), NULL},
		{RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0"), NULL},
		{RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":5"), NULL},
		{RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1"),
		 "linux.seccomp.syscalls[0].errnoRet: 'SCMP_ACT_ALLOW' takes none"},
		{RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":0"),
		 "linux.seccomp.syscalls[0].errnoRet: 'SCMP_ACT_KILL' takes none"},
		{ARG("\"index\":5,\"value\":1,\"op\":\"SCMP_CMP_EQ\""), NULL},
		{ARG("\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\""),
		 "linux.seccomp.syscalls[0].args[0].index: 6 is more than 5"},
		{ARG("\"value\":1,\"op\":\"SCMP_CMP_EQ\""),
		 "linux.seccomp.syscalls[0].args[0].index: required, but missing"},
		{ARG("\"index\":0,\"op\":\"SCMP_CMP_EQ\""),
		 "linux.seccomp.syscalls[0].args[0].value: required, but missing"},
		{ARG("\"index\":0,\"value\":0"),
		 "linux.seccomp.syscalls[0].args[0].op: required, but missing"},
		{ARG("\"index\":0,\"value\":0,\"op\":\"EQ\""),
		 "linux.seccomp.syscalls[0].args[0].op: unknown operator 'EQ'"},
	};

	CHECK_ROWS(seccomp, rows);
}

/* S-14, S-20: all names of the spec. */
static void seccomp_names(void)
{
	static const char *const actions[] = {"KILL",  "KILL_PROCESS", "KILL_THREAD",
					      "TRAP",  "ERRNO",        "TRACE",
					      "ALLOW", "LOG",          "NOTIFY"};
	static const char *const operators[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct row row = {
			arena_printf(&arena, "\"defaultAction\":\"SCMP_ACT_%s\"", actions[i]),
			NULL};
		check(seccomp, &row, 1);
	}
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		struct row row = {
			arena_printf(&arena, ARG("\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_%s\""),
				     operators[i]),
			NULL};
		check(seccomp, &row, 1);
	}
}

/* ---- resources --------------------------------------------------------------------------- */

#define NO_V2 "cgroup v2 has no equivalent"
/* K-02 to K-04 */
static void device_rules(void)
{
	static const struct row rows[] = {
		{DEV("\"allow\":false,\"access\":\"rwm\""), NULL},
		{DEV("\"allow\":true,\"type\":\"a\",\"major\":-1,\"minor\":-1"), NULL},
		{DEV("\"allow\":true,\"type\":\"b\",\"major\":0,\"minor\":4294967295,"
		     "\"access\":\"m\""),
		 NULL},
		{DEV("\"allow\":true,\"type\":\"\""), NULL},
		{DEV("\"access\":\"rwm\""),
		 "linux.resources.devices[0].allow: required, but missing"},
		{DEV("\"allow\":true,\"type\":\"p\""),
		 "linux.resources.devices[0].type: 'p' is not a, c or b"},
		{DEV("\"allow\":true,\"type\":\"cc\""),
		 "linux.resources.devices[0].type: 'cc' is not a, c or b"},
		{DEV("\"allow\":true,\"access\":\"rwx\""),
		 "linux.resources.devices[0].access: 'rwx' is not made of r, w and m"},
		{DEV("\"allow\":true,\"access\":\"\""),
		 "linux.resources.devices[0].access: '' is not made of r, w and m"},
		{DEV("\"allow\":true,\"major\":-2"),
		 "linux.resources.devices[0].major: -2 is not a device number"},
		{DEV("\"allow\":true,\"minor\":4294967296"),
		 "linux.resources.devices[0].minor: 4294967296 is not a device number"},
	};

	CHECK_ROWS(resources, rows);
}

#define MEM(x) "\"memory\":{" x "}"
#define CPU(x) "\"cpu\":{" x "}"
/* V-09, V-13 */
static void memory_cpu_pids(void)
{
	static const struct row rows[] = {
		{MEM("\"limit\":-1,\"reservation\":-1,\"swap\":-1"), NULL},
		{MEM("\"limit\":100,\"swap\":100,\"reservation\":50,\"checkBeforeUpdate\":true"),
		 NULL},
		{MEM("\"limit\":-2"), "linux.resources.memory.limit: -2 is less than -1, no limit"},
		{MEM("\"reservation\":-2"), "linux.resources.memory.reservation: -2 is less..."},
		{MEM("\"swap\":-2"), "linux.resources.memory.swap: -2 is less..."},
		{MEM("\"limit\":100,\"swap\":99"),
		 "linux.resources.memory.swap: 99 is less than limit, 100; it is memory and swap "
		 "together"},
		{MEM("\"limit\":100,\"swap\":0"), NULL},
		{MEM("\"limit\":-1,\"swap\":99"), NULL},
		{MEM("\"swap\":99"), "linux.resources.memory.swap: needs a limit..."},
		{MEM("\"kernel\":1"), "linux.resources.memory.kernel: " NO_V2},
		{MEM("\"kernelTCP\":1"), "linux.resources.memory.kernelTCP: " NO_V2},
		{MEM("\"kernel\":-1,\"kernelTCP\":-1"), NULL},
		{MEM("\"kernel\":0,\"kernelTCP\":0"), NULL},
		{MEM("\"swappiness\":0"), "linux.resources.memory.swappiness: " NO_V2},
		{MEM("\"disableOOMKiller\":true"),
		 "linux.resources.memory.disableOOMKiller: " NO_V2},
		{MEM("\"disableOOMKiller\":false"), NULL},
		{MEM("\"useHierarchy\":true"), NULL},
		{MEM("\"useHierarchy\":false"), "linux.resources.memory.useHierarchy: " NO_V2},
		{CPU("\"shares\":1024,\"quota\":-1,\"period\":0,\"burst\":0,\"idle\":1"), NULL},
		{CPU("\"period\":1000"), NULL},
		{CPU("\"period\":1000000"), NULL},
		{CPU("\"period\":999"),
		 "linux.resources.cpu.period: 999 is not within 1000 to 1000000"},
		{CPU("\"period\":1000001"), "linux.resources.cpu.period: 1000001 is not within..."},
		{CPU("\"quota\":5000,\"burst\":5000"), NULL},
		{CPU("\"quota\":5000,\"burst\":5001"),
		 "linux.resources.cpu.burst: 5001 is more than quota, 5000"},
		{CPU("\"quota\":-1,\"burst\":5001"), NULL},
		{CPU("\"idle\":0"), NULL},
		{CPU("\"idle\":2"), "linux.resources.cpu.idle: 2 is not 0 or 1"},
		{CPU("\"idle\":-1"), "linux.resources.cpu.idle: -1 is not 0 or 1"},
		{CPU("\"cpus\":\"0-3,7\",\"mems\":\"0\""), NULL},
		{CPU("\"cpus\":\"\""), NULL},
		{CPU("\"cpus\":\"0-\""),
		 "linux.resources.cpu.cpus: '0-' is not a list like '0-3,7'"},
		{CPU("\"cpus\":\"0,\""), "linux.resources.cpu.cpus: '0,' is not..."},
		{CPU("\"mems\":\"a\""), "linux.resources.cpu.mems: 'a' is not a list like '0-3,7'"},
		{CPU("\"realtimeRuntime\":0,\"realtimePeriod\":0"), NULL},
		{CPU("\"realtimeRuntime\":1"), "linux.resources.cpu.realtimeRuntime: " NO_V2},
		{CPU("\"realtimePeriod\":1"), "linux.resources.cpu.realtimePeriod: " NO_V2},
		{"\"pids\":{}", NULL},
		{"\"pids\":{\"limit\":0}", NULL},
		{"\"pids\":{\"limit\":-1}", NULL},
		{"\"pids\":{\"limit\":-2}",
		 "linux.resources.pids.limit: -2 is less than -1, no limit"},
	};

	CHECK_ROWS(resources, rows);
}

#define IO(x) "\"blockIO\":{" x "}"
#define NUM   "\"major\":8,\"minor\":0"
/* K-26 to K-29, V-13 */
static void block_io(void)
{
	static const struct row rows[] = {
		{IO("\"weight\":10"), NULL},
		{IO("\"weight\":1000"), NULL},
		{IO("\"weight\":0"), NULL},
		{IO("\"weight\":9"), "linux.resources.blockIO.weight: 9 is not within 10 to 1000"},
		{IO("\"weight\":1001"),
		 "linux.resources.blockIO.weight: 1001 is not within 10 to 1000"},
		{IO("\"leafWeight\":300"), "linux.resources.blockIO.leafWeight: " NO_V2},
		{IO("\"weightDevice\":[{" NUM ",\"weight\":500}]"), NULL},
		{IO("\"weightDevice\":[{" NUM "}]"),
		 "linux.resources.blockIO.weightDevice[0]: weight or leafWeight is required"},
		{IO("\"weightDevice\":[{\"major\":8,\"weight\":500}]"),
		 "linux.resources.blockIO.weightDevice[0].minor: required, but missing"},
		{IO("\"weightDevice\":[{\"minor\":8,\"weight\":500}]"),
		 "linux.resources.blockIO.weightDevice[0].major: required, but missing"},
		{IO("\"weightDevice\":[{" NUM ",\"leafWeight\":500}]"),
		 "linux.resources.blockIO.weightDevice[0].leafWeight: " NO_V2},
		{IO("\"weightDevice\":[{" NUM ",\"weight\":5}]"),
		 "linux.resources.blockIO.weightDevice[0].weight: 5 is not within 10 to 1000"},
		{IO("\"throttleReadBpsDevice\":[{" NUM ",\"rate\":1}]"), NULL},
		{IO("\"throttleReadBpsDevice\":[{" NUM "}]"),
		 "linux.resources.blockIO.throttleReadBpsDevice[0].rate: required, but missing"},
		{IO("\"throttleWriteBpsDevice\":[{\"major\":8,\"rate\":1}]"),
		 "linux.resources.blockIO.throttleWriteBpsDevice[0].minor: required, but missing"},
		{IO("\"throttleReadIOPSDevice\":[{\"minor\":8,\"rate\":1}]"),
		 "linux.resources.blockIO.throttleReadIOPSDevice[0].major: required, but missing"},
		{IO("\"throttleWriteIOPSDevice\":[{\"major\":-1,\"minor\":8,\"rate\":1}]"),
		 "linux.resources.blockIO.throttleWriteIOPSDevice[0].major: -1 is not a device "
		 "number"},
	};

	CHECK_ROWS(resources, rows);
}

#define HUGE(size)   "\"hugepageLimits\":[{\"pageSize\":\"" size "\",\"limit\":1}]"
#define UNIFIED(key) "\"unified\":{\"" key "\":\"1\"}"
/* K-31, K-33, K-34, K-37, K-40, V-13 */
static void other_resources(void)
{
	static const struct row rows[] = {
		{HUGE("2MB"), NULL},
		{HUGE("64KB"), NULL},
		{HUGE("1GB"), NULL},
		{HUGE("64kB"), "linux.resources.hugepageLimits[0].pageSize: '64kB' is not a number "
			       "with KB, MB or GB"},
		{HUGE("0MB"), "linux.resources.hugepageLimits[0].pageSize: '0MB' is not..."},
		{HUGE("2M"), "linux.resources.hugepageLimits[0].pageSize: '2M' is not..."},
		{HUGE("MB"), "linux.resources.hugepageLimits[0].pageSize: 'MB' is not..."},
		{HUGE("2"), "linux.resources.hugepageLimits[0].pageSize: '2' is not..."},
		{HUGE("2MBx"), "linux.resources.hugepageLimits[0].pageSize: '2MBx' is not..."},
		{HUGE("../2MB"), "linux.resources.hugepageLimits[0].pageSize: '../2MB' is not..."},
		{"\"hugepageLimits\":[{\"limit\":1}]",
		 "linux.resources.hugepageLimits[0].pageSize: required, but missing"},
		{"\"hugepageLimits\":[{\"pageSize\":\"2MB\"}]",
		 "linux.resources.hugepageLimits[0].limit: required, but missing"},
		{"\"network\":{}", NULL},
		{"\"network\":{\"classID\":5}", "linux.resources.network.classID: " NO_V2},
		{"\"network\":{\"priorities\":[{\"name\":\"a\",\"priority\":1}]}",
		 "linux.resources.network.priorities: " NO_V2},
		{"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}", NULL},
		{"\"rdma\":{\"mlx5_1\":{\"hcaObjects\":0}}", NULL},
		{"\"rdma\":{\"mlx5_1\":{}}",
		 "linux.resources.rdma.mlx5_1: hcaHandles or hcaObjects is required"},
		{UNIFIED("memory.oom.group"), NULL},
		{UNIFIED("io.max"), NULL},
		{UNIFIED("../x.y"),
		 "linux.resources.unified: '../x.y' is not like 'controller.parameter'"},
		{UNIFIED("a/b.c"), "linux.resources.unified: 'a/b.c' is not like..."},
		{UNIFIED("memory"), "linux.resources.unified: 'memory' is not like..."},
		{UNIFIED(".max"), "linux.resources.unified: '.max' is not like..."},
		{UNIFIED("memory."), "linux.resources.unified: 'memory.' is not like..."},
		{UNIFIED(""), "linux.resources.unified: '' is not like..."},
	};

	CHECK_ROWS(resources, rows);
}

/* What `update` and `exec --process` use. */
static void parts(void)
{
	struct oci_resources res = {.memory = &(struct oci_memory){.swap = {true, 5}}};
	struct oci_process proc = {.cwd = "/"};
	struct err err;

	CHECK_INT(oci_validate_resources(&res, &err), 0); /* swap alone can be changed */
	res.memory->limit = (struct opt_i64){true, -2};
	CHECK_INT(oci_validate_resources(&res, &err), -EINVAL);
	CHECK_INT(oci_validate_process(&proc, &err), -EINVAL);
	CHECK_STR(err.text, "process.args: at least one is required");
}

static const struct unit_case cases[] = {
	{"B-06 B-07 B-08 R-01 R-02: version and root", version_and_root},
	{"I-03 I-04: host and domain name", names},
	{"A-02 B-11 B-19 W-01: other top-level members", other_top_level},
	{"M-03 M-04 M-16 M-17: mounts", mounts},
	{"H-02 H-05: hooks", hooks},
	{"P-05 P-10: cwd and args", program},
	{"P-04 P-08 P-13 P-27: process", process_members},
	{"P-30 P-31 P-33: rlimits", rlimits},
	{"N-02 N-03 N-08: namespaces", namespaces},
	{"N-19 N-21: id mappings", id_mappings},
	{"N-18: number of id mappings", many_mappings},
	{"N-23 N-24 N-26: time offsets", time_offsets},
	{"D-03 D-04 D-07 D-08: devices", devices},
	{"L-01 L-03 L-07 L-09: paths, propagation", paths_and_propagation},
	{"L-12 L-13: sysctl", sysctls},
	{"L-10: mount labels", mount_label},
	{"S-02 to S-04, S-06, S-08, S-09, S-11, S-14, S-17 to S-20: seccomp", seccomp_rules},
	{"S-14 S-20: names of seccomp", seccomp_names},
	{"K-02 K-04: device rules", device_rules},
	{"K-11 K-13 to K-16, K-20 K-21 K-23 K-25: memory, cpu, pids", memory_cpu_pids},
	{"K-26 to K-29: block I/O", block_io},
	{"K-31 K-37 K-40 V-13: other resources", other_resources},
	{"process and resources alone", parts},
};
UNIT_MAIN(cases)
