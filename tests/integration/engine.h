/* engine.h - verbs of the probe that stand in for container engines; see engine.c. */
#ifndef HULL_ENGINE_H
#define HULL_ENGINE_H

int verb_packets(int argc, char **argv);
int verb_parent(int argc, char **argv);
int verb_mortal(int argc, char **argv);
int verb_setkey(int argc, char **argv);

#endif
