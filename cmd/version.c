/* PURE: what --version prints. */
#include "cmd/command.h"
#include "cmd/commit.h" /* generated: HULL_COMMIT, "" when it is not known */

/* Docker takes every line with the word "version": only the first may have it. */
const char *cli_version_text(struct arena *a)
{
	struct container_features f;
	struct cli_text t = {.arena = a};

	container_features(a, &f);
	cli_text_add(&t, "hull version %s\n", PACKAGE_VERSION);
	if (HULL_COMMIT[0])
		cli_text_add(&t, "commit: %s\n", HULL_COMMIT);
	cli_text_add(&t, "spec: %s\nlibseccomp: %s\n", OCI_VERSION, f.libseccomp_version);
	return t.buf;
}
