#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "verbs.h"
#include "widthwise/data/load.h"
#include "widthwise/linalg/cpu.h"
#include "widthwise/report/plotly_source.h"

namespace widthwise::cli {

namespace {

struct Options {
  bool json = false, quick = false;
};

struct Rate {
  int threads;
  double float_gflops, double_gflops, bandwidth;
};

std::vector<Rate> measure(int most) {
  std::vector<Rate> rates;
  for (int threads = 1; threads <= most; threads += std::max(1, most - 1))
    rates.push_back(
        {threads, measured_peak<float>(threads), measured_peak<double>(threads), measured_bandwidth(threads)});
  return rates;
}

std::vector<std::string> warnings(const CpuInfo& cpu) {
  std::vector<std::string> found;
  if (!cpu.openblas_preferred.empty() && cpu.openblas_core != cpu.openblas_preferred)
    found.push_back(fmt::format("OPENBLAS_CORETYPE holds OpenBLAS at {} kernels where this CPU can run {}: unset it",
                                cpu.openblas_core, cpu.openblas_preferred));
  if (!cpu.openblas_threads) found.push_back("this OpenBLAS is no OpenMP build: its products run on one thread");
  if (where_found("fashion-mnist").empty())
    found.push_back("Fashion-MNIST is not there; " + how_to_get("fashion-mnist"));
  if (report::find_plotly().empty())
    found.push_back("plotly.js is not there, so pages have no drawn figures: apt-get install python3-plotly");
  return found;
}

void doctor(const Options& options) {
  require_supported_cpu();
  const CpuInfo cpu = cpu_info();
  const std::vector<Rate> rates = options.quick ? std::vector<Rate>{} : measure(cpu.physical_threads);
  const std::vector<std::string> found = warnings(cpu);
  if (options.json) {
    nlohmann::json measured = nlohmann::json::array();
    for (const Rate& rate : rates)
      measured.push_back({{"threads", rate.threads},
                          {"float_gflops", rate.float_gflops},
                          {"double_gflops", rate.double_gflops},
                          {"bandwidth_gb_per_s", rate.bandwidth}});
    const nlohmann::json answer = {{"version", WIDTHWISE_VERSION},
                                   {"cpu", cpu.model},
                                   {"features", cpu.features},
                                   {"isa", cpu.isa},
                                   {"blas_core", cpu.openblas_core},
                                   {"blas_path", cpu.openblas_path},
                                   {"blas_config", cpu.openblas_config},
                                   {"onednn", cpu.onednn},
                                   {"compiler", run_environment().compiler},
                                   {"threads", cpu.threads},
                                   {"cores", cpu.physical_threads},
                                   {"measured", measured},
                                   {"warnings", found}};
    std::cout << answer.dump(2) << '\n';
    return;
  }
  const auto line = [](const char* name, const std::string& value) { fmt::print("{:<12} {}\n", name, value); };
  line("version", WIDTHWISE_VERSION);
  line("cpu", fmt::format("{}, {} cores, {} threads in use", cpu.model, cpu.physical_threads, cpu.threads));
  line("features", fmt::format("{}", fmt::join(cpu.features, " ")));
  line("own passes", cpu.isa);
  line("OpenBLAS", fmt::format("{} kernels ({})", cpu.openblas_core, cpu.openblas_path));
  line("oneDNN", cpu.onednn.empty() ? "built without" : cpu.onednn);
  line("compiler", run_environment().compiler);
  for (const Rate& rate : rates)
    line("measured", fmt::format("{} thread{}: {:.0f} GFLOP/s float, {:.0f} double, memory {:.1f} GB/s", rate.threads,
                                 rate.threads == 1 ? "" : "s", rate.float_gflops, rate.double_gflops, rate.bandwidth));
  for (const std::string& warning : found) line("warning", warning);
  if (found.empty()) line("all well", "");
}

}  // namespace

void add_doctor(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("doctor", "What this machine computes with: CPU, libraries, threads, measured peak");
  auto options = std::make_shared<Options>();
  verb->add_flag("--quick", options->quick, "Measure nothing");
  verb->add_flag("--json", options->json, "As JSON");
  verb->footer("Example: widthwise doctor");
  verb->callback([options] { doctor(*options); });
}

}  // namespace widthwise::cli
