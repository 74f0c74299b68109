#include "widthwise/training/training.h"

namespace widthwise {

std::string_view status_name(RunStatus status) {
  switch (status) {
    case RunStatus::finished:
      return "finished";
    case RunStatus::stopped:
      return "stopped";
    case RunStatus::diverged:
      return "diverged";
    case RunStatus::interrupted:
      return "interrupted";
  }
  return "unknown";
}

}  // namespace widthwise
