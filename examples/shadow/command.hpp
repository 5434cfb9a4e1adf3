/// Starts the command under ptrace.
#pragma once

#include <string>
#include <sys/types.h>

namespace shadow {

class Command {
public:
    /// Forks a process that waits for start(). `argv` ends with a null.
    explicit Command(char* const* argv);
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    pid_t pid() const { return pid_; }
    /// Seizes it. Empty when that worked; else a sentence that says why not and what to do, and the process is gone.
    std::string seize();
    /// Lets it exec; it does so once the tracer lets it run.
    void start();
    /// After the end: the errno of the exec that failed, 0 if one succeeded.
    int exec_error() const;

private:
    pid_t pid_ = -1;
    int go_ = -1;      ///< written to: the command may begin
    int failure_ = -1; ///< read from: why it could not
};

} // namespace shadow
