#include "widthwise/report/page_model.h"

#include <fmt/format.h>

#include <algorithm>

namespace widthwise::report {

std::string mark_word(Mark mark) {
  switch (mark) {
    case Mark::agrees:
      return "agrees";
    case Mark::disagrees:
      return "disagrees";
    case Mark::undecided:
      return "undecided";
    case Mark::waiting:
      break;
  }
  return "waiting";
}

std::string progress_sentence(const Page& page) {
  std::string sentence = page.finished == page.total ? fmt::format("All {} runs finished", page.total)
                                                     : fmt::format("{} of {} runs finished", page.finished, page.total);
  if (page.diverged > 0) sentence += fmt::format(", {} of them diverged", page.diverged);
  return sentence;
}

std::string verdict_count(const std::vector<VerdictRow>& verdicts) {
  std::string sentence;
  for (const Mark mark : {Mark::agrees, Mark::disagrees, Mark::undecided, Mark::waiting}) {
    const auto count =
        std::count_if(verdicts.begin(), verdicts.end(), [mark](const auto& row) { return row.mark == mark; });
    if (count == 0) continue;
    std::string word = mark_word(mark);
    if (count > 1 && (mark == Mark::agrees || mark == Mark::disagrees)) word.pop_back();  // they agree
    sentence += fmt::format("{}{} {}", sentence.empty() ? "" : ", ", count, word);
  }
  return sentence;
}

}  // namespace widthwise::report
