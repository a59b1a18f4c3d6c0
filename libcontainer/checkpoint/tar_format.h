/* tar_format.h - tar's header block, for the two files that read and write it. */
#ifndef HULL_CHECKPOINT_TAR_FORMAT_H
#define HULL_CHECKPOINT_TAR_FORMAT_H

#include "libcontainer/checkpoint/tar.h"

#define TAR_NAME     100             /* bytes of a name; NUL-terminated only when shorter */
#define TAR_MAX_ID   07777777u       /* seven octal digits */
#define TAR_MAX_SIZE 077777777777ull /* eleven */
#define TAR_XATTR    "SCHILY.xattr."

struct tar_header {
	char name[TAR_NAME];
	char mode[8], uid[8], gid[8];
	char size[12], mtime[12];
	char sum[8];
	char type;
	char link[TAR_NAME];
	char magic[8]; /* "ustar", NUL, "00"; GNU: "ustar  " */
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char rest[12];
};
_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is a block");

#endif
