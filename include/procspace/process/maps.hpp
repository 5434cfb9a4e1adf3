#pragma once
// Ordered maps by number, for what users keep of processes and threads: one that owns and one that only knows. The tree
// itself is linked by hooks in its objects.
//
// Both can be changed in two steps: a node is made, with memory that may run out; later it is linked, which cannot
// fail. Unlinking gives the node back. So a caller that holds a lock neither allocates nor frees nor ends an object.

#include "../fwd.hpp"
#include "../core/panic.hpp"
#include "../core/traits.hpp"
#include "slot.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace procspace {

/// std::map from which nodes come and go whole. What StrongMap and WeakMap are made of.
///
/// **Thread safety**: as a container's: none for one map that is written.
template <class K, class M, class Memory>
class NodeMap {
    using Value = std::pair<const K, M>;
    using Slot = SlotSize<Value>;
    using Map = std::map<K, M, std::less<K>, SlotAllocator<Value, Memory, Slot::bytes, Slot::align, Slot::bytes>>;

public:
    using Node = typename Map::node_type;
    using iterator = typename Map::iterator;
    using const_iterator = typename Map::const_iterator;

    NodeMap() noexcept = default;
    NodeMap(const NodeMap&) = delete; // nodes are made from memory that was asked for before, and a copy has none
    NodeMap& operator=(const NodeMap&) = delete;
    NodeMap(NodeMap&&) noexcept = default;
    NodeMap& operator=(NodeMap&&) noexcept = default;
    ~NodeMap() = default;

    /// Makes a node that is in no map. Returns an empty one when there is no memory. **Complexity**: one allocation.
    [[nodiscard]] static Node try_make_node(const K& key, M mapped) {
        void* const block = Memory::allocate(Slot::bytes, Slot::align);
        if (block == nullptr)
            return {};
        Map scratch{typename Map::allocator_type(block)};
        return scratch.extract(scratch.emplace(key, std::move(mapped)).first);
    }

    /// Puts a node in. **Pre**: not empty; its key is not in the map. **Complexity**: logarithmic, constant for a key
    /// beyond the last; no allocation.
    iterator link(Node&& node) noexcept { return map_.insert(map_.end(), std::move(node)); }

    /// Takes a node out. **Complexity**: constant; nothing is freed.
    [[nodiscard]] Node unlink(const_iterator place) noexcept { return map_.extract(place); }
    /// Takes the node of `key` out; returns an empty one if there is none.
    [[nodiscard]] Node unlink(const K& key) noexcept { return map_.extract(key); }

    /// Moves all nodes of `other` here. **Pre**: no key is in both. **Complexity**: the smaller of the two sizes times
    /// a logarithm; no allocation.
    void adopt(NodeMap& other) noexcept {
        if (map_.size() < other.map_.size())
            map_.swap(other.map_);
        map_.merge(other.map_);
    }

    [[nodiscard]] iterator find(const K& key) noexcept { return map_.find(key); }
    [[nodiscard]] const_iterator find(const K& key) const noexcept { return map_.find(key); }
    [[nodiscard]] const_iterator after(const K& key) const noexcept { return map_.upper_bound(key); }
    [[nodiscard]] iterator begin() noexcept { return map_.begin(); }
    [[nodiscard]] iterator end() noexcept { return map_.end(); }
    [[nodiscard]] const_iterator begin() const noexcept { return map_.begin(); }
    [[nodiscard]] const_iterator end() const noexcept { return map_.end(); }
    [[nodiscard]] std::size_t size() const noexcept { return map_.size(); }
    [[nodiscard]] bool empty() const noexcept { return map_.empty(); }

private:
    Map map_;
};

/// Owners by key, in ascending order.
///
/// **Thread safety**: as a container's. **Source**: seed 003, StrongMap.
template <class K, class V, class Memory>
class StrongMap : public NodeMap<K, std::shared_ptr<V>, Memory> {
public:
    /// Owns `value` under `key`. Returns what stood there before, so that the caller decides where it dies.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions. **Complexity**: logarithmic, one
    /// allocation for a new key.
    std::shared_ptr<V> insert(const K& key, std::shared_ptr<V> value) {
        if (const auto place = this->find(key); place != this->end()) {
            place->second.swap(value);
            return value;
        }
        auto node = this->try_make_node(key, std::move(value));
        if (!node)
            raise_no_memory<DefaultTraits>(Location::current());
        this->link(std::move(node));
        return nullptr;
    }

    /// Gives `key` up. Returns the owner that stood there, or null.
    std::shared_ptr<V> remove(const K& key) {
        auto node = this->unlink(key);
        return node ? std::move(node.mapped()) : nullptr;
    }

    /// Returns the owner under `key`, or null.
    [[nodiscard]] std::shared_ptr<V> upgrade(const K& key) const {
        const auto place = this->find(key);
        return place != this->end() ? place->second : nullptr;
    }

    /// Returns all owners, ascending by key. **Complexity**: linear, one allocation.
    [[nodiscard]] std::vector<std::shared_ptr<V>> values() const {
        std::vector<std::shared_ptr<V>> all;
        all.reserve(this->size());
        for (const auto& entry : *this)
            all.push_back(entry.second);
        return all;
    }
};

/// Objects owned elsewhere, by key, in ascending order.
///
/// An entry whose object has died stays, and counts in size(), until it is removed or its key is inserted again;
/// nothing sweeps. Those who know when the object dies remove it then.
///
/// **Thread safety**: as a container's. **Source**: seed 003, WeakMap.
template <class K, class V, class Memory>
class WeakMap : public NodeMap<K, std::weak_ptr<V>, Memory> {
public:
    /// Knows `value` under `key`, in place of what stood there.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions. **Complexity**: logarithmic, one
    /// allocation for a new key.
    void insert(const K& key, const std::shared_ptr<V>& value) {
        if (const auto place = this->find(key); place != this->end()) {
            place->second = value;
            return;
        }
        auto node = this->try_make_node(key, value);
        if (!node)
            raise_no_memory<DefaultTraits>(Location::current());
        this->link(std::move(node));
    }

    /// Forgets `key`. Returns false if it was not known.
    bool remove(const K& key) { return static_cast<bool>(this->unlink(key)); }

    /// Returns an owner of the object under `key`, or null if there is none alive.
    [[nodiscard]] std::shared_ptr<V> upgrade(const K& key) const {
        const auto place = this->find(key);
        return place != this->end() ? place->second.lock() : nullptr;
    }

    /// Returns owners of all living objects, ascending by key. **Complexity**: linear, one allocation.
    [[nodiscard]] std::vector<std::shared_ptr<V>> values() const {
        std::vector<std::shared_ptr<V>> living;
        living.reserve(this->size());
        for (const auto& entry : *this)
            if (auto value = entry.second.lock())
                living.push_back(std::move(value));
        return living;
    }
};

} // namespace procspace
