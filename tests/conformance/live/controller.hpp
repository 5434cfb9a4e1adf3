#pragma once
// The real side of a run: processes in a pid namespace of their own, each thread an agent, and the outside world.

#include "channel.hpp"
#include "kernel_state.hpp"

#include "../trace.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <vector>

namespace conformance::live {

/// The kernel, or who set its limits, does not let us make such processes.
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};
/// The processes did not come to rest in time: no statement about the library.
struct Restless : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The descriptors of the program, closed with their owner.
class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    [[nodiscard]] int get() const { return number_; }
    int release();

private:
    int number_;
};

/// A pseudo terminal.
struct TerminalPair {
    Descriptor master;
    Descriptor slave;
    unsigned long device = 0; ///< as /proc numbers it
};

/// Kills init, and with it everybody.
class Init {
public:
    Init() = default;
    Init(const Init&) = delete;
    Init& operator=(const Init&) = delete;
    ~Init();

    pid_t pid = -1;
};

class Controller {
public:
    /// Starts init, in a session of its own or, `raw`, in one outside. **Throws** Refused.
    explicit Controller(bool raw);
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    [[nodiscard]] const States& states() const { return states_; }
    /// Does the operation (its number, thread, name and arguments), lets everybody react until nothing happens any more
    /// and fills in the rest of it. **Throws** Restless.
    void run(Operation& operation);

private:
    /// What a thread was told and has not returned from.
    struct Call {
        int operation;
        std::uint32_t tid;
        std::uint32_t pid;
        std::string name;
    };

    void start(bool raw);
    [[noreturn]] void become_init(bool raw);
    void ask(const Operation& operation);
    [[nodiscard]] std::string do_from_outside(const Operation& operation);
    void type_key(int terminal, int code);
    [[nodiscard]] Snapshot wait_for_rest() const;
    void take_returns(const Snapshot& now, Operation& operation);
    [[nodiscard]] std::string answer_of(const Call& call) const;
    void take_states(const Snapshot& now, Operation& operation);
    void take_signals(const Snapshot& now, Operation& operation);

    TerminalPair terminals_[2];
    unsigned long devices_[2]{};
    Descriptor memory_;
    struct Unmap {
        void operator()(Shared* shared) const;
    };
    std::unique_ptr<Shared, Unmap> shared_;
    Init init_;
    Descriptor proc_;
    std::optional<KernelState> kernel_;
    States states_;
    std::vector<Call> calls_;
    Signals shown_pending_;     ///< of the stopped
    std::uint32_t highest_ = 1; ///< number that somebody had
};

/// Makes this program the init of a pid namespace of its own, in a child whose status the calling process takes on: all
/// that a run leaves behind dies with it. Returns in the child. Without privilege it tries a user namespace, and
/// returns false: there are no other users then. **Throws** Refused.
[[nodiscard]] bool enter_namespace();

} // namespace conformance::live
