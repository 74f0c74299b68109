// Runs recorded by formula, so that what a study makes of them is known.
#pragma once

#include <functional>
#include <vector>

#include "text.h"
#include "widthwise/store/reader.h"
#include "widthwise/store/writer.h"

namespace widthwise::study_test {

/// What a run is: it has one point, at step 0, and series to be filled. Status "missing": it is not recorded.
using RunChange = std::function<void(const Configuration&, RunRecord&)>;

/// Records every run of a study: `make` fills it, its final values are those of its series, then `change` has it.
inline StoreReader record_made_up(const Study& study, const Folder& folder, const RunChange& make,
                                  const RunChange& change = {}) {
  std::vector<RunRecord> runs;
  for (const Sweep& sweep : study.sweeps)
    for (const GridPoint& point : expand(study, sweep)) {
      const Configuration& c = point.configuration;
      RunRecord run;
      run.identity = c.identity();
      run.configuration = c.json();
      run.status = "finished";
      run.trace.append(0, 0);
      make(c, run);
      for (const auto& [name, values] : run.trace.series) run.finals[name] = values.back();
      if (change) change(c, run);
      if (run.status != "missing") runs.push_back(run);
    }
  StoreWriter(folder.path()).append(runs);
  return StoreReader(folder.path());
}

}  // namespace widthwise::study_test
