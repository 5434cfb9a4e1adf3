// Refused for the one reason that the test names.
#ifndef PROCSPACE_CONTROL
static_assert(false, "the wanted message");
#endif
