#include "widthwise/data/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>

#include "data/idx_files.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using testing::HasSubstr;
using testing_data::Folder;

// Sets an environment variable for the length of a test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Environment() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

DataOptions tiny(const Folder& folder, const std::string& name = "mnist") {
  DataOptions options;
  options.name = name;
  options.train = 20;
  options.test = 10;
  options.key = Key(1);
  options.data_dir = folder.path();
  return options;
}

std::optional<ConfigError> refused(const std::function<void()>& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error;
  }
  return {};
}

TEST(LoadData, ReadsTheSamplesWithTheirLabels) {
  for (const bool gzip : {false, true}) {
    const Folder folder;
    folder.write_image_set("mnist", 50, 30, gzip);
    DataOptions options = tiny(folder);
    options.preprocess = "none";
    const Split split = load_data(options);
    EXPECT_EQ(split.source, folder.path() + "/mnist");
    EXPECT_EQ(split.train.image, (ImageShape{1, 2, 3}));
    ASSERT_EQ(split.train.samples(), 20);
    ASSERT_EQ(split.test.samples(), 10);
    for (const Dataset* data : {&split.train, &split.test})
      for (Index i = 0; i < data->samples(); ++i) {
        const int label = data->classes[static_cast<std::size_t>(i)];  // pixel p of such an image is label + p
        for (Index p = 0; p < 6; ++p) EXPECT_DOUBLE_EQ(data->inputs(i, p) * 255, label + static_cast<double>(p));
        EXPECT_EQ(data->targets(i, label), 1);
        EXPECT_EQ(data->targets.row(i).sum(), 1);
      }
  }
}

TEST(LoadData, DefaultsToStandardisedImages) {
  const Folder folder;
  folder.write_image_set("mnist", 50, 30, false);
  const Split split = load_data(tiny(folder));
  EXPECT_NEAR(split.train.inputs.mean(), 0, 1e-13);
  EXPECT_NEAR(split.train.inputs.array().square().mean(), 1, 1e-13);
}

TEST(LoadData, ParityIsOneOutput) {
  const Folder folder;
  folder.write_image_set("mnist", 50, 30, false);
  DataOptions options = tiny(folder);
  options.labels = "parity";
  const Dataset train = load_data(options).train;
  ASSERT_EQ(train.outputs(), 1);
  for (Index i = 0; i < train.samples(); ++i)
    EXPECT_EQ(train.targets(i, 0), train.classes[static_cast<std::size_t>(i)] % 2 == 0 ? 1 : -1);
}

TEST(LoadData, TheFingerprintTellsSubsetsApartButNotPreprocessing) {
  const Folder folder;
  folder.write_image_set("mnist", 50, 30, false);
  DataOptions options = tiny(folder);
  const std::uint64_t first = load_data(options).fingerprint;
  options.preprocess = "sphere";
  EXPECT_EQ(load_data(options).fingerprint, first);
  options.train = 21;
  EXPECT_NE(load_data(options).fingerprint, first);
}

TEST(LoadData, TheTestSetMayBeLeftOutEvenItsFiles) {
  const Folder folder;
  folder.write_image_set("mnist", 50, 30, false);
  std::filesystem::remove(folder.path() + "/mnist/t10k-images-idx3-ubyte");
  DataOptions options = tiny(folder);
  options.test = 0;
  const Split split = load_data(options);
  EXPECT_EQ(split.test.samples(), 0);
  EXPECT_EQ(split.test.features(), 6);
  options.test = 1;
  EXPECT_THAT([&] { load_data(options); }, testing::ThrowsMessage<DataError>(HasSubstr("t10k-images-idx3-ubyte")));
}

TEST(LoadData, LooksInTheFolderGivenThenInTheEnvironment) {
  const Folder given, environment;
  const Environment variable("WIDTHWISE_DATA", environment.path());
  environment.write_image_set("mnist", 50, 30, false);
  EXPECT_EQ(where_found("mnist", given.path()), environment.path() + "/mnist");
  given.write_image_set("mnist", 50, 30, true);
  EXPECT_EQ(where_found("mnist", given.path()), given.path() + "/mnist");
  EXPECT_EQ(where_found("mnist"), environment.path() + "/mnist");
  EXPECT_EQ(places_of("mnist", given.path()).back(), "/usr/share/datasets/mnist");
}

