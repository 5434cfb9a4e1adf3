// Nothing here is wrong, so the check must complain.
static_assert(true, "the wanted message");
