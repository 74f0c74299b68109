// The question "does the best value of a setting transfer from small models to large ones?" as a study: the network,
// parameterization, optimizer and data that the base settings of a study file describe, trained over a grid of one
// setting (the learning rate, any other number) at several widths, depths, or both, and seeds. One sweep, "curves"; the
// loss a run ends with is minimised over the setting.
//
// Which keys are width and depth depends on what the file is of (a network, or a limit at infinite width that has a
// ratio of widths instead): the table in transfer_study.cpp. Of a limit that is a theory without random draws there are
// no seeds.
//
// The grid is even in log2 of a setting whose range begins above 0, in the setting itself otherwise, and can be widened
// (transfer.h): what has been run is not run again.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/study/document.h"

namespace widthwise {

struct TransferQuestion {
  enum class Over { width, depth, both };
  enum class Spacing { by_key, log2, linear };

  std::filesystem::path file{};  // a study whose base settings are meant; empty: two hidden relu layers on generated
                                 // classes, `settings` over it
  std::string variant{};         // of that study
  std::vector<std::pair<std::string, std::string>> settings{};  // key and value as behind --set, over all else
  std::string key{};                                            // empty: the learning rate
  Over over = Over::width;
  std::vector<double> widths{}, depths{};  // two or more of those asked over; empty: a factor of 2 apart
  int seeds = 4;
  Spacing spacing = Spacing::by_key;
  double lowest = std::numeric_limits<double>::quiet_NaN();  // of the setting; NaN: three octaves on either side of its
  double highest = std::numeric_limits<double>::quiet_NaN();  // value in the file
  double step = std::numeric_limits<double>::quiet_NaN();     // of the grid; NaN: half an octave, or an eighth
  int below = 0, above = 0;                                   // steps beyond either end
  std::string value{};  // what is minimised; empty: final.test_loss where there are test samples, else final.train_loss
  double cap = std::numeric_limits<double>::quiet_NaN();  // stable runs end below; NaN: the largest initial loss
  double tolerance = 0.1, loss_tolerance = 0.1;           // numerics/transfer.h
};

/// What the question comes to once the file is read.
struct TransferGrid {
  std::string width_key, depth_key, key, value;
  std::string initial;                 // the value at initialization
  std::vector<double> widths, depths;  // empty: not asked over
  std::vector<double> values, places;  // of the setting, ascending, and log2 of them or they themselves
  bool log2 = true;
  bool seeded = true;
};
/// @throws what transfer_study_text throws.
TransferGrid transfer_grid(const TransferQuestion& question);

/// The study as TOML, what `widthwise run` would read.
/// @throws ConfigError for settings no network can have; a key that is no number, a scale itself, or not used by these
/// settings; fewer than two scales or three values of the key, no range to look in, no seeds. What read_study throws.
std::string transfer_study_text(const TransferQuestion& question);
Study transfer_study(const TransferQuestion& question);

/// What network that is, and what was set aside for the purpose: a sentence each.
std::vector<std::string> transfer_notes(const TransferQuestion& question);

}  // namespace widthwise
