// Refused, but not for what the test is about.
#ifndef PROCSPACE_CONTROL
static_assert(false, "something else");
#endif
