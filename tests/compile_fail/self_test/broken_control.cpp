// Wrong with and without PROCSPACE_CONTROL, as if a header had stopped to compile: no proof of anything.
static_assert(false, "the wanted message");
