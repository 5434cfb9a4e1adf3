// Read by check_table.cmake, never compiled.
TEST_CASE("Seed 000: first", "[parity][seed:000-1]") {}
// TEMPLATE_TEST_CASE("Seed 000: second",
//  "[parity][seed:000-2]", int, long) {
}
