// replay TRACE...: does on the library what the recorded processes did, and compares every result, the whole state and
// every delivered signal with what the kernel made of it. See README.md of this folder.

#include "player.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <string>

namespace {

std::string read_file(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf()))
        throw std::runtime_error("cannot be read");
    return text.str();
}

} // namespace

int main(int argc, char** argv) {
    using namespace conformance;
    if (argc < 2) {
        std::fputs("usage: replay TRACE...\n", stderr);
        return 2;
    }
    int passed = 0, failed = 0, skipped = 0;
    bool malformed = false;
    for (int i = 1; i < argc; ++i) {
        try {
            const Trace trace = parse_trace(read_file(argv[i]));
            const Verdict verdict = play(trace);
            std::printf("%s\n", verdict.line.c_str());
            passed += verdict.kind == Verdict::Kind::pass;
            failed += verdict.kind == Verdict::Kind::fail;
            skipped += verdict.kind == Verdict::Kind::skip;
        } catch (const Malformed& error) {
            std::fprintf(stderr, "%s:%zu: %s\n", argv[i], error.line, error.what());
            malformed = true;
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s: %s\n", argv[i], error.what());
            malformed = true;
        }
    }
    std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return malformed ? 2 : failed != 0 ? 1 : 0;
}
