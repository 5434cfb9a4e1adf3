#pragma once
// MemoryModel: runs up to three threads in every way that the C++20 memory model allows, one way after the other.
//
// The threads are fibers. What they share are ModelAtomics and ModelCells (plain objects). Each atomic object has its
// modification order as a list of messages, and each thread has a view: the newest message of each object that it must
// have seen, and a vector clock of what happens before it.
//   load     returns any message that is not older than the view (coherence), not only the last one.
//   store    goes to any place in the order after the view, not only to its end.
//   RMW      reads a message and comes right after it; two never follow the same one (atomicity).
//   release  puts the thread's view into the message; an RMW passes on the view of the message that it read, whatever
//            its own order (release sequence); acquire joins the view of the message into the thread's.
// An access to a cell, and the end of a cell or an atomic, must be ordered by the clocks with each access that
// conflicts: else it is a data race.
//
// What is explored: which thread comes next at each atomic operation, and which message it reads or follows. Two
// reductions, neither of which loses an execution:
//   - Accesses to cells are no points of choice. Whether they are ordered follows from the clocks, not from the turn.
//   - What each thread read and the modification orders determine all that can follow: views, clocks, and, since the
//     threads are deterministic, where each of them stands. When two schedules arrive at the same, the second is cut:
//     it runs to its end without further choices.
// Left out, as in most formal versions of the model: executions in which a load reads from a store that depends on it
// or that its own thread makes later (load buffering). Orders of seq_cst count as acquire and release, which allows
// more.

#include "fiber.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <new>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace support {

/// What is to be explored. `before` and `after` run alone: what they do happens before, and after, all the threads do.
/// They make and end what is shared.
struct ModelScenario {
    std::function<void()> before;
    std::vector<std::function<void()>> threads; // three at most
    std::function<void()> after;
    bool may_leak = false; // a cell may be alive at the end
};

struct Exploration {
    std::size_t executions = 0; // different ones
    std::size_t cut = 0;        // schedules whose beginning was seen before
    std::string violation;      // the first one with its trace, or empty
};

/// The model; there is one at a time, and what it runs reaches it through the static members.
class MemoryModel {
public:
    /// `cutting`: false tries each schedule to its end, for comparison.
    explicit MemoryModel(bool cutting = true) : cutting_(cutting) {
        active_ = this;
        for (std::size_t i = 1; i < max_threads; ++i)
            fibers_[i].prepare(begin);
    }
    ~MemoryModel() { active_ = nullptr; }
    MemoryModel(const MemoryModel&) = delete;
    MemoryModel& operator=(const MemoryModel&) = delete;

    /// Tries all executions, or those up to the first violation.
    Exploration explore(const ModelScenario& scenario) {
        Exploration result;
        path_.clear();
        known_.clear();
        tracing_ = false;
        do {
            run(scenario);
            ++(cut_ ? result.cut : result.executions);
        } while (violation_.empty() && next_path());
        if (!violation_.empty()) {
            tracing_ = true; // the same path again: to write each step down all the time would cost more
            run(scenario);
            result.violation = violation_ + "\n" + trace_;
        }
        return result;
    }

    /// Reports that something is wrong with this execution.
    static void fail(const std::string& what) {
        if (active_->violation_.empty())
            active_->violation_ = what;
        active_->trace("*** " + what);
        active_->cut_ = true;
    }

    // --- for ModelAtomic, ModelCell and ModelMemory ---

    enum class Access { read, write, end };

    static void begin_cell(const void* address, const char* name) {
        active_->cells_.push_back({address, name});
        active_->access(active_->cells_.back(), Access::write);
    }
    static void access_cell(const void* address, Access kind) {
        Cell& cell = active_->find(address);
        if (active_->tracing_)
            active_->trace(active_->text_of(kind, cell));
        active_->access(cell, kind);
    }

