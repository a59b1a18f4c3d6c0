/* PURE: the state of a container in words. */
#include "cmd/info.h"

#include <stdio.h>
#include <string.h>

#include "libcontainer/base/str.h"

void info_json(struct json_writer *w, const struct container_info *info, const char *owner)
{
	/* clang-format off */
	const struct {
		const char *key, *value;
	} tail[] = {
		{"status", container_status_name(info->status)},
		{"bundle", info->bundle},
		{"rootfs", info->rootfs},
		{"created", info->created},
	};
	/* clang-format on */

	json_object_begin(w);
	json_key(w, "ociVersion");
	json_string(w, OCI_VERSION);
	json_key(w, "id");
	json_string(w, info->id);
	json_key(w, "pid");
	json_int(w, info->pid);
	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++) {
		json_key(w, tail[i].key);
		json_string(w, tail[i].value ? tail[i].value : "");
	}
	if (info->annotations.n) {
		json_key(w, "annotations");
		json_object_begin(w);
		for (size_t i = 0; i < info->annotations.n; i++) {
			json_key(w, info->annotations.v[i].key);
			json_string(w, info->annotations.v[i].value);
		}
		json_object_end(w);
	}
	json_key(w, "owner");
	json_string(w, owner);
	json_object_end(w);
}

/* A line is name:password:uid:...; glibc's own reader would load modules. */
const char *info_user_name(struct arena *a, const char *passwd, uid_t uid)
{
	char want[16];
	int len = snprintf(want, sizeof(want), ":%u:", uid);

	for (const char *line = passwd; line && *line; line += *line == '\n') {
		size_t end = strcspn(line, "\n"), name = strcspn(line, ":\n");
		const char *password = line + name;

		if (*password == ':') {
			const char *id = password + 1 + strcspn(password + 1, ":\n");

			if (name && strncmp(id, want, (size_t)len) == 0)
				return arena_strndup(a, line, name);
		}
		line += end;
	}
	return arena_printf(a, "#%u", uid);
}