TEST(LoadData, AFolderNamedLikeAnotherSetIsNotMistaken) {
  // The files of both sets are called the same: only the folder's name tells them apart.
  const Folder folder;
  folder.write_image_set("fashion-mnist", 50, 30, false);
  const std::string inside = folder.path() + "/fashion-mnist";
  EXPECT_EQ(where_found("fashion-mnist", inside), inside);
  EXPECT_EQ(where_found("fashion-mnist", inside + "/"), inside + "/");
  const Environment variable("WIDTHWISE_DATA", inside + "/");
  EXPECT_THAT(where_found("mnist", inside), testing::Not(HasSubstr(folder.path())));
  const Folder unnamed;
  unnamed.write_image_set(".", 50, 30, false);
  EXPECT_EQ(where_found("mnist", unnamed.path()), unnamed.path());
}

TEST(LoadData, AMissingSetSaysWhereItWasSoughtAndHowToGetIt) {
  const Folder folder, environment;
  const Environment variable("WIDTHWISE_DATA", environment.path());
  if (!where_found("mnist").empty()) GTEST_SKIP() << "MNIST lies in Debian's folder here, so it cannot be missing";
  const auto error = refused([&] { load_data(tiny(folder)); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->place().key, "data.name");
  for (const std::string& part : {folder.path() + "/mnist", environment.path() + "/mnist",
                                  std::string("/usr/share/datasets/mnist"), std::string("--data-dir")})
    EXPECT_THAT(error->what(), HasSubstr(part));
  EXPECT_THAT(how_to_get("fashion-mnist"), HasSubstr("apt-get install dataset-fashion-mnist"));
}

TEST(LoadData, BadOptionsAreRefusedByTheirKey) {
  const Folder folder;
  folder.write_image_set("mnist", 50, 30, false);
  const auto key_with = [&](const std::function<void(DataOptions&)>& change) -> std::string {
    DataOptions options = tiny(folder);
    change(options);
    const auto error = refused([&] { load_data(options); });
    return error ? error->place().key : "";
  };
  EXPECT_EQ(key_with([](DataOptions&) {}), "");
  EXPECT_EQ(key_with([](DataOptions& o) { o.name = "fashion-minst"; }), "data.name");
  EXPECT_EQ(key_with([](DataOptions& o) { o.train = 0; }), "data.train");
  EXPECT_EQ(key_with([](DataOptions& o) { o.train = 51; }), "data.train");
  EXPECT_EQ(key_with([](DataOptions& o) { o.test = 31; }), "data.test");
  EXPECT_EQ(key_with([](DataOptions& o) { o.test = -1; }), "data.test");
  EXPECT_EQ(key_with([](DataOptions& o) { o.labels = "sign"; }), "data.labels");
  EXPECT_EQ(key_with([](DataOptions& o) { o.preprocess = "no"; }), "data.preprocess");
  EXPECT_EQ(key_with([](DataOptions& o) { o.dimension = 7; }), "data.dimension");
  EXPECT_EQ(key_with([](DataOptions& o) { o.dimension = 6; }), "");
  EXPECT_EQ(key_with([](DataOptions& o) { o.outputs = 1; }), "data.outputs");
  EXPECT_EQ(key_with([](DataOptions& o) { o.data_dir += "/none"; }), "--data-dir");
}

TEST(LoadData, TrainAndTestImagesOfDifferentSizesAreADataError) {
  const Folder folder;
  folder.write_image_set("mnist", 50, 30, false);
  folder.write("mnist/t10k-images-idx3-ubyte", testing_data::idx_bytes({30, 1, 1}, testing_data::Bytes(30)));
  EXPECT_THROW(load_data(tiny(folder)), DataError);
}

TEST(LoadData, EveryKnownGeneratedSetNeedsNothingButASize) {
  for (const Named& known : known_data()) {
    if (where_found(known.name) != "generated") continue;
    DataOptions options;
    options.name = known.name;
    options.train = 5;
    options.dimension = 3;
    const Split split = load_data(options);
    EXPECT_EQ(split.train.inputs.rows(), 5);
    EXPECT_EQ(split.train.inputs.cols(), 3);
    EXPECT_EQ(split.train.outputs(), 1);
    EXPECT_TRUE(places_of(known.name).empty());
  }
}

}  // namespace
}  // namespace widthwise
