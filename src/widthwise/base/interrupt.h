// Ctrl-C and SIGTERM as a flag that long work polls: the first asks to stop at the next safe point, a second one, half
// a second later or more, ends the process at once (recorded work survives that too; see store). Shells and wrappers
// often deliver one Ctrl-C twice, to the process and to its group; that is one request.
#pragma once

namespace widthwise {

/// Installs the handlers (idempotent). Only programs call it; a library user keeps his own handlers.
void install_interrupt_handlers();
/// True from the first SIGINT or SIGTERM on.
bool interrupt_requested();
/// Throws Interrupted if a stop was asked for.
void throw_if_interrupted();
/// For tests and embedding: asks for, or withdraws, a stop.
void request_interrupt(bool requested = true);

}  // namespace widthwise