    static void begin_atomic(const void* address, std::uint64_t value) {
        begin_cell(address, "the atomic");
        Cell& cell = active_->cells_.back();
        cell.created = active_->threads_[active_->current_].created++;
        active_->write(cell, nullptr, value, std::memory_order_relaxed);
    }
    static std::uint64_t load(const void* address, std::memory_order order) {
        Cell& cell = active_->arrive(address);
        const Message& message = active_->read(cell, active_->readable(cell, false), order);
        active_->note("reads", message.value, order);
        return message.value;
    }
    static void store(const void* address, std::uint64_t value, std::memory_order order) {
        Cell& cell = active_->arrive(address);
        const auto places = active_->readable(cell, true);
        active_->note("stores", value, order);
        active_->write(cell, places[active_->choose(places.size())], value, order);
    }
    static std::uint64_t add(const void* address, std::uint64_t n, std::memory_order order) {
        Cell& cell = active_->arrive(address);
        Message& before = active_->read(cell, active_->readable(cell, true), order);
        active_->note("changes", before.value, order);
        active_->write(cell, &before, before.value + n, order, true);
        return before.value;
    }
    static bool compare_exchange(const void* address, std::uint64_t& expected, std::uint64_t desired,
                                 std::memory_order success, std::memory_order failure) {
        Cell& cell = active_->arrive(address);
        std::vector<Message*> candidates = active_->readable(cell, false);
        // A message that an RMW follows already can only be read by one that fails.
        std::erase_if(candidates, [&](const Message* m) { return m->followed && m->value == expected; });
        Message* const before = candidates[active_->choose(candidates.size())];
        const bool done = before->value == expected;
        active_->read(cell, {before}, done ? success : failure);
        active_->note(done ? "changes" : "reads", before->value, done ? success : failure);
        if (done)
            active_->write(cell, before, desired, success, true);
        else
            expected = before->value;
        return done;
    }

    /// Blocks stay until the execution ends, so that an access after the end is found and does no harm.
    static void* allocate(std::size_t size, std::size_t align) {
        active_->blocks_.push_back({::operator new(size, std::align_val_t{align}), align});
        return active_->blocks_.back().bytes;
    }
    static void deallocate(void* bytes) {
        for (Block& block : active_->blocks_)
            if (block.bytes == bytes && std::exchange(block.returned, true))
                fail("a block is returned twice");
    }

private:
    static constexpr std::size_t max_threads = 4; // 0 is the one of before() and after()
    using Clock = std::array<unsigned, max_threads>;

    struct Message;
    struct View {
        Clock clock{};
        std::vector<const Message*> seen; // by number of the cell; null: nothing
    };
    struct Message {
        std::size_t cell;
        std::uint64_t value;
        std::string code;      // the writer, and the number of the message among his: the same in every schedule
        bool followed = false; // by an RMW that read it
        std::size_t place = 0; // in the modification order
        View released{};
    };
    struct Cell {
        const void* address;
        const char* name;
        bool alive = true;
        Clock reads{}; // when each thread accessed it last
        Clock writes{};
        unsigned created = 0;          // its number among the atomics of its thread
        std::vector<Message*> order{}; // the modification order, for an atomic
    };
    struct Thread {
        View view;
        std::string history; // what it read
        unsigned written = 0;
        unsigned created = 0;
        bool finished = true;
    };
    struct Choice {
        std::size_t taken;
        std::size_t count;
    };
    struct Block {
        void* bytes;
        std::size_t align;
        bool returned = false;
    };

    static bool acquires(std::memory_order order) {
        return order != std::memory_order_relaxed && order != std::memory_order_release;
    }
    static bool releases(std::memory_order order) {
        return order == std::memory_order_release || order == std::memory_order_acq_rel ||
               order == std::memory_order_seq_cst;
    }

    // --- one execution ---

    void run(const ModelScenario& scenario) {
        position_ = 0;
        cut_ = false;
        violation_.clear();
        trace_.clear();
        cells_.clear();
        messages_.clear();
        threads_.fill({});
        scenario.before();
        const std::size_t count = scenario.threads.size();
        for (std::size_t i = 1; i <= count; ++i) {
            threads_[i].view = threads_[0].view;
            threads_[i].finished = false;
            bodies_[i] = &scenario.threads[i - 1];
            resume(i); // to its first atomic operation: nothing before that is a choice
        }
        while (const std::size_t ready = unfinished()) {
            cut_if_known();
            resume(nth_unfinished(choose(ready)));
        }
        cut_if_known();
        for (std::size_t i = 1; i <= count; ++i)
            join(threads_[0].view, threads_[i].view);
        scenario.after();
        for (const Cell& cell : cells_)
            if (cell.alive && cell.order.empty() && !scenario.may_leak)
                fail(std::string(cell.name) + " is never destroyed");
        for (const Block& block : blocks_)
            ::operator delete(block.bytes, std::align_val_t{block.align});
        blocks_.clear();
    }

    static void begin() {
        MemoryModel& self = *active_;
        const std::size_t index = self.current_;
        self.fibers_[index].begun(self.fibers_[0]);
        for (;;) {
            (*self.bodies_[index])();
            self.threads_[index].finished = true;
            self.current_ = 0;
            self.fibers_[index].switch_to(self.fibers_[0]);
        }
    }
    void resume(std::size_t thread) {
        current_ = thread;
        fibers_[0].switch_to(fibers_[thread]);
    }
    /// The point before an atomic operation, at which the thread waits for its turn.
    Cell& arrive(const void* address) {
        if (const std::size_t self = current_; self != 0) {
            current_ = 0;
            fibers_[self].switch_to(fibers_[0]);
        }
        Cell& cell = find(address);
        access(cell, Access::read);
        return cell;
    }

