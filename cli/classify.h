// What the questions under `widthwise classify` share.
#pragma once

#include <CLI/CLI.hpp>

#include "widthwise/base/error.h"

namespace widthwise::cli {

/// The same error, its key (such as hidden_layers, or architecture.activation) named as the option --hidden-layers.
ConfigError about_option(const ConfigError& error);

void add_classify_two_layer(CLI::App& classify);

}  // namespace widthwise::cli
