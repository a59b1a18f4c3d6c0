/* attacker.h - verbs of the probe that attack; see attacker.c. */
#ifndef HULL_ATTACKER_H
#define HULL_ATTACKER_H

#include <stdbool.h>

int verb_exchange(int argc, char **argv);
int verb_spy(int argc, char **argv);
int verb_tree(int argc, char **argv);
int verb_keyring(int argc, char **argv);
int verb_reopen(int argc, char **argv);

#endif
