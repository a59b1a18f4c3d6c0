/* bits.h - sets of small numbers (CPUs, memory nodes) as the kernel takes them. */
#ifndef HULL_BITS_H
#define HULL_BITS_H

#include <stddef.h>

#define BITS_PER_WORD (8 * sizeof(unsigned long))

/* The most the kernel can be built for: NR_CPUS on x86, 1 << NODES_SHIFT. */
#define BITS_CPUS  8192
#define BITS_NODES 1024

/*
 * "0-3,7" into BITS, of N_BITS bits (a multiple of BITS_PER_WORD); only checked when BITS is
 * NULL. Blanks around and empty elements are allowed, as the spec's schema allows them, but at
 * least one number is needed. 0, -EINVAL (no such list, or a range that falls) or -ERANGE (a number
 * that is too large).
 */
int bits_parse(const char *list, unsigned long *bits, size_t n_bits);

#endif
