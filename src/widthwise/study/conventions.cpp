#include "widthwise/study/conventions.h"

#include <algorithm>
#include <set>

namespace widthwise {

namespace {

constexpr const char* key = "training.alpha_convention";

void add(const Settings& settings, std::set<std::string>& used) {
  const auto found = settings.find(key);
  if (found != settings.end() && found->second.is_text()) used.insert(found->second.text());
}

}  // namespace

std::vector<std::string> conventions(const Study& study) {
  std::set<std::string> used;
  for (const Sweep& sweep : study.sweeps) {
    const auto axis = std::ranges::find(sweep.axes, key, &Axis::key);
    if (axis != sweep.axes.end()) {
      for (const Value& value : axis->values)
        if (value.is_text()) used.insert(value.text());
    } else {
      add(sweep.set.contains(key) ? sweep.set : study.base, used);
    }
  }
  std::vector<std::string> sentences;
  if (used.contains("article"))
    sentences.emplace_back(
        "training.alpha is the article's alpha (Geiger et al. 2020): what is minimized is the loss over alpha^2; with "
        "a "
        "readout of 1/sqrt(h), x = sqrt(h) alpha.");
  if (used.contains("code"))
    sentences.emplace_back(
        "training.alpha is that of the article's code (Geiger et al. 2020): what is minimized is the loss over alpha; "
        "with a readout of 1/h it is x = sqrt(h) times the article's alpha.");
  return sentences;
}

}  // namespace widthwise
