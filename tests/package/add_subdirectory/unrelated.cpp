// A part of the consumer that does not use procspace keeps the project's own standard.
static_assert(__cplusplus == 201703L, "the library changed the standard of what does not link it");
