#pragma once
// ProcessBuilder: makes a process and publishes it in its tree.

#include "../fwd.hpp"
#include "../core/any_data.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "process.hpp"
#include "process_exit.hpp"
#include "process_jobs.hpp"
#include "topology.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace procspace {

/// Makes one process: see Process::fork and ProcessTree::new_init. Everything is allocated before the lock is taken,
/// and one critical section publishes it: group and session are inherited as they are then.
///
/// **Thread safety**: a value of one thread.
template <class Traits>
class BasicProcessBuilder {
    using Memory = typename Traits::Memory;
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;
    using Group = BasicProcessGroup<Traits>;
    using Session = BasicSession<Traits>;
    using Data = typename Traits::ProcessData;
    using Built = Result<std::shared_ptr<Process>>;

public:
    /// For Process::fork.
    BasicProcessBuilder(BuilderKey, Topology& topology, std::shared_ptr<Process> parent, Pid pid) noexcept
        : topology_(&topology), parent_(std::move(parent)), pid_(pid) {}

    /// Gives the process its data; the last one counts. Out of memory is reported by build().
    /// **Complexity**: one allocation for AnyData, none for a data type of the traits' own.
    template <class V>
    [[nodiscard]] BasicProcessBuilder data(V&& value) && {
        error_ = store_data<Memory>(data_, std::forward<V>(value));
        return std::move(*this);
    }

    /// Makes the process. **Panics** on the errors of try_build(), but for out of memory, which is std::bad_alloc where
    /// exceptions exist.
    std::shared_ptr<Process> build() {
        auto built = try_build();
        if (!built)
            refuse_build<Traits>(built.error, Location::current());
        return std::move(built.value);
    }

    /// Makes the process. On an error the builder keeps its data, and may try again.
    /// **Errors**: no_process (the parent has exited, or its group exit has begun); exists (the number is in use as
    /// pid, tid, pgid or sid); invalid (a child with the number 0); no_memory. **Panics** for a second init.
    /// **Complexity**: four allocations, six for init.
    [[nodiscard]] Built try_build() {
        if (error_ != Errno::ok)
            return error_;
        return is_init_ ? build_init() : build_child();
    }

private:
    template <class>
    friend class BasicProcessTree;

    /// For ProcessTree::new_init.
    BasicProcessBuilder(Topology& topology, Pid pid) noexcept : topology_(&topology), pid_(pid), is_init_(true) {}

    /// What a new process needs to be linked. Empty nodes when there was no memory.
    struct Parts {
        std::shared_ptr<Process> process;
        typename Group::Members::Node member;
        typename Topology::NumberNode number;

        [[nodiscard]] bool complete() const noexcept { return process && member && number; }
    };

    // Each step only if the one before had memory; the caller asks once, at the end.
    Parts allocate() {
        Parts parts;
        parts.process = try_make_shared<Process, Memory>(BuilderKey(), *topology_, pid_, is_init_);
        if (parts.process)
            parts.member = Group::Members::try_make_node(pid_, parts.process);
        if (parts.member)
            parts.number = Topology::Numbers::try_make_node(pid_, {});
        return parts;
    }

    Built build_child() {
        using Children = typename Process::Children;
        if (pid_ == 0) // stands for "no process" wherever a number is asked for
            return Errno::invalid;
        if (parent_ == nullptr)
            return Errno::no_process;
        Parts parts = allocate();
        auto child = parts.complete() ? Children::try_make_node(pid_, parts.process) : typename Children::Node{};
        if (!child)
            return Errno::no_memory;

        parts.process->data_ = std::move(data_); // before anybody can see the process
        if (const Errno refusal = publish(parts, std::move(child)); refusal != Errno::ok) {
            data_ = std::move(parts.process->data_);
            return refusal;
        }
        return Built(std::move(parts.process));
    }

    /// The critical section: checks, then links. Nothing in it fails half-way, and parts that were not linked die in
    /// the caller, after it.
    Errno publish(Parts& parts, typename Process::Children::Node&& child) {
        typename Topology::Guard guard(topology_->lock());
        if (!parent_->living() || parent_->threads_.exited())
            return Errno::no_process;
        if (topology_->roles(pid_) != nullptr)
            return Errno::exists;
        Process& process = *parts.process;
        topology_->reserve(std::move(parts.number)).process = &process;
        process.join(parent_->group_->anchor_, std::move(parts.member));
        process.place_ = parent_->children_.link(std::move(child));
        process.set_parent(parent_.get());
        return Errno::ok;
    }

    Built build_init() {
        using Groups = typename Session::Groups;
        Parts parts = allocate();
        auto session = parts.complete() ? try_make_shared<Session, Memory>(BuilderKey(), *topology_, pid_) : nullptr;
        auto group = session ? try_make_shared<Group, Memory>(BuilderKey(), *topology_, pid_, session) : nullptr;
        auto entry = group ? Groups::try_make_node(pid_, group) : typename Groups::Node{};
        if (!entry)
            return Errno::no_memory;

        parts.process->data_ = std::move(data_);
        bool first = false;
        { // the panic comes after the lock: a test's panic throws, and others must find the tree open
            typename Topology::Guard guard(topology_->lock());
            first = topology_->init_ == nullptr;
            if (first) {
                auto& roles = topology_->reserve(std::move(parts.number));
                roles.process = parts.process.get();
                roles.session = session.get();
                session->self_ = session;
                session->listed_ = true;
                group->list(std::move(entry));
                parts.process->join(group, std::move(parts.member));
                topology_->init_ = parts.process;
            }
        }
        if (!first)
            Traits::panic("this tree has an init already", Location::current());
        return Built(std::move(parts.process));
    }

    Topology* topology_;
    std::shared_ptr<Process> parent_{}; // null for init, and when the parent was reaped before
    Pid pid_;
    bool is_init_ = false;
    Data data_{};
    Errno error_ = Errno::ok;
};

} // namespace procspace
