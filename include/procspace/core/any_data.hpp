#pragma once
// AnyData: one value of any type, for the data that users hang on processes and threads.

#include "../fwd.hpp"
#include "memory.hpp"
#include "result.hpp"

#include <new>
#include <type_traits>

namespace procspace {

/// Owns at most one value of any object type; asked for another type it says null. Needs no RTTI.
///
/// Types are told apart by the address of a tag: code on both sides of a shared-library boundary must see one and the
/// same tag (default visibility).
///
/// **Thread safety**: as an int's: distinct objects freely, one object only for concurrent reads.
class AnyData {
public:
    constexpr AnyData() noexcept = default;
    AnyData(AnyData&& other) noexcept : body_(other.body_), type_(other.type_) { other.forget(); }
    [[gnu::noinline]] AnyData& operator=(AnyData&& other) noexcept {
        if (this != &other) {
            AnyData old(static_cast<AnyData&&>(*this));
            body_ = other.body_;
            type_ = other.type_;
            other.forget();
        }
        return *this;
    }
    ~AnyData() {
        if (type_ != nullptr)
            type_->destroy(body_);
    }

    /// Makes one that holds `value`, in memory of the policy `Memory`.
    /// **Errors**: no_memory, with `value` untouched. **Complexity**: one allocation.
    template <class Memory, class T>
    static Result<AnyData> make(T&& value) {
        using Value = std::decay_t<T>;
        MemoryBlock<Memory> block(sizeof(Value), alignof(Value));
        if (!block)
            return Errno::no_memory;
        ::new (block.get()) Value(static_cast<T&&>(value));
        AnyData made;
        made.body_ = block.release();
        made.type_ = &type_of<Value, Memory>;
        return Result<AnyData>(static_cast<AnyData&&>(made));
    }

    /// Returns the value if it is a T, else null.
    template <class T>
    [[nodiscard]] T* get() noexcept {
        return holds<T>() ? static_cast<T*>(body_) : nullptr;
    }
    template <class T>
    [[nodiscard]] const T* get() const noexcept {
        return holds<T>() ? static_cast<const T*>(body_) : nullptr;
    }

    [[nodiscard]] bool has_value() const noexcept { return type_ != nullptr; }

private:
    struct Type {
        const void* tag;
        void (*destroy)(void* body);
    };

    // Not const: identical constants may share one address, and the address is all there is to tell.
    template <class T>
    inline static char tag_of = 0;

    template <class T, class Memory>
    static void destroy(void* body) {
        static_cast<T*>(body)->~T();
        Memory::deallocate(body, sizeof(T), alignof(T));
    }

    template <class T, class Memory>
    inline static constexpr Type type_of{&tag_of<T>, &destroy<T, Memory>};

    template <class T>
    bool holds() const noexcept {
        return type_ != nullptr && type_->tag == &tag_of<std::remove_cv_t<T>>;
    }

    void forget() noexcept { type_ = nullptr; }

    void* body_ = nullptr; // means something while there is a type
    const Type* type_ = nullptr;
};

} // namespace procspace
