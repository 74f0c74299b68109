// Which process this is, in a way that another one, later or elsewhere, can tell whether it is gone. Internal to store.
#pragma once

#include <cstdint>
#include <string>

namespace widthwise::store {

struct ProcessName {
  std::string host;
  std::string space;  // boot and process namespace: where numbers mean the same; empty where the system does not tell
  std::int64_t process = 0;
  std::string started;  // of the process, in the system's own ticks: numbers are used again
};

ProcessName this_process();

/// True only if `other` certainly ended: it ran in the number space of `self`, and no process of its number and start
/// is there. Containers can share a host name without sharing process numbers, so the name alone decides nothing.
bool known_dead(const ProcessName& other, const ProcessName& self);

}  // namespace widthwise::store
