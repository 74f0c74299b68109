#include "widthwise/study/new_study.h"

#include <fmt/format.h>

#include "widthwise/study/schema.h"

namespace widthwise {

namespace {

constexpr const char* head = R"toml(
# A study: settings shared by all runs, sweeps that vary some of them, figures to draw, predictions to check.
#   widthwise run THIS --dry-run     what it would do
#   widthwise run THIS               whatever is missing; stop with Ctrl-C, go on with the same command
# Any number may be an expression of other keys: "3/sqrt(architecture.width)", with + - * / ^ ( ) sqrt log exp.
# Keys that are commented out show their defaults.
)toml";

constexpr const char* tail = R"toml(
[variant.long]                         # widthwise run THIS --variant long
"training.steps" = 1000
[variant.long.sweep.widths]            # a variant may also change a sweep
"seed.init" = { from = 0, count = 8 }

[[sweep]]                              # a grid of runs: all combinations of its axes
name = "widths"
"architecture.width" = [32, 64, 128, 256]
# or "architecture.width" = { log2 = [5, 8], step = 1 }; also { log10 = [lo, hi], step = s }, { linear = [lo, hi], count = k }
"parameterization.name" = ["mup", "ntk"]
"seed.init" = { from = 0, count = 3 }  # replicates: predictions are judged by their spread
# zip = [["KEY", "OTHER KEY"]]         # ties axes of one length instead of crossing them

[[figure]]
name = "updates"
title = "How much each layer moves its own output"
sweep = "widths"
x = "architecture.width"
y = ["final.own_update.1", "final.own_update.2"]  # also initial.X best.X last(k).X at(t).X at_step(k).X
column = "parameterization.name"
log = "xy"

[[figure]]
name = "training"
sweep = "widths"
x = "step"                             # a curve over training
y = "train_loss"
color = "architecture.width"
column = "parameterization.name"
log = "y"

[[prediction]]
name = "muP: hidden layers move by order one"
sweep = "widths"
of = "final.own_update.2"
against = "architecture.width"
where = { "parameterization.name" = "mup" }
exponent = "theory"                    # a number needs a source = "paper, equation"
# theory of a value after exactly one step, such as at_step(1).X, is that of the first update; later ones may differ
tolerance = 0.15

# [[derived]]                          # a quantity over a group of runs, a value of its sweep like any other
# name = "loss over seeds"
# sweep = "widths"
# of = "final.train_loss"
# over = "seed.init"
# how = "mean"                         # or variance, difference, best (by = VALUE), infinite-width
)toml";

// The settings this study wants different from the defaults, as written.
std::string chosen(const std::string& key) {
  if (key == "data.name") return "\"gaussian\"";
  if (key == "data.train") return "256";
  if (key == "data.test") return "64";
  if (key == "training.learning_rate") return "0.05";
  if (key == "training.steps") return "100";
  if (key == "parameterization.reference_width") return "32";
  if (key == "measure.observables") return R"(["train_loss", "test_error", "own_update"])";
  if (key == "measure.times.log") return "8";
  return {};
}

}  // namespace

std::string new_study(const std::string& title) {
  std::string out = fmt::format("title = {}\ndescription = \"\"\n{}", to_json({title, 0}), head);
  std::string section;
  for (const KeySpec& spec : known_keys()) {
    const std::string in = spec.key.substr(0, spec.key.rfind('.'));
    if (in != section) out += fmt::format("\n[{}]\n", in);
    section = in;
    const std::string value = chosen(spec.key);
    const auto here = spec.standards.find("gaussian");  // the data this study runs on
    const Value& standard = here == spec.standards.end() ? spec.standard : here->second;
    const std::string line = value.empty() ? fmt::format("# {} = {}", spec.short_name(), to_json(standard))
                                           : fmt::format("{} = {}", spec.short_name(), value);
    const std::string choices = spec.choices.empty() || spec.takes_list() ? "" : "; " + expectation(spec);
    out += fmt::format("{:<38} # {}{}\n", line, spec.sentence, choices);
  }
  return out + tail;
}

}  // namespace widthwise
