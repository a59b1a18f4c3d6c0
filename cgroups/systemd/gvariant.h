/*
 * gvariant.h - the text format of GVariant, as far as properties of units need it (private to
 * cgroups/systemd/).
 *
 *	15   uint64 10000000   true   'text'   ['a.service', 'b.service']   @as []   [('/dev/x',
 *uint64 1)]
 *
 * A number without a type is an int32, as in GLib. All elements of an array have the type of the
 * first one. There are no maybes and no dictionaries: no property is one.
 *
 * Source: GLib's "GVariant Text Format".
 */
#ifndef HULL_SYSTEMD_GVARIANT_H
#define HULL_SYSTEMD_GVARIANT_H

#include "cgroups/systemd/wire.h"

/* TEXT as one value. FIELD begins the error. */
int gvariant_parse(struct arena *a, const char *field, const char *text, struct wire_value *ret,
		   struct err *err) must_check;

#endif
