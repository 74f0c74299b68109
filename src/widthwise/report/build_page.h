// From a study, its store and its judgements to the page: the one place where the report meets the rest of Widthwise.
#pragma once

#include <filesystem>
#include <vector>

#include "widthwise/report/page_model.h"
#include "widthwise/study/document.h"
#include "widthwise/study/prediction.h"

namespace widthwise {
class StoreReader;
}

namespace widthwise::report {

/// All figures of a study, in its order. @throws ConfigError as build_figure.
std::vector<Figure> build_figures(const Study& study, const StoreReader& reader);

/// The whole page. Runs that belong to several sweeps count once; a value of the provenance that differs between runs
/// is listed with its variants. @throws ConfigError, StoreError.
Page build_page(const Study& study, const StoreReader& reader, const std::vector<Judgement>& judgements);

/// Builds the page and writes it with the plotly.js of this machine. @throws also Error where `path` cannot be written.
void write_report(const std::filesystem::path& path, const Study& study, const StoreReader& reader,
                  const std::vector<Judgement>& judgements);

}  // namespace widthwise::report
