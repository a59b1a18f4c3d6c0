/* BOTH SIDES: time. */
#include "clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Civil date of a count of days since 1970-01-01, by eras of 400 years that begin in March, so that
 * the leap day is the last of a year. */
char *clock_format(char buf[CLOCK_TEXT_SIZE], long long seconds, long nanoseconds)
{
	long long days = seconds / 86400 - (seconds % 86400 < 0);
	int second = (int)(seconds - days * 86400);
	long long shifted = days + 719468, era = shifted / 146097 - (shifted % 146097 < 0);
	int day_of_era = (int)(shifted - era * 146097);
	int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int from_march = (5 * day_of_year + 2) / 153;
	int day = day_of_year - (153 * from_march + 2) / 5 + 1;
	int month = from_march < 10 ? from_march + 3 : from_march - 9;
	long long year = year_of_era + era * 400 + (month <= 2);

	snprintf(buf, CLOCK_TEXT_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d.%09ldZ", year, month, day,
		 second / 3600, second / 60 % 60, second % 60, nanoseconds);
	return buf;
}

char *clock_rfc3339(char buf[CLOCK_TEXT_SIZE])
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return clock_format(buf, ts.tv_sec, ts.tv_nsec);
}
