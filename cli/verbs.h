// The verbs of the program, one file each. A verb adds its subcommand to the app; when it is called it does its work
// and returns the exit code through `exit`: 0 fine, 1 a prediction failed or a setting drifts under --strict, or not
// certified. Bad input (2) and interruption (3) are thrown and handled in main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace widthwise::cli {

void add_new(CLI::App& app, int& exit);
void add_run(CLI::App& app, int& exit);
void add_report(CLI::App& app, int& exit);
void add_regime(CLI::App& app, int& exit);
void add_limit(CLI::App& app, int& exit);
void add_certify(CLI::App& app, int& exit);
void add_transfer(CLI::App& app, int& exit);
void add_runs(CLI::App& app, int& exit);
void add_list(CLI::App& app, int& exit);
void add_classify(CLI::App& app, int& exit);
void add_data(CLI::App& app, int& exit);
void add_doctor(CLI::App& app, int& exit);

}  // namespace widthwise::cli
