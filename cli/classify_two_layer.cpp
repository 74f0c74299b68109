#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "classify.h"
#include "terminal.h"
#include "widthwise/base/write_file.h"
#include "widthwise/parameterization/two_layer_text.h"
#include "widthwise/report/plane.h"

namespace widthwise::cli {

namespace {

struct Options {
  std::string q_sigma, q, q_a, q_w;
  std::filesystem::path draw;
  bool init_corrected = false, json = false;
};

// --q stands for both rates.
TwoLayerExponents read(const Options& options) {
  if (options.q.empty()) {
    for (const auto& [name, value] : {std::pair("--q-a", options.q_a), std::pair("--q-w", options.q_w)})
      if (value.empty())
        throw ConfigError({"command line", name}, "exponents of both rates", "none of this one",
                          "--q gives both at once");
    return parse_two_layer(options.q_sigma, options.q_a, options.q_w);
  }
  if (!options.q_a.empty() || !options.q_w.empty())
    throw ConfigError({"command line", "--q"}, "either --q or both --q-a and --q-w", "--q beside another rate");
  const Rational q = parse_rational(options.q, "q");
  return {parse_rational(options.q_sigma, "q_sigma"), q, q};
}

nlohmann::json as_json(const TwoLayerClass& found) {
  nlohmann::json answer = {{"stable", found.stable}, {"reason", nullptr},   {"class", nullptr},  {"f0", nullptr},
                           {"K0", nullptr},          {"ratio", nullptr},    {"kernel", nullptr}, {"limit", nullptr},
                           {"annotations", nullptr}, {"exponents", nullptr}};
  if (!found.stable) {
    answer["reason"] = found.reason;
    return answer;
  }
  answer["class"] = found.name;
  answer["f0"] = to_word(found.f0);
  answer["K0"] = to_word(found.K0);
  answer["ratio"] = to_word(found.ratio);
  answer["kernel"] = found.evolves ? "evolves" : "stationary";
  answer["limit"] = {{"engine", to_word(found.limit.engine)},
                     {"first", to_word(found.limit.first)},
                     {"later", to_word(found.limit.later)},
                     {"keeps_init", found.limit.keeps_init}};
  answer["annotations"] = found.annotations;
  answer["exponents"] = {{"nu", to_string(found.nu)},
                         {"kappa", to_string(found.kappa)},
                         {"s_a", to_string(found.s_a)},
                         {"s_w", to_string(found.s_w)}};
  return answer;
}

void draw(const Options& options, const TwoLayerExponents& exponents, const TwoLayerClass& found) {
  if (options.draw.empty()) return;
  if (options.draw.extension() != ".svg")
    throw ConfigError({"command line", "--draw"}, "a file name that ends in .svg", "'" + options.draw.string() + "'");
  write_file(options.draw, report::draw_plane(exponents, found));
  notice("Drawn: {}\n", options.draw.string());
}

void classify(const Options& options) {
  try {
    const TwoLayerExponents exponents = read(options);
    const TwoLayerClass found = classify_two_layer(exponents, options.init_corrected);
    draw(options, exponents, found);
    fmt::print("{}\n",
               options.json ? as_json(found).dump(2) : two_layer_text(exponents, found, options.init_corrected));
  } catch (const ConfigError& error) {
    if (!error.place().file.empty()) throw;
    throw about_option(error);
  }
}

}  // namespace

void add_classify_two_layer(CLI::App& classify_verb) {
  auto* verb = classify_verb.add_subcommand(
      "two-layer",
      "f = sigma sum_r a_r phi(w_r . x) of width n: sigma ~ n^q_sigma, rates of a and w ~ n^q_a, n^q_w in "
      "variables that start of order one (Golikov 2020)");
  auto options = std::make_shared<Options>();
  verb->add_option("--q-sigma", options->q_sigma, "Exponent of sigma, for example -1/2")->required();
  verb->add_option("--q-a", options->q_a, "Exponent of the rate of a");
  verb->add_option("--q-w", options->q_w, "Exponent of the rate of w");
  verb->add_option("--q", options->q, "Exponent of both rates");
  verb->add_flag("--init-corrected", options->init_corrected,
                 "Adds (rho^-nu - 1) f_0, so that the output starts finite");
  verb->add_option("--draw", options->draw, "Draws the plane with this point on it into an SVG file");
  verb->add_flag("--json", options->json, "As JSON");
  verb->footer("Example: widthwise classify two-layer --q-sigma=-1 --q=1 --init-corrected");
  verb->callback([options] { classify(*options); });
}

}  // namespace widthwise::cli
