// Read by check_table.cmake, never compiled.
TEST_CASE("Seed 000: first", "[parity][seed:000-1]") {}
