volatile int source = 1;
int at_start = source;
