/* PURE: numbers of cgroup v1 in the scale of v2. */
#include "cgroups/cgroup.h"

/*
 * The program does not link libm (the formula below would be its only user), so two short series
 * stand in for log2 and pow. They are exact to about 1e-12 over the range of the arguments, and the
 * unit test holds all results against libm.
 */
#define LN2  0.69314718055994530942
#define LN10 2.30258509299404568402

/* x >= 1 */
static double log2_of(double x)
{
	double z, z2, term, sum = 0;
	int exponent = 0;

	for (; x >= 2; x /= 2)
		exponent++;
	z = (x - 1) / (x + 1); /* ln x = 2 artanh z, z <= 1/3 */
	z2 = z * z;
	term = z;
	for (int k = 1; k < 60; k += 2, term *= z2)
		sum += term / k;
	return exponent + 2 * sum / LN2;
}

/* x >= 0 */
static double power_of_10(double x)
{
	double y = x * LN10, term = 1, sum = 1;
	int halvings = (int)(y / LN2);

	y -= halvings * LN2;
	for (int k = 1; k < 30; k++) {
		term *= y / k;
		sum += term;
	}
	return sum * (double)(1ULL << halvings);
}

/*
 * V-01: a curve through (2, 1), (1024, 100) and (262144, 10000), so that the default of v1 is the
 * default of v2: weight = ceil(10 ^ ((l^2 + 125 l) / 612 - 7/34)) with l = log2(shares).
 */
uint64_t cgroup_shares_to_weight(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares == 0) /* unset */
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of((double)shares);
	weight = power_of_10((l * l + 125 * l) / 612 - 7.0 / 34);
	whole = (uint64_t)weight;
	/* 1024 is 100 and not 100.00000000000004 (V-03) */
	return weight - (double)whole > 1e-9 ? whole + 1 : whole;
}

/* V-14: 10..1000 onto 1..10000; the default 100 becomes 910 as in the other runtimes. */
uint64_t cgroup_blkio_to_io_weight(uint64_t weight)
{
	if (weight == 0) /* unset */
		return 0;
	if (weight <= 10)
		return 1;
	if (weight >= 1000)
		return 10000;
	return 1 + (weight - 10) * 9999 / 990;
}
