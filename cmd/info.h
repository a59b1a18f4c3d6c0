/* info.h - the state of a container as state and list print it. */
#ifndef HULL_CMD_INFO_H
#define HULL_CMD_INFO_H

#include "libcontainer/container.h"
#include "oci-spec/jsonw.h"

/* Writes the state object: the spec's members, and rootfs, created and owner as runc has them. */
void info_json(struct json_writer *w, const struct container_info *info, const char *owner);
/* The name of a user by /etc/passwd (PASSWD, its text, may be NULL), or "#1000". In A. */
const char *info_user_name(struct arena *a, const char *passwd, uid_t uid);

#endif
