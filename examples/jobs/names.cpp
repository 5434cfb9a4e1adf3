#include "names.hpp"

#include <charconv>
#include <iterator>
#include <system_error>

namespace jobs {

using procspace::Errno;

namespace {

struct Named {
    int number;
    const char* name;
};
constexpr Named signals[] = {{1, "HUP"},   {2, "INT"},   {3, "QUIT"},  {6, "ABRT"},  {9, "KILL"},  {10, "USR1"},
                             {12, "USR2"}, {13, "PIPE"}, {14, "ALRM"}, {15, "TERM"}, {17, "CHLD"}, {18, "CONT"},
                             {19, "STOP"}, {20, "TSTP"}, {21, "TTIN"}, {22, "TTOU"}, {28, "WINCH"}};
constexpr Named errors[] = {{1, "EPERM"},   {3, "ESRCH"},   {5, "EIO"},     {10, "ECHILD"}, {11, "EAGAIN"},
                            {12, "ENOMEM"}, {13, "EACCES"}, {22, "EINVAL"}, {25, "ENOTTY"}};

} // namespace

std::string signal_name(int signal) {
    for (const Named& one : signals)
        if (one.number == signal)
            return std::string("SIG") + one.name;
    return "signal " + std::to_string(signal);
}

std::optional<int> signal_number(const std::string& text) {
    const std::string name = text.starts_with("SIG") ? text.substr(3) : text;
    for (const Named& one : signals)
        if (name == one.name)
            return one.number;
    return number_in(text);
}

std::string all_signals() {
    std::string all;
    for (const Named& one : signals)
        all += (all.empty() ? "" : ", ") + signal_name(one.number) + " " + std::to_string(one.number);
    return all;
}

std::string error_name(Errno error) {
    for (const Named& one : errors)
        if (one.number == static_cast<int>(error))
            return one.name;
    return "error " + std::to_string(static_cast<int>(error));
}

std::string error_text(Errno error) {
    return std::generic_category().message(static_cast<int>(error));
}

std::optional<int> number_in(const std::string& text) {
    int number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number < 0)
        return std::nullopt;
    return number;
}

} // namespace jobs
