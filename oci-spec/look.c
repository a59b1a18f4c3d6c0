/* PURE: what is asked of a decoded spec in more than one place. */
#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"

const struct oci_namespace *oci_find_namespace(const struct oci_spec *spec, const char *type)
{
	const struct oci_linux *l = spec->linux_;

	for (size_t i = 0; l && i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type && streq(l->namespaces.v[i].type, type))
			return &l->namespaces.v[i];
	return NULL;
}

bool oci_strings_have(const struct oci_strings *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->v[i], text))
			return true;
	return false;
}

void oci_strings_add(struct arena *a, struct oci_strings *list, const char *text)
{
	*arena_push(a, &list->v, &list->n) = text;
	list->set = true;
}
