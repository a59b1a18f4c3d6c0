/* PURE: the JSON in an archive. */
#include <string.h>

#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/archive.h"
#include "oci-spec/field.h"
#include "oci-spec/oci.h"

/* clang-format off */
static const struct oci_field archive_config_fields[] = {
	FIELD_STRING(archive_config, id,                "id"),
	FIELD_STRING(archive_config, name,              "name"),
	FIELD_STRING(archive_config, rootfs_image_id,   "rootfsImageID"),
	FIELD_STRING(archive_config, rootfs_image_name, "rootfsImageName"),
	FIELD_STRING(archive_config, runtime,           "runtime"),
	FIELD_STRING(archive_config, created,           "createdTime"),
	FIELD_STRING(archive_config, checkpointed,      "checkpointedTime"),
};
OCI_TYPE(archive_config, archive_config_fields);

/* An array; the tables know objects: it is read and written as the member of one. */
struct archive_list {
	struct oci_strings v;
};
static const struct oci_field archive_list_fields[] = {
	FIELD_STRINGS(archive_list, v, "v"),
};
static OCI_TYPE(archive_list, archive_list_fields);
/* clang-format on */
#define BEGIN "{\"v\":"
#define END   "}"

const char *archive_list_encode(struct arena *a, const struct oci_strings *list)
{
	const struct archive_list object = {.v = *list};
	const char *text = oci_encode(a, &archive_list_type, &object, "");

	return arena_strndup(a, text + strlen(BEGIN), strlen(text) - strlen(BEGIN) - strlen(END));
}

int archive_list_decode(struct arena *a, const char *text, struct oci_strings *ret, struct err *err)
{
	struct archive_list object = {0};
	const char *whole = arena_printf(a, BEGIN "%s" END, text);
	int r = oci_decode(a, &archive_list_type, ARCHIVE_DELETED, whole, strlen(whole), &object,
			   err);

	if (r == 0)
		*ret = object.v;
	return r;
}

const char *archive_devshm(const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct oci_mount *m = &spec->mounts.v[i];

		if (streq(m->destination, "/dev/shm") && given(m->type) && streq(m->type, "bind"))
			return given(m->source) && m->source[0] == '/' ? m->source : NULL;
	}
	return NULL;
}
