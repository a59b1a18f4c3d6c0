/* RUNTIME: the program. */
#include <stdio.h>

int main(void)
{
	puts("hull");
	return 1;
}
