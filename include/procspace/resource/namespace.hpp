#pragma once
// Namespace: one owner of each resource, in one array.
//
//      Namespace --> [ AnyResArc | AnyResArc | ... ]      one element per registered resource, at Resource::index()

#include "../fwd.hpp"
#include "../core/config.hpp"
#include "../core/memory.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "registry.hpp"
#include "res_arc.hpp"

#include <cstddef>
#include <new>

namespace procspace {

/// A set of resources: exactly one of each that the program defines, own or shared with other namespaces.
///
/// Invariant: the array has Registry::size() elements and none of them is empty. A moved-from namespace has no array:
/// destroy it or assign to it.
///
/// **Thread safety**: as a container's: distinct namespaces freely, even when they share resources; one namespace only
/// for concurrent reads. `ResWrapper::get` is a read.
/// **Source**: seed 000, Namespace.
template <class Traits>
class BasicNamespace {
    static_assert(ValidTraits<Traits>, "procspace: these traits miss a policy or have one of the wrong form");

public:
    /// Makes every resource by its initialiser. What an initialiser throws passes through, with nothing left behind.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions. **Complexity**: one allocation for
    /// the array and one for each resource.
    [[gnu::visibility("hidden")]] BasicNamespace() : BasicNamespace(or_raise(make())) {}

    /// The state of a moved-from namespace.
    explicit BasicNamespace(NoValue) noexcept {}

    BasicNamespace(BasicNamespace&& other) noexcept { swap(other); }
    BasicNamespace& operator=(BasicNamespace&& other) noexcept(!has_exceptions) {
        BasicNamespace former(static_cast<BasicNamespace&&>(other));
        swap(former);
        return *this;
    }

    /// Gives up every resource. Should destructors of values throw, all the others are given up nevertheless, and the
    /// first exception leaves.
    ~BasicNamespace() noexcept(!has_exceptions) {
        if (arcs_ != nullptr)
            release(arcs_, size_, size_);
    }

    void swap(BasicNamespace& other) noexcept {
        Arc* const arcs = arcs_;
        const std::size_t size = size_;
        arcs_ = other.arcs_;
        size_ = other.size_;
        other.arcs_ = arcs;
        other.size_ = size;
    }

    /// As the constructor, with out of memory as a value, that of an initialiser which throws std::bad_alloc included.
    /// **Errors**: no_memory.
    [[nodiscard, gnu::visibility("hidden")]] static Result<BasicNamespace> try_create() {
        PROCSPACE_TRY {
            return make();
        }
        PROCSPACE_CATCH(const std::bad_alloc&) {
            return Errno::no_memory;
        }
    }

    /// Returns the owner of `resource` here. **Pre**: not moved from.
    [[nodiscard]] const BasicAnyResArc<Traits>& get(const Resource& resource) const noexcept {
        return arcs_[resource.index()];
    }
    /// The same for exchanging it. It must not be left empty.
    [[nodiscard]] BasicAnyResArc<Traits>& get_mut(const Resource& resource) noexcept { return arcs_[resource.index()]; }

private:
    using Arc = BasicAnyResArc<Traits>;

    /// A namespace in the making: gives back what is there unless it is completed.
    struct Candidate {
        Arc* arcs;
        std::size_t size;
        std::size_t made = 0;
        ~Candidate() {
            // The error under way is the one to report: what the destructor of a value throws on top of it goes
            // nowhere.
            PROCSPACE_TRY {
                if (arcs != nullptr)
                    release(arcs, made, size);
            }
            PROCSPACE_CATCH(...) {}
        }
    };

    [[gnu::visibility("hidden")]] static Result<BasicNamespace> make() {
        const std::size_t count = Registry::size();
        BasicNamespace ns(NoValue{});
        if (count == 0)
            return Result<BasicNamespace>(static_cast<BasicNamespace&&>(ns));
        Candidate candidate{static_cast<Arc*>(Traits::Memory::allocate(count * sizeof(Arc), alignof(Arc))), count};
        if (candidate.arcs == nullptr)
            return Errno::no_memory;
        bool complete = true;
        Registry::for_each([&](const Resource& resource) {
            if (!complete)
                return;
            auto created = Arc::create(resource);
            if (created)
                ::new (static_cast<void*>(candidate.arcs + candidate.made++)) Arc(static_cast<Arc&&>(created.value));
            else
                complete = false;
        });
        if (!complete)
            return Errno::no_memory;
        ns.arcs_ = candidate.arcs;
        ns.size_ = count;
        candidate.arcs = nullptr;
        return Result<BasicNamespace>(static_cast<BasicNamespace&&>(ns));
    }

    static BasicNamespace or_raise(Result<BasicNamespace>&& made) {
        if (!made)
            raise_no_memory<Traits>(Location::current());
        return static_cast<BasicNamespace&&>(made.value);
    }

    /// Ends the first `made` elements, the last one first, and returns the array of `size` elements.
    static void release(Arc* arcs, std::size_t made, std::size_t size) {
        struct Rest { // goes on where a throwing destructor stopped; a second exception has nowhere to go
            Arc* first;
            Arc* last;
            std::size_t size;
            ~Rest() {
                while (last != first) {
                    PROCSPACE_TRY {
                        (--last)->~Arc();
                    }
                    PROCSPACE_CATCH(...) {}
                }
                Traits::Memory::deallocate(first, size * sizeof(Arc), alignof(Arc));
            }
        };
        Rest rest{arcs, arcs + made, size};
        while (rest.last != rest.first)
            (--rest.last)->~Arc();
    }

    Arc* arcs_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace procspace
