#pragma once
// JointBlock: one block of memory for many values that begin together, as those of a new namespace do.
//
//      one block:   [ count | size | control | T | control | U | ... ]
//                       ^
//                       values that have not ended
//
// The place of a resource's value is the same in every block, so that a value finds its block by its descriptor, and
// nothing is stored for it.

#include "../fwd.hpp"
#include "../core/memory.hpp"
#include "../core/ref_count.hpp"
#include "descriptor.hpp"

#include <cstddef>
#include <new>
#include <type_traits>

namespace procspace {

/// Where values stand in joint blocks: gives each resource that is added its place, in the same order as they will
/// begin. Several threads may do so at a time, each for all resources in that order: they store the same values.
class JointPlaces {
public:
    static constexpr std::size_t control_size = 2 * sizeof(void*);
    static constexpr std::size_t header_size = 2 * sizeof(void*);
    /// What a value that lives on keeps of the others' memory is bounded: values above `largest_value` have blocks of
    /// their own, and a block that is full is followed by another one.
    static constexpr std::size_t largest_block = 1024;
    static constexpr std::size_t largest_value = 256;
    static constexpr std::size_t align = 2 * sizeof(void*);
    static constexpr std::size_t first_place = header_size + control_size; ///< of every block

    JointPlaces() noexcept = default;
    JointPlaces(const JointPlaces&) = delete;
    JointPlaces& operator=(const JointPlaces&) = delete;
    ~JointPlaces() { close(); }

    void add(const Resource& resource) noexcept {
        const Layout value = resource.layout();
        if (value.size > largest_value || value.align > align)
            return; // its own block
        std::size_t place = behind_control(value.align);
        if (first_ == nullptr || place + value.size > largest_block) {
            close();
            first_ = &resource;
            end_ = header_size;
            place = behind_control(value.align);
        }
        resource.place_.store(static_cast<unsigned>(place), std::memory_order_relaxed);
        end_ = place + rounded(value.size, sizeof(void*)); // room for the word of a constant
    }

private:
    static constexpr std::size_t rounded(std::size_t size, std::size_t to) noexcept {
        return (size + to - 1) & ~(to - 1);
    }
    [[nodiscard]] std::size_t behind_control(std::size_t value_align) const noexcept {
        return rounded(end_ + control_size, value_align);
    }
    /// Tells the size, a multiple of the alignment as some allocators want it. Only here: whoever reads it while
    /// another thread does the same again finds the whole.
    void close() noexcept {
        if (first_ != nullptr)
            first_->joint_size_.store(static_cast<unsigned>(rounded(end_, align)), std::memory_order_relaxed);
    }

    const Resource* first_ = nullptr; // of the block
    std::size_t end_ = 0;             // of its values so far
};

/// The block itself.
///
/// **Thread safety**: lose() may be called concurrently by those who have ended values.
template <class Traits>
class BasicJointBlock {
    using Memory = typename Traits::Memory;
    using Inner = BasicResInner<Traits>;

public:
    /// Whether values of these traits begin in joint blocks: their memory wants it, and they have the control block
    /// that the places are made for.
    static constexpr bool used =
        JoiningMemory<Memory> && sizeof(Inner) == JointPlaces::control_size && std::is_trivially_destructible_v<Inner>;

    /// Returns the block of a value that is in one.
    [[nodiscard]] static BasicJointBlock& of(void* body, const Resource& resource) noexcept {
        return *std::launder(reinterpret_cast<BasicJointBlock*>(static_cast<unsigned char*>(body) - resource.place()));
    }

    /// So many values have ended. The last one returns the block.
    [[gnu::noinline]] void lose(std::size_t values) noexcept {
        if (values_.decrement(values))
            Memory::deallocate(this, size_, JointPlaces::align);
    }

    /// A block that is being filled: closed at the end of the scope at the latest.
    class Filling {
    public:
        Filling() noexcept = default;
        Filling(const Filling&) = delete;
        Filling& operator=(const Filling&) = delete;
        ~Filling() { close(); }

        /// Begins another block. Returns where, or null when there is no memory. **Pre**: closed.
        [[nodiscard, gnu::noinline]] unsigned char* open(std::size_t size) noexcept {
            memory_ = static_cast<unsigned char*>(Memory::allocate(size, JointPlaces::align));
            size_ = size;
            return memory_;
        }
        /// Tells the block of its values; without any it is returned. Nothing happens where none is open.
        [[gnu::noinline]] void close() noexcept {
            if (memory_ == nullptr)
                return;
            if (values != 0)
                ::new (static_cast<void*>(memory_)) BasicJointBlock(values, size_);
            else
                Memory::deallocate(memory_, size_, JointPlaces::align);
            memory_ = nullptr;
        }

        std::size_t values = 0; ///< that have begun

    private:
        unsigned char* memory_ = nullptr;
        std::size_t size_ = 0;
    };

    /// Values of one block that end, one after the other. Told to it at the end of the scope.
    struct Ending {
        BasicJointBlock* block = nullptr;
        std::size_t ended = 0;

        Ending() noexcept = default;
        Ending(const Ending&) = delete;
        Ending& operator=(const Ending&) = delete;
        ~Ending() {
            if constexpr (used)
                if (block != nullptr)
                    block->lose(ended);
        }
    };

private:
    BasicJointBlock(std::size_t values, std::size_t size) noexcept : values_(values), size_(size) {
        static_assert(sizeof(BasicJointBlock) == JointPlaces::header_size);
    }

    RefCount<Traits> values_; // that have not ended. Atomic, see core/ref_count.hpp
    std::size_t size_;        // immutable
};

} // namespace procspace
