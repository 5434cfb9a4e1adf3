#pragma once
// Every public name. The only place with default template arguments and with the aliases that spare users the `<>`.

#include <cstddef>
#include <cstdint>

namespace procspace {

// --- core: policies and values ---------------------------------------------------------------------------------------
struct Location;
struct DefaultTraits;
struct HeapMemory;
struct DefaultPool;
template <class Config = DefaultPool>
class PoolMemory;
class SizeClasses;
class PoolCache;
struct FreeBlock;
template <class Config>
class Slabs;
template <class Config>
class ThreadLocalPoolCache;
template <class Config = DefaultPool>
struct ThreadCached;
struct NoValue;
enum class Errno : int;
enum class Overflow;
class AnyData;
class NullLock;
class SpinLock;
class TicketLock;
template <class Irq>
class SpinNoIrq;
template <class Lock>
class LockGuard;
template <class T, class Lock = SpinLock>
class Guarded;
template <class Memory>
class MemoryBlock;
template <class T>
struct Result;
template <class Traits>
class RefCount;
template <class T, class Traits = DefaultTraits>
class [[gnu::visibility("hidden")]] Lazy;

// --- resources -------------------------------------------------------------------------------------------------------
struct Layout;
struct ValueBlock;
struct Initialiser;
class Resource;
class JointPlaces;
struct ResourcePolicy;
enum class ForkRule : unsigned char;
enum class NamespaceChange : unsigned char;
class [[gnu::visibility("hidden")]] Registry;
template <class Traits>
class BasicResInner;
template <class Traits>
class BasicJointBlock;
template <class Traits>
class BasicAnyResArc;
template <class T, class Traits = DefaultTraits>
class ResArc;
template <class Traits>
class BasicArcArray;
template <class Traits>
class ActivationMark;
template <class Traits>
class BasicNamespace;
template <class T>
class ResWrapper;
template <class T, class Traits = DefaultTraits>
class ResCurrent;
template <class Traits>
class NamespaceScope;
template <class Traits>
class GlobalCurrent;
template <class Traits>
class CurrentSlot;
template <class Traits, class Slots>
class SlotCurrent;
template <class Traits>
class PerCpuCurrent;
template <class Traits>
class ThreadLocalCurrent;

using ResInner = BasicResInner<DefaultTraits>;
using AnyResArc = BasicAnyResArc<DefaultTraits>;
using Namespace = BasicNamespace<DefaultTraits>;

template <class Traits = DefaultTraits>
[[gnu::visibility("hidden")]] const BasicNamespace<Traits>& global_ns();
template <class Traits = DefaultTraits>
[[gnu::visibility("hidden")]] const BasicNamespace<Traits>* try_global_ns() noexcept;

// --- processes -------------------------------------------------------------------------------------------------------
/// The number of a process, thread, group or session.
using Pid = std::uint32_t;

class FormatLine;
class HeldLocks;
template <class Traits>
class CheckedLock;
template <class Traits>
struct CheckedMemory;
template <class Base>
struct CheckedTraits;
struct BrokenRule;
template <class Traits>
class TreeInvariants;
struct ProcessInfo;
struct ProcessId;
struct ProcessDetails;
struct Posted;
struct Foreground;
struct InitOptions;
struct Usage;
struct Signal;
struct ChildPolicy;
struct ChildEvent;
struct TreeCounts;
struct ForkOptions;
struct WaitOptions;
struct WaitAnswer;
class WaitSelector;
class WaitBeds;
template <class Base>
struct BlockingWaitTraits;
enum class ProcessState : unsigned char;
enum class NumberRole : unsigned char;
enum class ChildChange : unsigned char;
enum class CloneChildren : unsigned char;
enum class WaitOutcome : unsigned char;
enum class EffectKind : unsigned char;
template <class T, class Role>
class NumberIndex;
template <class T, class Memory>
class HandleList;
template <class T>
class Family;
template <class K, class V, class Memory = HeapMemory>
class StrongMap;
template <class K, class V, class Memory = HeapMemory>
class WeakMap;
template <class Traits>
class BasicTopology;
template <class Traits>
class BasicProcessTree;
template <class Traits>
class BasicSession;
template <class Traits>
class BasicProcessGroup;
template <class Traits>
class BasicProcess;
template <class Traits>
class BasicThread;
template <class Traits>
struct BasicEffect;
template <class Traits>
class BasicEffects;
template <class Traits>
struct BasicRemains;
template <class Traits>
struct BasicLeftovers;
template <class Traits>
struct BasicLineage;
template <class Traits>
class BasicChildCursor;
template <class Traits>
struct BasicTerminalLink;
template <class Traits>
class BasicExec;
template <class Traits>
class BasicWait;
template <class Traits>
class BasicWaitClaim;
template <class Traits>
class BasicPreparedProcess;
template <class Traits>
class BasicPreparedThread;
template <class Traits>
class BasicPreparedGroup;
template <class Traits>
class BasicPreparedSession;
template <class Traits>
class BasicThreadGroup;
template <class Traits>
class BasicProcessBuilder;
template <class Traits>
class BasicThreadBuilder;
template <class Traits>
class CountedInTree;
class BuilderKey;
template <class Traits>
class BasicJobControl;
template <class Traits>
class BasicTerminal;
template <class Traits>
class BasicCloneCall;
template <class Traits>
struct BasicCloned;
struct CloneFlag;
struct CloneRequest;

using ProcessTree = BasicProcessTree<DefaultTraits>;
using Session = BasicSession<DefaultTraits>;
using ProcessGroup = BasicProcessGroup<DefaultTraits>;
using Process = BasicProcess<DefaultTraits>;
using Thread = BasicThread<DefaultTraits>;
using Effect = BasicEffect<DefaultTraits>;
using Effects = BasicEffects<DefaultTraits>;
using Exec = BasicExec<DefaultTraits>;
using WaitClaim = BasicWaitClaim<DefaultTraits>;
using PreparedProcess = BasicPreparedProcess<DefaultTraits>;
using PreparedThread = BasicPreparedThread<DefaultTraits>;
using PreparedGroup = BasicPreparedGroup<DefaultTraits>;
using PreparedSession = BasicPreparedSession<DefaultTraits>;
using Terminal = BasicTerminal<DefaultTraits>;
using ThreadGroup = BasicThreadGroup<DefaultTraits>;
using ProcessBuilder = BasicProcessBuilder<DefaultTraits>;
using ThreadBuilder = BasicThreadBuilder<DefaultTraits>;

} // namespace procspace
