#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "verbs.h"
#include "widthwise/base/error.h"
#include "widthwise/base/write_file.h"
#include "widthwise/study/new_study.h"

namespace widthwise::cli {

namespace {

struct Options {
  std::filesystem::path file;
  std::string title;
  bool force = false;
};

void write_new_study(const Options& options) {
  if (std::filesystem::exists(options.file) && !options.force)
    throw ConfigError({options.file.string(), {}}, "a file that does not exist yet", "an existing one",
                      "--force overwrites it");
  write_file(options.file, new_study(options.title.empty() ? options.file.stem().string() : options.title));
  fmt::print("{0} written. Next: widthwise run {0} --dry-run\n", options.file.string());
}

}  // namespace

void add_new(CLI::App& app, int&) {
  auto* verb = app.add_subcommand("new", "Write a commented study to start from");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->file, "The study file to write")->required();
  verb->add_option("--title", options->title, "Title of the study (default: the file's name)");
  verb->add_flag("--force", options->force, "Overwrite an existing file");
  verb->footer("Example: widthwise new my-study.toml");
  verb->callback([options] { write_new_study(*options); });
}

}  // namespace widthwise::cli
