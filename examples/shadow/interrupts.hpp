/// Signals to shadow itself. It stands in the process group of the command, so what a terminal or a program sends to
/// that group reaches shadow too.
///
/// - From the terminal: the command has got it as well and decides. When it ends of it, what it left running ends too.
/// - From the command or its descendants (`kill 0`): meant for the program, not for the one who watches.
/// - From anybody else: passed on to the command; after a grace of two seconds, and as soon as the command has ended,
///   whatever is left is killed.
#pragma once

#include <sys/types.h>

namespace shadow::interrupts {

/// To be called after the fork of the command, which keeps the dispositions that shadow was started with.
void install(pid_t command);
/// The command itself has ended, with this wait status.
void command_ended(int status);
/// Everything that is left has to end now.
bool must_kill();

} // namespace shadow::interrupts
