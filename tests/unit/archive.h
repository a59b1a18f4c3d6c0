/* TEST: what the tests of archives and of trees have alike: a directory to work in, archives in
 * memory. */
#ifndef HULL_UNIT_ARCHIVE_H
#define HULL_UNIT_ARCHIVE_H

#include "libcontainer/checkpoint/tree.h"
#include "tests/unit/unit.h"

void in_directory(void); /* an empty one: each case is a process of its own */
void done(void);         /* removes it */
void shell(const char *command);
int directory(const char *name); /* a descriptor of it */
int new_file(void);
void finish(int fd); /* the end of an archive, and back to its beginning */
struct tar_reader reader(int fd);

#endif
