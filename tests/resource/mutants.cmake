# Mutants of the resource half: each has one line of a header changed, and a case of the named source must tell.
# One build has them, g++'s without a sanitizer, as for those of tests/concurrency.
include(ProcspaceMutants)

# resource_mutant(<name> HEADER <file in resource/> FIND <code> REPLACE <code> SOURCE <file> CASE <beginning of a name>)
function(resource_mutant name)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "HEADER;FIND;REPLACE;SOURCE;CASE" "")
    set(directory "${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}")
    mutated_headers(
        "${directory}" HEADER resource/${ARG_HEADER} FIND "${ARG_FIND}" REPLACE "${ARG_REPLACE}" FOLDERS core resource
    )
    mutant_test(
        resource.mutant.${name}
        SOURCE ${ARG_SOURCE}
        DIRECTORY "${directory}"
        MESSAGE "${ARG_CASE}.*FAILED"
        ARGUMENTS "${ARG_CASE}*"
        LABEL resource
        LIBRARY procspace_catch_main
    )
endfunction()

# The current namespace of a processor or thread: its guards, its mark on the namespace, and in which order they change.
resource_mutant(
    guard_not_found
    HEADER slot_current.hpp
    FIND [=[
        while (*link != &guard_)
            link = &(*link)->older;
]=]
    REPLACE ""
    SOURCE thread_local_current.cpp
    CASE "ThreadLocalCurrent: a ResCurrent of the outer scope may end inside an inner one"
)
resource_mutant(
    guard_of_no_depth
    HEADER slot_current.hpp
    FIND [=[guard_{slot_.newest_, slot_.depth_}]=]
    REPLACE [=[guard_{slot_.newest_, 0}]=]
    SOURCE thread_local_current.cpp
    CASE "ThreadLocalCurrent: leaving a scope with a ResCurrent alive is a panic"
)
resource_mutant(
    enter_without_depth
    HEADER slot_current.hpp
    FIND [=[
slot.depth_ = former.depth + 1;
        slot.marked_ = marked;]=]
    REPLACE [=[slot.marked_ = marked;]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    enter_without_mark
    HEADER slot_current.hpp
    FIND [=[
        slot.depth_ = former.depth + 1;
        slot.marked_ = marked;]=]
    REPLACE [=[        slot.depth_ = former.depth + 1;]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    leave_on_another_processor
    HEADER slot_current.hpp
    FIND [=[if (&slot != former.slot || slot.depth_]=]
    REPLACE [=[if (slot.depth_]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a scope is left where and in the order in which it was entered"
)
resource_mutant(
    leave_in_another_order
    HEADER slot_current.hpp
    FIND [=[if (&slot != former.slot || slot.depth_ != former.depth + 1)]=]
    REPLACE [=[if (&slot != former.slot)]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a scope is left where and in the order in which it was entered"
)
resource_mutant(
    leave_without_former_mark
    HEADER slot_current.hpp
    FIND [=[
        slot.marked_ = former.marked;
]=]
    REPLACE ""
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    leave_without_unmark
    HEADER slot_current.hpp
    FIND [=[
        if (marked)
            unmark(*left);]=]
    REPLACE [=[
        static_cast<void>(marked);
        static_cast<void>(left);]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a scope is left where and in the order in which it was entered"
)
resource_mutant(
    leave_with_unmark_always
    HEADER slot_current.hpp
    FIND [=[
        if (marked)
            unmark(*left);]=]
    REPLACE [=[
        static_cast<void>(marked);
        unmark(*left);]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    leave_reports_no_guard
    HEADER slot_current.hpp
    FIND [=[            if (guard->depth > former.depth) {]=]
    REPLACE [=[            if (guard->depth > former.depth + 1) {]=]
    SOURCE thread_local_current.cpp
    CASE "ThreadLocalCurrent: leaving a scope with a ResCurrent alive is a panic"
)
resource_mutant(
    leave_reports_all_guards
    HEADER slot_current.hpp
    FIND [=[            if (guard->depth > former.depth) {]=]
    REPLACE [=[            if (guard->depth >= former.depth) {]=]
    SOURCE thread_local_current.cpp
    CASE "ThreadLocalCurrent: a ResCurrent of the outer scope may live through an inner one"
)
resource_mutant(
    leave_reports_again
    HEADER slot_current.hpp
    FIND [=[
                guard->depth = 0; // reported once: whoever survives the panic may enter scopes again
]=]
    REPLACE ""
    SOURCE thread_local_current.cpp
    CASE "ThreadLocalCurrent: leaving a scope with a ResCurrent alive is a panic"
)
resource_mutant(
    leave_keeps_namespace
    HEADER slot_current.hpp
    FIND [=[
        slot.ns_.store(former.ns, std::memory_order_relaxed); // as in enter()
        slot.marked_ = former.marked;]=]
    REPLACE [=[        slot.marked_ = former.marked;]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    switch_minds_no_guard
    HEADER slot_current.hpp
    FIND [=[            if (guard->depth == slot.depth_)]=]
    REPLACE [=[            if (guard->depth > slot.depth_)]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: what current"
)
resource_mutant(
    switch_minds_all_guards
    HEADER slot_current.hpp
    FIND [=[            if (guard->depth == slot.depth_)]=]
    REPLACE [=[            if (guard->depth <= slot.depth_)]=]
    SOURCE per_cpu_current.cpp
    CASE "NamespaceScope: switch_to minds what the scopes around have handed out no more"
)
resource_mutant(
    switch_to_itself
    HEADER slot_current.hpp
    FIND [=[
        if (former == next)
            return;
]=]
    REPLACE ""
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a switch to the namespace that is current leaves it active"
)
resource_mutant(
    switch_unmarks_first
    HEADER slot_current.hpp
    FIND [=[
        slot.marked_ = mark(slot, next);
        slot.ns_.store(next, std::memory_order_relaxed); // as in enter()
        if (former_marked)
            unmark(*former);]=]
    REPLACE [=[
        if (former_marked)
            unmark(*former);
        slot.marked_ = mark(slot, next);
        slot.ns_.store(next, std::memory_order_relaxed); // as in enter()]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a namespace that is active on one processor is refused to another"
)
resource_mutant(
    switch_stores_first
    HEADER slot_current.hpp
    FIND [=[
        slot.marked_ = mark(slot, next);
        slot.ns_.store(next, std::memory_order_relaxed); // as in enter()]=]
    REPLACE [=[
        slot.ns_.store(next, std::memory_order_relaxed); // as in enter()
        slot.marked_ = mark(slot, next);]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a namespace that is active on one processor is refused to another"
)
resource_mutant(
    switch_without_unmark
    HEADER slot_current.hpp
    FIND [=[
        if (former_marked)
            unmark(*former);]=]
    REPLACE [=[        static_cast<void>(former_marked);]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: each processor has the namespace that was switched to there"
)
resource_mutant(
    enter_stores_first
    HEADER slot_current.hpp
    FIND [=[
        const bool marked = mark(slot, &next);
        const Activation former{&slot, current(slot), slot.depth_, slot.marked_};]=]
    REPLACE [=[
        const Activation former{&slot, current(slot), slot.depth_, slot.marked_};
        slot.ns_.store(&next, std::memory_order_relaxed);
        const bool marked = mark(slot, &next);]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a namespace that is active on one processor is refused to another"
)
resource_mutant(
    global_is_marked
    HEADER slot_current.hpp
    FIND [=[if (next == nullptr || next == try_global_ns<Traits>())]=]
    REPLACE [=[if (next == nullptr)]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    claimed_by_another
    HEADER slot_current.hpp
    FIND [=[if (holder != nullptr && holder != &slot)]=]
    REPLACE [=[if (holder == &next)]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a namespace that is active on one processor is refused to another"
)
resource_mutant(
    claimed_by_itself
    HEADER slot_current.hpp
    FIND [=[if (holder != nullptr && holder != &slot)]=]
    REPLACE [=[if (holder != nullptr)]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    inner_mark_taken
    HEADER slot_current.hpp
    FIND [=[            return holder == nullptr;]=]
    REPLACE [=[            return true;]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: one processor may enter a namespace again"
)
resource_mutant(
    guard_without_pin
    HEADER slot_current.hpp
    FIND [=[
    [[no_unique_address]] typename Slots::Pin pin_{}; // before anything that depends on the slot
]=]
    REPLACE ""
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: a ResCurrent keeps its owner on the processor"
)
resource_mutant(
    pin_after_slot
    HEADER slot_current.hpp
    FIND [=[
    [[no_unique_address]] typename Slots::Pin pin_{}; // before anything that depends on the slot
    Slot& slot_;
    typename Slot::Guard guard_;]=]
    REPLACE [=[
    Slot& slot_;
    typename Slot::Guard guard_;
    [[no_unique_address]] typename Slots::Pin pin_{};]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: nothing looks for its processor before it is kept there"
)
resource_mutant(
    enter_without_pin
    HEADER slot_current.hpp
    FIND [=[
    [[nodiscard]] static Activation enter(const Ns& next) {
        [[maybe_unused]] const typename Slots::Pin pin{};
]=]
    REPLACE [=[
    [[nodiscard]] static Activation enter(const Ns& next) {
]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: nothing looks for its processor before it is kept there"
)
resource_mutant(
    leave_without_pin
    HEADER slot_current.hpp
    FIND [=[
    static void leave(Activation former) {
        [[maybe_unused]] const typename Slots::Pin pin{};
]=]
    REPLACE [=[
    static void leave(Activation former) {
]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: nothing looks for its processor before it is kept there"
)
resource_mutant(
    switch_without_pin
    HEADER slot_current.hpp
    FIND [=[
    static void switch_to(const Ns* next) {
        [[maybe_unused]] const typename Slots::Pin pin{};
]=]
    REPLACE [=[
    static void switch_to(const Ns* next) {
]=]
    SOURCE per_cpu_current.cpp
    CASE "PerCpuCurrent: nothing looks for its processor before it is kept there"
)
resource_mutant(
    places_not_counted
    HEADER slot_current.hpp
    FIND [=[
            next->activation().add();
            return true;]=]
    REPLACE [=[            return true;]=]
    SOURCE thread_local_current.cpp
    CASE "ThreadLocalCurrent: scopes nest and each leave restores the one before"
)

# Owners of one value.
resource_mutant(
    arc_copy_uncounted
    HEADER res_arc.hpp
    FIND [=[body_(other.body_ != nullptr ? other.shared() : nullptr)]=]
    REPLACE [=[body_(other.body_)]=]
    SOURCE res_arc.cpp
    CASE "ResArc: copies name one value and the last owner destroys it exactly once"
)
resource_mutant(
    arc_assign_always
    HEADER res_arc.hpp
    FIND [=[
        if (body_ != other.body_) // else both name one value already: no read-modify-write
            assign(other);]=]
    REPLACE [=[        assign(other);]=]
    SOURCE res_arc.cpp
    CASE "ResArc: assigning a handle to itself or to a sharer changes nothing"
)
resource_mutant(
    arc_move_assign_swaps
    HEADER res_arc.hpp
    FIND [=[
        BasicAnyResArc former(static_cast<BasicAnyResArc&&>(other));
        swap(former);
        return *this;]=]
    REPLACE [=[
        swap(other);
        return *this;]=]
    SOURCE res_arc.cpp
    CASE "ResArc: a move transfers ownership and leaves an empty handle"
)
resource_mutant(
    arc_never_destroys
    HEADER res_arc.hpp
    FIND [=[
        if (body_ != nullptr && inner().count_.decrement_shared())
            destroy(body_);]=]
    REPLACE [=[
        if (body_ != nullptr)
            static_cast<void>(inner().count_.decrement_shared());]=]
    SOURCE res_arc.cpp
    CASE "ResArc: copies name one value and the last owner destroys it exactly once"
)
resource_mutant(
    arc_adopt_destroys_first
    HEADER res_arc.hpp
    FIND [=[
        void* const former = body_;
        body_ = body;
        if (former != nullptr && Inner::of(former).count_.decrement())
            destroy(former);]=]
    REPLACE [=[
        void* const former = body_;
        if (former != nullptr && Inner::of(former).count_.decrement())
            destroy(former);
        body_ = body;]=]
    SOURCE res_wrapper.cpp
    CASE "ResWrapper: share_from over a value whose destructor throws still shares"
)
resource_mutant(
    arc_make_leaks
    HEADER res_arc.hpp
    FIND [=[
        Block block{allocate(resource)};
        void* const body = block.body;]=]
    REPLACE [=[
        struct { void* body; } block{allocate(resource)};
        void* const body = block.body;]=]
    SOURCE res_arc.cpp
    CASE "AnyResArc: an initialiser that throws returns the block"
)
resource_mutant(
    arc_destroy_leaks
    HEADER res_arc.hpp
    FIND [=[
        const Block at_end{body}; // also when the value's destructor throws
        Inner::of(body).resource().drop(body);]=]
    REPLACE [=[
        Inner::of(body).resource().drop(body);
        deallocate(body);]=]
    SOURCE res_arc.cpp
    CASE "ResArc: the destructor of a value that throws returns the memory"
)
resource_mutant(
    arc_get_mut_shared
    HEADER res_arc.hpp
    FIND [=[{ return any_.unique() ? any_.template body_as<T>() : nullptr; }]=]
    REPLACE [=[{ return any_.template body_as<T>(); }]=]
    SOURCE res_arc.cpp
    CASE "ResArc: get_mut gives the value to a sole owner only"
)
resource_mutant(
    arc_renew_adopts_null
    HEADER res_arc.hpp
    FIND [=[
        if (made != nullptr)
            adopt(made);]=]
    REPLACE [=[        adopt(made);]=]
    SOURCE res_wrapper.cpp
    CASE "ResWrapper: reset without memory changes nothing"
)
resource_mutant(
    arc_copy_of_source
    HEADER res_arc.hpp
    FIND [=[            resource.copy(body, from);]=]
    REPLACE [=[            resource.init(body);]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::fork: shares"
)
resource_mutant(
    owner_lost_by_rmw
    HEADER res_arc.hpp
    FIND [=[return Inner::of(body).count_.decrement(); }]=]
    REPLACE [=[return Inner::of(body).count_.decrement_shared(); }]=]
    SOURCE arc_array.cpp
    CASE "ArcArray: a sole owner lets go without a read-modify-write"
)

# Joint blocks: where values stand in them, how many have begun and ended, and when that is told.
foreach(mutant size_so_far size_not_rounded limit_of_blocks limit_of_values limit_of_alignment word_of_a_constant)
    set(replace "")
    if(mutant STREQUAL size_so_far)
        set(find "        end_ = place + rounded(value.size, sizeof(void*)); // room for the word of a constant\n")
        set(replace "${find}        close();\n")
        set(case "JointPlaces: whoever numbers again stores what is there")
    elseif(mutant STREQUAL size_not_rounded)
        set(find "rounded(end_, align)")
        set(replace "end_")
        set(case "JointPlaces: a block that is full is followed by another one")
    elseif(mutant STREQUAL limit_of_blocks)
        set(find " || place + value.size > largest_block")
        set(case "JointPlaces: a block that is full is followed by another one")
    elseif(mutant STREQUAL limit_of_values)
        set(find "value.size > largest_value || ")
        set(case "JointPlaces: what is large or aligned to more than a block has none")
    elseif(mutant STREQUAL limit_of_alignment)
        set(find " || value.align > align")
        set(case "JointPlaces: what is large or aligned to more than a block has none")
    else()
        set(find "rounded(value.size, sizeof(void*)); // room")
        set(replace "value.size; // room")
        set(case "JointPlaces: each value stands behind the one before")
    endif()
    resource_mutant(
        joint_${mutant}
        HEADER joint_block.hpp
        FIND "${find}"
        REPLACE "${replace}"
        SOURCE joint_block.cpp
        CASE "${case}"
    )
endforeach()
resource_mutant(
    joint_empty_block_kept
    HEADER joint_block.hpp
    FIND [=[
            if (values != 0)
                ::new (static_cast<void*>(memory_)) BasicJointBlock(values, size_);
            else
                Memory::deallocate(memory_, size_, JointPlaces::align);]=]
    REPLACE [=[
            ::new (static_cast<void*>(memory_)) BasicJointBlock(values, size_);]=]
    SOURCE arc_array.cpp
    CASE "ArcArray: an initialiser that throws leaves"
)
resource_mutant(
    joint_pin_tells_nobody
    HEADER res_arc.hpp
    FIND [=[
        if (inner.joint())
            return Joint::of(body, resource).lose(1);]=]
    REPLACE [=[
        if (inner.joint())
            return;]=]
    SOURCE joint_block.cpp
    CASE "JointBlock: a pin keeps its value"
)
resource_mutant(
    joint_begun_not_noted
    HEADER arc_array.hpp
    FIND [=[
                note();
                resource->init(body);]=]
    REPLACE [=[
                resource->init(body);]=]
    SOURCE arc_array.cpp
    CASE "ArcArray: an initialiser that throws leaves"
)
resource_mutant(
    joint_ended_not_noted
    HEADER arc_array.hpp
    FIND [=[
                    note();
                    resource.drop(body);]=]
    REPLACE [=[
                    resource.drop(body);]=]
    SOURCE arc_array.cpp
    CASE "ArcArray: release lets the first exception"
)
resource_mutant(
    joint_others_not_counted
    HEADER arc_array.hpp
    FIND [=[
                    ++others;]=]
    REPLACE ""
    SOURCE arc_array.cpp
    CASE "ArcArray: constants stand beside"
)
resource_mutant(
    joint_next_block_forgets
    HEADER arc_array.hpp
    FIND [=[
                    if (block != nullptr)
                        block->lose(ended);
                    block = its_block;]=]
    REPLACE [=[                    block = its_block;]=]
    SOURCE arc_array.cpp
    CASE "ArcArray: constants stand beside"
)

# fork, unshare and enter: what they ask, select and replace, and when.
resource_mutant(
    fork_of_own
    HEADER namespace_change.hpp
    FIND [=[        const Arc& from = for_children(i);]=]
    REPLACE [=[        const Arc& from = arcs_[i];]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: what concerns the next child only"
)
resource_mutant(
    fork_rule_of_no_flag
    HEADER namespace_change.hpp
    FIND [=[fork_rule(flags), from)]=]
    REPLACE [=[fork_rule(0), from)]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::fork: shares"
)
resource_mutant(
    fork_unasked
    HEADER namespace_change.hpp
    FIND [=[
    if (flags != 0)
        if (const Errno refusal = permit(NamespaceChange::fork, flags, nullptr); refusal != Errno::ok)
            return refusal;
]=]
    REPLACE ""
    SOURCE namespace_change.cpp
    CASE "Namespace: the hook of a resource is asked before anything is made"
)
resource_mutant(
    change_unasked
    HEADER namespace_change.hpp
    FIND [=[
    if (const Errno refusal = permit(what, flags, target); refusal != Errno::ok)
        return refusal;
]=]
    REPLACE ""
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: an unknown flag"
)
resource_mutant(
    release_in_transaction
    HEADER namespace_change.hpp
    FIND [=[
    const Errno error = catching([&] { return change(former, what, flags, target); });
    if (error == Errno::ok)
        former.release(); // not in the above: whatever a destructor throws, the change has been made]=]
    REPLACE [=[    const Errno error = catching([&] { const Errno e = change(former, what, flags, target); if (e == Errno::ok) former.release(); return e; });]=]
    SOURCE namespace_change.cpp
    CASE "Namespace: a destructor that throws bad_alloc does not look"
)
resource_mutant(
    must_change_quiet
    HEADER namespace_change.hpp
    FIND [=[
    or_raise(change(former, what, flags, target));
    former.release();]=]
    REPLACE [=[    or_raise(change(former, what, flags, target));]=]
    SOURCE namespace_change.cpp
    CASE "Namespace: a replaced value whose destructor throws is gone"
)
resource_mutant(
    commit_to_own
    HEADER namespace_change.hpp
    FIND [=[(policy(i).next_child_only ? next_[i] : arcs_[i]).swap(candidate[i]);]=]
    REPLACE [=[arcs_[i].swap(candidate[i]);]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: what concerns the next child only"
)
resource_mutant(
    change_of_unselected
    HEADER namespace_change.hpp
    FIND [=[if (policy(i).selected(flags) && policy(i).allows(what)) {]=]
    REPLACE [=[if (policy(i).allows(what)) {]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: gives own values for the selected resources only"
)
resource_mutant(
    enter_counts_again
    HEADER namespace_change.hpp
    FIND [=[
        if (!now.same_as(target->arcs_[i]))
            place]=]
    REPLACE [=[        place]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::enter: counts nothing for what is shared already"
)
resource_mutant(
    own_fresh_kept
    HEADER namespace_change.hpp
    FIND [=[    if (copies && own && now.unique())]=]
    REPLACE [=[    if (own && now.unique())]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: a copy that nobody shares stays"
)
resource_mutant(
    copy_of_shared_kept
    HEADER namespace_change.hpp
    FIND [=[    if (copies && own && now.unique())]=]
    REPLACE [=[    if (copies && own)]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: gives own values for the selected resources only"
)
resource_mutant(
    unknown_flag_ignored
    HEADER namespace_change.hpp
    FIND [=[    return unknown == 0 ? Errno::ok : Errno::invalid;]=]
    REPLACE [=[    return unknown == 0 ? Errno::ok : Errno::ok;]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: an unknown flag"
)
resource_mutant(
    forbidden_in_all
    HEADER namespace_change.hpp
    FIND [=[refusal = flags == all_resources ? Errno::ok : Errno::invalid;]=]
    REPLACE [=[refusal = Errno::invalid;]=]
    SOURCE namespace_change.cpp
    CASE "Namespace::unshare: all resources at once leave out what cannot be unshared"
)
resource_mutant(
    hook_overruled
    HEADER namespace_change.hpp
    FIND [=[
        if (refusal != Errno::ok)
            return refusal;
    }]=]
    REPLACE [=[
        static_cast<void>(refusal);
    }]=]
    SOURCE namespace_change.cpp
    CASE "Namespace: the hook of a resource is asked before anything is made"
)
