/* PURE: what --version prints. */
#include "cmd/command.h"
#include "libcontainer/base/str.h"
#include "cmd/commit.h" /* generated: HULL_COMMIT, "" when it is not known */

/* Docker takes every line with the word "version": only the first may have it. Who looks for
 * "runc version " has made hull the host's runc. */
const char *cli_version_text(struct arena *a, const char *called)
{
	const char *slash = strrchr(called, '/'), *name = slash ? slash + 1 : called;
	struct container_features f;
	struct cli_text t = {.arena = a};

	container_features(a, &f);
	cli_text_add(&t, "%s version %s\n", streq(name, "runc") ? name : "hull", PACKAGE_VERSION);
	if (HULL_COMMIT[0])
		cli_text_add(&t, "commit: %s\n", HULL_COMMIT);
	cli_text_add(&t, "spec: %s\nlibseccomp: %s\n", OCI_VERSION, f.libseccomp_version);
	cli_text_add(&t, "+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +YAJL\n"); /* as crun's */
	return t.buf;
}
