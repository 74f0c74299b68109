// What a report says, as plain data: the page, the terminal table and `--explain` are three views of it. It is built
// from a study and its store by build_page.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "widthwise/report/figure.h"

namespace widthwise::report {

/// waiting: too few finished runs to say anything.
enum class Mark { agrees, disagrees, undecided, waiting };

/// "agrees", "disagrees", "undecided", "waiting".
std::string mark_word(Mark mark);

/// Rows of text under a header; every row has as many cells as the header.
struct TextTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

/// How a verdict came about, for whoever doubts it.
struct Explanation {
  std::string claim;                                       ///< what is predicted, with its source
  std::vector<std::string> reasons;                        ///< why theory says so, a sentence each
  std::vector<std::pair<std::string, std::string>> facts;  ///< label and value: slope, interval, widening, band, ...
  TextTable points;                                        ///< what was measured where
  TextTable slopes;                                        ///< the slope, or the limit, of each seed
  std::vector<std::string> doubtful;                       ///< points used, but flagged, each with the flag
  std::vector<std::string> dropped;                        ///< runs left out, each with the reason
  std::string rule;                                        ///< how the verdict follows from the numbers
  std::string advice;                                      ///< what would decide it; empty where it is decided
  std::string slopes_title = "Slope of each seed";         ///< over `slopes`
};

/// Numbers of the small picture beside a verdict; drawn where `measured` is finite. Ends may be infinite.
struct IntervalPicture {
  double band_low = 0, band_high = 0;                                             ///< what counts as agreement
  double measured = std::numeric_limits<double>::quiet_NaN(), low = 0, high = 0;  ///< the 95% interval
};

struct VerdictRow {
  std::string name;
  Mark mark = Mark::waiting;
  std::string predicted;  ///< "0", "-1/2", "below 0.2"
  std::string measured;   ///< "-0.04 [-0.09, 0.01]"; empty while waiting
  std::string remark;     ///< a flag worth one line, such as an optimum at the edge of its grid; may be empty
  IntervalPicture picture;
  Explanation explanation;
};

struct Page {
  std::string title, description;
  std::vector<std::string> conventions;               ///< whole sentences
  std::size_t finished = 0, total = 0, diverged = 0;  ///< runs; diverged ones count as finished
  std::vector<std::string> warnings;                  ///< whole sentences
  std::vector<VerdictRow> verdicts;
  std::vector<Figure> figures;
  std::string configuration;                                    ///< the study as text
  std::vector<std::pair<std::string, std::string>> provenance;  ///< version, cpu, isa, threads, time ...
};

/// "37 of 405 runs finished, 2 diverged".
std::string progress_sentence(const Page& page);

/// "7 agree, 1 disagrees, 2 undecided".
std::string verdict_count(const std::vector<VerdictRow>& verdicts);

}  // namespace widthwise::report