    [[nodiscard]] std::size_t unfinished() const {
        return static_cast<std::size_t>(
            std::count_if(threads_.begin(), threads_.end(), [](const Thread& t) { return !t.finished; }));
    }
    [[nodiscard]] std::size_t nth_unfinished(std::size_t n) const {
        std::size_t thread = 1;
        for (;; ++thread)
            if (!threads_[thread].finished && n-- == 0)
                return thread;
    }

    // --- choices ---

    std::size_t choose(std::size_t count) {
        if (count == 1 || cut_)
            return 0;
        if (position_ == path_.size())
            path_.push_back({0, count});
        return path_[position_++].taken;
    }
    bool next_path() {
        while (!path_.empty() && path_.back().taken + 1 == path_.back().count)
            path_.pop_back();
        if (path_.empty())
            return false;
        ++path_.back().taken;
        return true;
    }
    /// Not while the choices of an earlier path are repeated: it is known because that one came here.
    void cut_if_known() {
        if (cutting_ && !tracing_ && !cut_ && position_ == path_.size() && !known_.insert(state()).second)
            cut_ = true;
    }
    /// All that the future depends on, in names that do not depend on the schedule.
    std::string state() {
        std::string text;
        for (std::size_t i = 0; i < max_threads; ++i) {
            text += threads_[i].history + '|';
            for (unsigned n = 0; n < threads_[i].created; ++n)
                for (const Cell& cell : cells_)
                    if (!cell.order.empty() && cell.order[0]->code[0] == code_of(i) && cell.created == n)
                        for (const Message* message : cell.order)
                            text += message->code;
            text += threads_[i].finished ? '!' : '.';
        }
        return text;
    }
    static char code_of(std::size_t thread) { return static_cast<char>('0' + thread); }

    // --- atomic operations ---

    /// The messages of which the running thread may read, or follow, any; the last one first.
    std::vector<Message*> readable(Cell& cell, bool to_follow) {
        const auto& seen = threads_[current_].view.seen;
        const std::size_t number = number_of(cell);
        const Message* const oldest = number < seen.size() ? seen[number] : nullptr;
        std::vector<Message*> found;
        for (auto i = cell.order.rbegin(); i != cell.order.rend(); ++i) {
            if (!to_follow || !(*i)->followed)
                found.push_back(*i);
            if (*i == oldest)
                break;
        }
        return found;
    }

    Message& read(const Cell& cell, const std::vector<Message*>& candidates, std::memory_order order) {
        Message& message = *candidates[choose(candidates.size())];
        Thread& thread = threads_[current_];
        thread.history += message.code;
        see(thread.view, number_of(cell), message);
        if (acquires(order))
            join(thread.view, message.released);
        return message;
    }

    void write(Cell& cell, Message* place, std::uint64_t value, std::memory_order order, bool reads = false) {
        Thread& thread = threads_[current_];
        messages_.push_back({number_of(cell), value, {code_of(current_), static_cast<char>('A' + thread.written++)}});
        Message& message = messages_.back();
        const std::size_t index = place == nullptr ? 0 : place->place + 1;
        cell.order.insert(cell.order.begin() + static_cast<std::ptrdiff_t>(index), &message);
        for (std::size_t i = index; i < cell.order.size(); ++i)
            cell.order[i]->place = i;
        see(thread.view, number_of(cell), message);
        if (reads) {
            place->followed = true;
            message.released = place->released;
        }
        if (releases(order))
            join(message.released, thread.view);
    }

    static void see(View& view, std::size_t cell, const Message& message) {
        if (view.seen.size() <= cell)
            view.seen.resize(cell + 1);
        if (view.seen[cell] == nullptr || view.seen[cell]->place < message.place)
            view.seen[cell] = &message;
    }
    static void join(View& into, const View& from) {
        for (std::size_t i = 0; i < into.clock.size(); ++i)
            into.clock[i] = std::max(into.clock[i], from.clock[i]);
        for (const Message* message : from.seen)
            if (message != nullptr)
                see(into, message->cell, *message);
    }

    // --- races ---

