/* RUNTIME: what the tables know, for `hull features`. */
#include <stdlib.h>
#include <string.h>

#include "libcontainer/container.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/plan/plan.h"
#include "oci-spec/consts.h"
#include "seccomp/filter.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *const *mount_option_names(struct arena *a)
{
	const char **names = arena_array(a, const char *, n_mount_options + 1);
	size_t n = 0;

	for (size_t i = 0; i < n_mount_options; i++)
		names[n++] = mount_options[i].name;
	qsort(names, n, sizeof(*names), by_name);
	return names;
}

/* F-21: what is refused changes whether the container is made at all. */
static const char *const *unsafe_annotations(struct arena *a)
{
	const char **names = arena_array(a, const char *, n_annotations + 1);
	size_t n = 0;

	for (size_t i = 0; i < n_annotations; i++)
		if (annotation_table[i].kind != ANNOTATION_FOREIGN)
			names[n++] = annotation_table[i].name;
	qsort(names, n, sizeof(*names), by_name);
	return names;
}

const struct container_annotation *container_annotations(struct arena *a)
{
	struct container_annotation *list =
		arena_array(a, struct container_annotation, n_annotations + 1);
	size_t n = 0;

	for (size_t i = 0; i < n_annotations; i++) {
		const struct annotation *row = &annotation_table[i];

		if (row->kind != ANNOTATION_FOREIGN)
			list[n++] = (struct container_annotation){row->name, row->help,
								  row->kind == ANNOTATION_REFUSED};
	}
	return list;
}

static const char *const *const_names(struct arena *a, const struct oci_const *table)
{
	const char **names;
	size_t n = 0;

	while (table[n].name)
		n++;
	names = arena_array(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		names[i] = table[i].name;
	return names;
}

void container_features(struct arena *a, struct container_features *ret)
{
	const char **caps = arena_array(a, const char *, n_cap_names + 1);

	memcpy(caps, cap_names, sizeof(*caps) * n_cap_names);
	*ret = (struct container_features){
		.mount_options = mount_option_names(a),
		.capabilities = caps,
		.seccomp_actions = filter_action_names,
		.seccomp_operators = filter_operator_names,
		.seccomp_archs = filter_arch_names,
		.seccomp_known_flags = filter_flag_names,
		.memory_modes = const_names(a, oci_memory_modes),
		.memory_flags = const_names(a, oci_memory_flags),
		.seccomp_supported_flags = filter_supported_flags(a),
		.libseccomp_version = filter_library_version(),
		.unsafe_annotations = unsafe_annotations(a),
	};
}
