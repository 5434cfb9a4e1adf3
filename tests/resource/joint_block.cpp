#include <procspace/resource/joint_block.hpp>

#include <procspace/resource/define.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>

using procspace::BasicNamespace;
using procspace::JointPlaces;
using procspace::Layout;
using procspace::Registry;
using procspace::ResArc;
using procspace::Resource;
using support::CountingMemory;
using support::DepthFailing;
using support::Tracked;

namespace {

struct alignas(16) Wide {
    std::uint64_t number = 7;
};
struct alignas(64) TooWide {
    std::uint64_t number = 8;
};
struct Large {
    unsigned char bytes[JointPlaces::largest_value + 1]{};
};

PROCSPACE_RESOURCE(Tracked, joint_tracked, 5)
PROCSPACE_RESOURCE(Wide, joint_wide)
PROCSPACE_RESOURCE(TooWide, joint_too_wide)
PROCSPACE_RESOURCE(Large, joint_large)
PROCSPACE_RESOURCE(char, joint_char, 'x')

using Ns = BasicNamespace<DepthFailing>;

/// A list of resources of these layouts, with places.
std::deque<Resource> placed(std::initializer_list<Layout> layouts) {
    std::deque<Resource> all;
    JointPlaces places;
    for (const Layout layout : layouts)
        places.add(all.emplace_back(
            "test", layout, [](void*) {}, nullptr));
    return all;
}

} // namespace

TEST_CASE("JointPlaces: each value stands behind the one before, its control block in front of it",
          "[resource][joint_block]") {
    const auto all = placed({{8, 8}, {1, 1}, {8, 8}, {16, 16}, {3, 1}, {4, 4}});
    CHECK(all[0].place() == JointPlaces::first_place);
    CHECK(all[1].place() == 32 + 8 + 16);
    CHECK(all[2].place() == 56 + 8 + 16); // a word for the single byte: a constant is stored as one
    CHECK(all[3].place() == 112);         // 80 + 8 + 16 is no multiple of 16
    CHECK(all[4].place() == 112 + 16 + 16);
    CHECK(all[5].place() == 144 + 8 + 16);
    CHECK(all[0].joint_size() == 168 + 8);
    for (std::size_t i = 1; i < all.size(); ++i)
        CHECK(all[i].joint_size() == 0);
}

TEST_CASE("JointPlaces: what is large or aligned to more than a block has none", "[resource][joint_block]") {
    const std::size_t most = JointPlaces::largest_value;
    const auto all = placed({{most + 1, 8}, {32, 32}, {most, 8}, {5000, 4096}, {8, 8}});
    CHECK(all[0].place() == 0);
    CHECK(all[1].place() == 0);
    CHECK(all[2].place() == JointPlaces::first_place);
    CHECK(all[3].place() == 0);
    CHECK(all[4].place() == 32 + most + 16);
    CHECK(all[2].joint_size() == all[4].place() + 16); // 8 for the value, rounded up to the alignment
    CHECK(all[0].joint_size() + all[1].joint_size() + all[3].joint_size() + all[4].joint_size() == 0);
}

TEST_CASE("JointPlaces: a block that is full is followed by another one", "[resource][joint_block]") {
    std::deque<Resource> all;
    {
        JointPlaces places;
        for (std::size_t i = 0; i < 200; ++i)
            places.add(all.emplace_back(
                "test", Layout{1 + i % 40, std::size_t{1} << i % 5}, [](void*) {}, nullptr));
    }
    std::size_t size = 0; // of the block so far
    std::size_t promised = 0;
    std::size_t blocks = 0;
    for (const Resource& resource : all) {
        if (resource.joint_size() != 0) {
            CHECK((size + 15) / 16 * 16 == promised);
            CHECK(resource.place() == JointPlaces::first_place);
            size = JointPlaces::header_size;
            promised = resource.joint_size();
            CHECK(promised <= JointPlaces::largest_block);
            CHECK(promised % JointPlaces::align == 0);
            ++blocks;
        }
        CHECK(resource.place() >= size + JointPlaces::control_size);
        CHECK(resource.place() % resource.layout().align == 0);
        CHECK(resource.place() % sizeof(void*) == 0);
        size = resource.place() + (resource.layout().size + 7) / 8 * 8;
    }
    CHECK((size + 15) / 16 * 16 == promised);
    CHECK(blocks > 5);
    CHECK(blocks <= 200 * 64 / (JointPlaces::largest_block - 64));
}

