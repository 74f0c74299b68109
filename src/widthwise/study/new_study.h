// The commented study that `widthwise new` writes: every section once, every key with its sentence, ready to run.
#pragma once

#include <string>

namespace widthwise {

/// TOML text of a small study called `title`; it reads back without an error.
std::string new_study(const std::string& title);

}  // namespace widthwise
