#pragma once
// The macros that define a resource. All stand at namespace scope, with or without a semicolon.
//
//   PROCSPACE_RESOURCE(T, name, args...)           in one .cpp: a second definition of the name is a link error
//   PROCSPACE_DECLARE_RESOURCE(T, name)            in a header: for code that uses what a .cpp defines
//   PROCSPACE_INLINE_RESOURCE(T, name, args...)    in a header: definition and declaration in one
//   PROCSPACE_RESOURCE_WITH(policy, T, name, args...), PROCSPACE_INLINE_RESOURCE_WITH(policy, T, name, args...)
//                                                  the same with a constexpr ResourcePolicy: see policy.hpp
//
// The value is constructed in place as T(args...), and the arguments are evaluated, each time one is made: T need not
// be movable, and the construction may throw. Where T(args...) is a constant, without pointers and no longer than a
// word, a namespace may store its bytes instead, which is the same but for std::is_constant_evaluated(). An aggregate
// with values takes T{...} as its argument; a T that contains a comma needs an alias.

#include "../fwd.hpp"
#include "../core/config.hpp"
#include "registry.hpp"
#include "res_wrapper.hpp"

#include <new>

#define PROCSPACE_DECLARE_RESOURCE(T, name) PROCSPACE_OWN extern const ::procspace::ResWrapper<T> name;

#define PROCSPACE_RESOURCE(T, name, ...)                                                                               \
    PROCSPACE_RESOURCE_WITH(::procspace::ResourcePolicy{}, T, name __VA_OPT__(, ) __VA_ARGS__)

#define PROCSPACE_INLINE_RESOURCE(T, name, ...)                                                                        \
    PROCSPACE_INLINE_RESOURCE_WITH(::procspace::ResourcePolicy{}, T, name __VA_OPT__(, ) __VA_ARGS__)

#define PROCSPACE_RESOURCE_WITH(policy, T, name, ...)                                                                  \
    PROCSPACE_OWN extern const ::procspace::ResWrapper<T> name;                                                        \
    constinit const ::procspace::ResWrapper<T> name{#name, PROCSPACE_INITIALISER(T, __VA_ARGS__),                      \
                                                    ::procspace::CopyPolicy<T, (policy).copies()>{policy}};            \
    PROCSPACE_REGISTER(name)

#define PROCSPACE_INLINE_RESOURCE_WITH(policy, T, name, ...)                                                           \
    PROCSPACE_OWN inline constinit const ::procspace::ResWrapper<T> name{                                              \
        #name, PROCSPACE_INITIALISER(T, __VA_ARGS__), ::procspace::CopyPolicy<T, (policy).copies()>{policy}};          \
    PROCSPACE_REGISTER(name)

// For the macros above. Hidden: a resource belongs to the registry of one executable or shared object, and to use it
// from another one is refused by the linker.
#define PROCSPACE_OWN [[gnu::visibility("hidden")]]
#define PROCSPACE_INITIALISER(T, ...)                                                                                  \
    ::procspace::Initialiser::of<T>([](void* procspace_body) { ::new (procspace_body) T(__VA_ARGS__); },               \
                                    []<class ProcspaceT>() { return ProcspaceT(__VA_ARGS__); })
#define PROCSPACE_REGISTER(name) PROCSPACE_REGISTRY_SLOT name##_procspace_slot{&name.resource()};