TEST_CASE("JointPlaces: whoever numbers again stores what is there", "[resource][joint_block]") {
    auto all = placed({{200, 8}, {200, 8}, {200, 8}, {200, 8}, {200, 8}, {200, 8}});
    const std::size_t last = all[4].place();
    REQUIRE(all[4].joint_size() != 0);
    JointPlaces again;
    for (const Resource& resource : all) {
        const std::size_t before = resource.joint_size();
        again.add(resource);
        CHECK(resource.joint_size() == before); // at no moment the size so far
    }
    CHECK(all[4].place() == last);
}

TEST_CASE("JointBlock: values of a namespace are as their resources say, wherever they stand",
          "[resource][joint_block]") {
    const Ns ns;
    CHECK(joint_tracked.get(ns).value == 5);
    CHECK(joint_wide.get(ns).number == 7);
    CHECK(joint_too_wide.get(ns).number == 8);
    CHECK(joint_char.get(ns) == 'x');
    CHECK(reinterpret_cast<std::uintptr_t>(&joint_wide.get(ns)) % 16 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(&joint_too_wide.get(ns)) % 64 == 0);
    CHECK(joint_tracked.resource().place() != 0);
    CHECK(joint_large.resource().place() == 0);
    CHECK(joint_too_wide.resource().place() == 0);
    Registry::for_each([&](const Resource& resource) { CHECK(&ns.get(resource).resource() == &resource); });
}

TEST_CASE("JointBlock: a pin keeps its value, and of the others nothing but some memory", "[resource][joint_block]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t bytes = CountingMemory::live_bytes();
    const std::size_t alive = Tracked::alive();
    auto ns = std::make_unique<Ns>();
    auto pin = std::make_unique<ResArc<Tracked, DepthFailing>>(joint_tracked.arc(*ns));
    auto other = std::make_unique<ResArc<Wide, DepthFailing>>(joint_wide.arc(*ns));
    ns.reset();
    CHECK(Tracked::alive() == alive + 1);
    CHECK((*pin)->value == 5);
    CHECK(CountingMemory::live_blocks() - blocks <= 2);
    CHECK(CountingMemory::live_bytes() - bytes <= 2 * JointPlaces::largest_block);
    other.reset();
    CHECK((*pin)->value == 5);
    pin.reset();
    CHECK(Tracked::alive() == alive);
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("JointBlock: what takes the place of a value has a block of its own", "[resource][joint_block]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    {
        Ns ns;
        const std::size_t before = CountingMemory::live_blocks();
        joint_tracked.reset(ns);
        CHECK(CountingMemory::live_blocks() == before + 1);
        CHECK(joint_tracked.get(ns).value == 5);
        joint_tracked.reset(ns);
        CHECK(CountingMemory::live_blocks() == before + 1);
    }
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("JointBlock: a namespace whose values all have other owners leaves without a trace",
          "[resource][joint_block]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    auto parent = std::make_unique<Ns>();
    auto child = std::make_unique<Ns>(Ns::fork(*parent));
    parent.reset();
    CHECK(joint_tracked.get(*child).value == 5);
    CHECK(joint_char.get(*child) == 'x');
    child.reset();
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("JointBlock: last owners on two threads return a block once", "[resource][joint_block]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    for (int i = 0; i < 500; ++i) {
        auto ns = std::make_unique<Ns>();
        auto child = std::make_unique<Ns>(Ns::fork(*ns));
        auto pin = std::make_unique<ResArc<Wide, DepthFailing>>(joint_wide.arc(*ns));
        std::atomic<int> ready{0};
        const auto meet = [&ready] {
            ready.fetch_add(1, std::memory_order_acq_rel);
            while (ready.load(std::memory_order_acquire) != 2)
                std::this_thread::yield();
        };
        std::thread thread([&] {
            meet();
            child.reset();
            pin.reset();
        });
        meet();
        ns.reset();
        thread.join();
        CHECK(CountingMemory::live_blocks() == blocks);
    }
}
