#pragma once
// The data that users hang on processes and threads: how it gets in and out.

#include "../fwd.hpp"
#include "../core/any_data.hpp"
#include "../core/result.hpp"

#include <type_traits>
#include <utility>

namespace procspace {

/// Returns the data as a T, or null if it is something else. `D` is the traits' type for it, const or not.
template <class T, class D>
[[nodiscard]] T* data_as(D& data) noexcept {
    using Value = std::remove_const_t<T>;
    using Held = std::remove_const_t<D>;
    if constexpr (std::is_same_v<Value, Held>)
        return &data;
    else if constexpr (std::is_same_v<Held, AnyData>)
        return data.template get<Value>();
    else
        return nullptr;
}

/// Puts a builder's value into the place for it. **Errors**: no_memory, with `value` untouched.
template <class Memory, class Data, class V>
[[nodiscard]] Errno store_data(Data& place, V&& value) {
    if constexpr (std::is_same_v<Data, AnyData> && !std::is_same_v<std::remove_cvref_t<V>, AnyData>) {
        auto made = AnyData::make<Memory>(std::forward<V>(value));
        if (made)
            place = std::move(made.value);
        return made.error;
    } else {
        place = Data(std::forward<V>(value));
        return Errno::ok;
    }
}

} // namespace procspace
