// widthwise: the program. This file only dispatches; each verb is a file beside it.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "terminal.h"
#include "verbs.h"
#include "widthwise/base/error.h"

namespace {

constexpr int bad_input = 2, interrupted = 3;

int dispatch(int argc, char** argv) {
  using namespace widthwise;
  CLI::App app("The theory of wide neural networks, executable.", "widthwise");
  app.set_version_flag("--version", "widthwise " WIDTHWISE_VERSION);
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every verb");
  app.footer("Start with: widthwise new my-study.toml");

  int exit = 0;
  cli::add_new(app, exit);
  cli::add_run(app, exit);
  cli::add_report(app, exit);
  cli::add_regime(app, exit);
  cli::add_limit(app, exit);
  cli::add_certify(app, exit);
  cli::add_transfer(app, exit);
  cli::add_runs(app, exit);
  cli::add_list(app, exit);
  cli::add_classify(app, exit);
  cli::add_data(app, exit);
  cli::add_doctor(app, exit);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_input;
  }
  cli::finish_output();
  return exit;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(argc, argv);
  } catch (const widthwise::Interrupted& stop) {
    widthwise::cli::notice("\nwidthwise: {}\nThe same command goes on from there.\n", stop.what());
    return interrupted;
  } catch (const widthwise::Error& error) {
    widthwise::cli::notice("widthwise: {}\n", error.what());
    return bad_input;
  } catch (const std::bad_alloc&) {
    widthwise::cli::notice(
        "widthwise: out of memory; fewer threads (--threads) or a smaller batch of runs need less\n");
    return bad_input;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::broken_pipe) return 0;  // who read the answer has read enough
    widthwise::cli::notice("widthwise: {}\n", error.what());
    return bad_input;
  } catch (const std::exception& error) {
    widthwise::cli::notice("widthwise: {}\n", error.what());
    return bad_input;
  }
}