    void access(Cell& cell, Access kind) {
        View& view = threads_[current_].view;
        const unsigned now = ++view.clock[current_];
        if (!cell.alive)
            fail(text_of(kind, cell) + " after its end");
        for (std::size_t other = 0; other < max_threads; ++other) {
            if (cell.writes[other] > view.clock[other])
                fail(text_of(kind, cell) + " races with a change by thread " + code_of(other));
            if (kind != Access::read && cell.reads[other] > view.clock[other])
                fail(text_of(kind, cell) + " races with a use by thread " + code_of(other));
        }
        (kind == Access::read ? cell.reads : cell.writes)[current_] = now;
        cell.alive = cell.alive && kind != Access::end;
    }
    std::string text_of(Access kind, const Cell& cell) const {
        const char* const what = kind == Access::read    ? "a use of "
                                 : kind == Access::write ? "a change of "
                                                         : "the end of ";
        return what + std::string(cell.name) + " by thread " + code_of(current_);
    }
    void note(const char* verb, std::uint64_t value, std::memory_order order) {
        if (tracing_)
            trace(std::string("thread ") + code_of(current_) + " " + verb + " " + std::to_string(value) +
                  (acquires(order) ? ", acquire" : "") + (releases(order) ? ", release" : ""));
    }
    void trace(const std::string& line) {
        if (tracing_)
            trace_ += "    " + line + "\n";
    }

    Cell& find(const void* address) {
        for (auto i = cells_.rbegin(); i != cells_.rend(); ++i)
            if (i->address == address)
                return *i;
        std::abort(); // made outside of explore()
    }
    [[nodiscard]] std::size_t number_of(const Cell& cell) const {
        std::size_t number = 0;
        while (&cells_[number] != &cell)
            ++number;
        return number;
    }

    inline static MemoryModel* active_ = nullptr;

    const bool cutting_;
    Fiber fibers_[max_threads];
    const std::function<void()>* bodies_[max_threads] = {};
    std::size_t current_ = 0;
    std::array<Thread, max_threads> threads_;
    std::deque<Cell> cells_;       // all of this execution, dead ones too
    std::deque<Message> messages_; // likewise
    std::vector<Block> blocks_;
    std::vector<Choice> path_;
    std::size_t position_ = 0;
    std::unordered_set<std::string> known_;
    bool cut_ = false;
    bool tracing_ = false;
    std::string violation_;
    std::string trace_;
};

/// Traits::Atomic for a MemoryModel. Known by its address alone: nothing of it is read after its end.
template <class U>
class ModelAtomic {
public:
    ModelAtomic() noexcept : ModelAtomic(U{}) {}
    ModelAtomic(U value) noexcept { MemoryModel::begin_atomic(this, word(value)); }
    ~ModelAtomic() { MemoryModel::access_cell(this, MemoryModel::Access::end); }
    ModelAtomic(const ModelAtomic&) = delete;
    ModelAtomic& operator=(const ModelAtomic&) = delete;

    U load(std::memory_order order) const { return value(MemoryModel::load(this, order)); }
    void store(U value, std::memory_order order) { MemoryModel::store(this, word(value), order); }
    U fetch_add(U n, std::memory_order order) { return value(MemoryModel::add(this, word(n), order)); }
    U fetch_sub(U n, std::memory_order order) {
        return value(MemoryModel::add(this, std::uint64_t{0} - word(n), order));
    }
    bool compare_exchange_strong(U& expected, U desired, std::memory_order success, std::memory_order failure) {
        std::uint64_t found = word(expected);
        const bool done = MemoryModel::compare_exchange(this, found, word(desired), success, failure);
        expected = value(found);
        return done;
    }

private:
    static std::uint64_t word(U value) noexcept {
        if constexpr (std::is_pointer_v<U>)
            return reinterpret_cast<std::uintptr_t>(value);
        else
            return static_cast<std::uint64_t>(value);
    }
    static U value(std::uint64_t word) noexcept {
        if constexpr (std::is_pointer_v<U>)
            return reinterpret_cast<U>(static_cast<std::uintptr_t>(word));
        else
            return static_cast<U>(word);
    }
};

/// A plain object: accesses from several threads must be ordered by something else.
class ModelCell {
public:
    explicit ModelCell(const char* name) { MemoryModel::begin_cell(this, name); }
    ~ModelCell() { MemoryModel::access_cell(this, MemoryModel::Access::end); }
    ModelCell(const ModelCell&) = delete;
    ModelCell& operator=(const ModelCell&) = delete;

    void read() const { MemoryModel::access_cell(this, MemoryModel::Access::read); }
    void write() { MemoryModel::access_cell(this, MemoryModel::Access::write); }
};

/// Traits::Memory for a MemoryModel.
struct ModelMemory {
    static void* allocate(std::size_t size, std::size_t align) noexcept { return MemoryModel::allocate(size, align); }
    static void deallocate(void* bytes, std::size_t, std::size_t) noexcept { MemoryModel::deallocate(bytes); }
};

} // namespace support
