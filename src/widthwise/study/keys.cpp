// The table of settings: one row a key.
#include <algorithm>

#include "widthwise/activation/activation.h"
#include "widthwise/architecture/architecture.h"
#include "widthwise/data/load.h"
#include "widthwise/data/preprocess.h"
#include "widthwise/loss/loss.h"
#include "widthwise/observable/observable.h"
#include "widthwise/parameterization/schemes.h"
#include "widthwise/study/schema.h"
#include "widthwise/training/schedule.h"

namespace widthwise {

namespace {

using Type = KeySpec::Type;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double many = 1e15;  // steps, seeds: exact in a double

std::vector<std::string> names(const std::vector<Named>& rows) {
  std::vector<std::string> out;
  for (const Named& row : rows) out.push_back(row.name);
  return out;
}

Value text(const std::string& value) {
  return {value, 0};
}

struct Range {
  double lowest = -infinity, highest = infinity;
  bool above_lowest = false, below_highest = false;
};
constexpr Range positive{0, infinity, true};
constexpr Range share{0, 1, false, true};

KeySpec whole(std::string key, std::int64_t standard, Range range, std::string sentence) {
  KeySpec spec;
  spec.key = std::move(key);
  spec.type = Type::whole;
  spec.standard = {standard, 0};
  spec.lowest = range.lowest;
  spec.highest = range.highest;
  spec.above_lowest = range.above_lowest;
  spec.below_highest = range.below_highest;
  spec.sentence = std::move(sentence);
  return spec;
}

KeySpec number(std::string key, double standard, Range range, std::string sentence) {
  KeySpec spec = whole(std::move(key), 0, range, std::move(sentence));
  spec.type = Type::number;
  spec.standard = {standard, 0};
  return spec;
}

KeySpec choice(std::string key, std::string standard, std::vector<std::string> choices, std::string sentence) {
  KeySpec spec;
  spec.key = std::move(key);
  spec.type = Type::text;
  spec.standard = text(standard);
  spec.choices = std::move(choices);
  spec.sentence = std::move(sentence);
  return spec;
}

KeySpec toggle(std::string key, bool standard, std::string sentence) {
  KeySpec spec;
  spec.key = std::move(key);
  spec.type = Type::toggle;
  spec.standard = {standard, 0};
  spec.sentence = std::move(sentence);
  return spec;
}

KeySpec required(KeySpec spec) {
  spec.required = true;
  return spec;
}

KeySpec optional(KeySpec spec) {
  spec.optional = true;
  spec.standard = text("none");
  return spec;
}

KeySpec inheriting(KeySpec spec, std::string from) {
  spec.inherits = std::move(from);
  return spec;
}

KeySpec limited(KeySpec spec, std::string reason) {
  spec.limit_reason = std::move(reason);
  return spec;
}

// The key matters only where `key` has one of `values`.
KeySpec where(KeySpec spec, std::string key, std::vector<std::string> values) {
  spec.relevant_key = std::move(key);
  spec.relevant_values = std::move(values);
  return spec;
}

KeySpec unless(KeySpec spec, std::string key, std::vector<std::string> values) {
  spec = where(std::move(spec), std::move(key), std::move(values));
  spec.unless = true;
  return spec;
}

KeySpec later(KeySpec spec) {
  spec.later = true;
  return spec;
}

// Another default where `key` is `value`.
KeySpec with_default(KeySpec spec, std::string key, const std::vector<std::string>& values, Value standard) {
  spec.standard_key = std::move(key);
  for (const std::string& value : values) spec.standards.emplace(value, standard);
  return spec;
}

using Keys = std::vector<KeySpec>;

void add_architecture(Keys& keys) {
  using Limits = ArchitectureLimits;
  keys.push_back(choice("architecture.family", "mlp", names(known_families()), "the kind of network"));
  keys.push_back(limited(
      whole("architecture.width", 64, {1, static_cast<double>(Limits::dimension)}, "n, units of each hidden layer"),
      "a hidden matrix of width 16777216 alone takes 1.1 PB"));
  const std::vector<std::string> images{"cnn", "wide-resnet"};
  keys.push_back(unless(whole("architecture.hidden_layers", 2, {1, static_cast<double>(Limits::hidden_layers)},
                              "L, the number of hidden layers, of L+1 weight matrices; of residual-mlp that of blocks, "
                              "of L+2 matrices"),
                        "architecture.family", images));
  keys.push_back(unless(choice("architecture.activation", "relu", names(known_activations()), "the nonlinearity"),
                        "architecture.family", {"deep-linear"}));
  keys.push_back(
      unless(optional(number("architecture.activation_parameter", 0, {},
                             "slope below 0 of leaky_relu, beta of softplus, power of relu_power, alpha of elu; none: "
                             "its default")),
             "architecture.family", {"deep-linear"}));
  keys.push_back(with_default(
      toggle("architecture.bias", false, "biases in all layers, where the next three do not say otherwise"),
      "architecture.family", {"wide-resnet"}, {true, 0}));
  keys.back().shorthand = true;
  for (const char* block : {"input", "hidden", "output"})
    keys.push_back(inheriting(
        toggle(std::string("architecture.bias_") + block, false, std::string("biases in the ") + block + " block"),
        "architecture.bias"));
}

void add_images(Keys& keys) {
  const auto of = [&](std::vector<std::string> families, KeySpec spec) {
    keys.push_back(where(std::move(spec), "architecture.family", std::move(families)));
  };
  const std::vector<std::string> both{"cnn", "wide-resnet"};
  of(both, choice("architecture.image", "auto", {}, "HEIGHTxWIDTHxCHANNELS of a sample; auto: the data's own"));
  of(both, whole("architecture.blocks", 0, {0, 100},
                 "cnn: blocks of convolutions; wide-resnet: residual blocks of each stage; 0: 2, or 4"));
  of({"cnn"}, whole("architecture.convolutions", 2, {1, 100}, "convolutions of a block, the first with stride 2"));
  of(both, whole("architecture.kernel", 0, {0, 1024}, "side of the filters; 0: 5, or 3"));
  of({"cnn"}, whole("architecture.padding", 1, {0, 1023}, "zeros on each side of an image before a convolution"));
  of({"cnn"}, toggle("architecture.stride_first", true, "stride 2 in the first block too"));
  of({"wide-resnet"}, number("architecture.mix_angle", 45, {}, "degrees a, of cos(a) shortcut + sin(a) branch"));
  const std::vector<std::string> sums{"wide-resnet", "residual-mlp"};
  of({"residual-mlp"},
     choice("architecture.branch", "activation-first", {"activation-first", "matrix-first"},
            "a branch is W phi(h), and the readout reads phi(h); or it is phi(W h), and the readout reads h"));
  of(sums,
     number("architecture.branch_scale", 1, {}, "a factor beta on every branch, of wide-resnet besides mix_angle"));
  of(sums, number("parameterization.branch_exponent", 0, {},
                  "that factor falls like (branches / parameterization.reference_depth) to minus this"));
}

void add_parameterization(Keys& keys) {
  const std::string name = "parameterization.name";
  std::vector<std::string> schemes = names(known_schemes());
  if (std::ranges::find(schemes, "custom") == schemes.end()) schemes.emplace_back("custom");
  schemes.emplace_back("two-layer");
  keys.push_back(choice(name, "standard", schemes, "how multipliers, initial sizes and rates scale with width"));
  keys.push_back(where(optional(choice("parameterization.q", "", {},
                                       "exponents \"q_sigma,q_a,q_w\", or \"q_sigma,q\", of a two-layer network f = "
                                       "sigma sum a phi(w . x): sigma, the rate of a (output weights over sigma) and "
                                       "that of w grow like powers of the width")),
                       name, {"two-layer"}));
  keys.push_back(later(toggle("parameterization.init_corrected", false,
                              "one hidden layer: adds (n/reference_width)^-nu - 1 times the initial output, which "
                              "makes that one of order one (Golikov 2020)")));
  keys.push_back(number("parameterization.reference_width", 1, positive,
                        "the width at which every parameterization is the same network"));
  keys.push_back(number("parameterization.reference_depth", 1, positive, "the same for depth"));
  for (const char* block : {"input", "hidden", "output"})
    keys.push_back(where(optional(choice(std::string("parameterization.") + block, "", {},
                                         std::string("exponents \"a,b,c\" of the ") + block +
                                             " block for a custom parameterization: multiplier, init, rate; or "
                                             "\"a,b,c,e,d\" with those of epsilon and weight decay")),
                         name, {"custom"}));
  const auto changing = [&](KeySpec spec, std::vector<std::string> schemes_of) {
    keys.push_back(later(where(std::move(spec), name, std::move(schemes_of))));
  };
  changing(optional(choice("parameterization.first_rates", "", {},
                           "exponents \"input,hidden,output\" of the rates c in the first updates, where they differ")),
           {"custom"});
  changing(optional(choice("parameterization.first_bias_rates", "", {}, "the same of biases, which keep theirs else")),
           {"custom"});
  changing(whole("parameterization.first_steps", 1, {1, many}, "updates after which rates, or initial weights, change"),
           {"custom", "ip-llr", "ip-bias", "hp", "hpz"});
  changing(choice("parameterization.homogeneity", "own", {},
                  "the degree p in the first rates, or own: the activation's (the authors' code has 1 for all)"),
           {"ip-llr"});
  const std::vector<std::string> with_first_rates{"custom", "ip-llr"};
  changing(
      choice("parameterization.calibration", "none", {"none", "unit", "full"},
             "base rates of the first updates: the learning rate; 1; or by layer what makes the update of each, on "
             "a batch that training does not see, as large as wanted"),
      with_first_rates);
  const auto calibrating = [&](KeySpec spec) {
    keys.push_back(later(where(std::move(spec), "parameterization.calibration", {"full"})));
  };
  calibrating(number("parameterization.calibration_target", 1, positive,
                     "mean |update of W times features| that is wanted of layers 2 to L"));
  calibrating(number("parameterization.calibration_output", 0.1, positive,
                     "the same of the output (the authors' later runs: 1)"));
  KeySpec cap = optional(
      number("parameterization.calibration_cap", 0, positive, "the largest base rate (the authors' later runs: 1000)"));
  cap.standard = {500.0, 0};
  calibrating(std::move(cap));
  calibrating(choice("parameterization.calibration_propagates", "uncapped", {"uncapped", "capped"},
                     "which base rate the layers behind are calibrated with"));
  calibrating(whole("parameterization.calibration_batch", 0, {0, 1e9},
                    "samples of each of its two batches; 0: training.batch"));
  keys.push_back(later(optional(choice(
      "parameterization.decay_exponents", "", {},
      "exponents d \"input,hidden,output\" of weight decay, n^-d of the trained weights; none: the scheme's own"))));
  keys.push_back(later(optional(choice(
      "parameterization.depth_rate_exponents", "", {},
      "exponents \"input,hidden,output\" of the rates in depth, (L / parameterization.reference_depth) to minus these, "
      "L hidden layers or residual branches; none: rates that do not depend on depth"))));
  keys.push_back(later(with_default(
      number("parameterization.init_mean", 0, {},
             "mean of the initial weights times their fan-in at the reference width, but of the input block"),
      name, {"ip-non-centered"}, {1.0, 0})));
  keys.push_back(later(with_default(
      number("parameterization.bias_std", 0, {0, infinity}, "deviation of the initial biases at the reference width"),
      name, {"ip-bias"}, {1.0, 0})));
  keys.push_back(choice("parameterization.init_law", "normal", {"normal", "uniform"}, "law of the initial weights"));
  keys.push_back(
      optional(number("parameterization.init_gain", 0, positive,
                      "initial standard deviation is gain / sqrt(fan in) at the reference width; none: 1 for "
                      "input and output, the activation's own (relu: sqrt 2) for hidden")));
  keys.push_back(later(choice("parameterization.base_in", "init", {"init", "multiplier"},
                              "where gain / sqrt(fan in) sits: the initial deviation, or the multiplier of weights "
                              "that start at deviation 1 (papers on tangent kernels; then the readout has the hidden "
                              "gain too)")));
  keys.push_back(later(number("parameterization.bias_multiplier", 1, positive,
                              "what biases are multiplied by; their rates go with its square")));
}

// A key that came after runs were recorded without it.
KeySpec as_shorthand(KeySpec spec) {
  spec.shorthand = true;
  return spec;
}

KeySpec ordered_list(std::string key, Type type, Range range, std::string sentence) {
  KeySpec spec = number(std::move(key), 0, range, std::move(sentence));
  spec.type = type;
  spec.standard = {ValueList{}, 0};
  spec.ordered = true;
  return spec;
}

KeySpec names_or_none(std::string key, std::vector<std::string> choices, std::string sentence) {
  KeySpec spec = choice(std::move(key), "", std::move(choices), std::move(sentence));
  spec.type = Type::names;
  spec.standard = {ValueList{}, 0};
  spec.may_be_empty = true;
  return spec;
}

KeySpec free_text(std::string key, std::string sentence) {
  return optional(choice(std::move(key), "", {}, std::move(sentence)));
}

void add_own_files(Keys& keys) {
  const std::string name = "data.name";
  const std::vector<std::string> own{"csv", "npy"};
  const auto file = [&](const char* key, const char* sentence) {
    keys.push_back(as_shorthand(free_text(key, sentence)));  // the path; what is in it is data.content
  };
  file("data.file", "csv: the table; npy: the inputs, samples x features or images");
  file("data.target", "csv: the target column, by name or by number from 1; none: the last");
  keys.push_back(as_shorthand(choice("data.header", "auto", {"auto", "yes", "no"}, "csv: is the first line a header")));
  file("data.targets_file", "npy: the labels or targets of data.file");
  file("data.test_file", "csv, npy: where test samples are; none: they are split off data.file");
  file("data.test_targets_file", "npy: the labels or targets of data.test_file");
  keys.push_back(
      where(free_text("data.content", "csv, npy: the fingerprint the files must have; none: any"), name, own));
}

void add_data(Keys& keys) {
  const std::string name = "data.name";
  const std::vector<std::string> ruled{"gaussian", "teacher", "sphere"}, power{"power-law"};
  std::vector<std::string> generated = ruled;
  generated.push_back("power-law");
  keys.push_back(choice(name, "fashion-mnist", names(known_data()), "the data set"));
  keys.push_back(whole("data.train", 1024, {1, 1e9}, "training samples"));
  keys.push_back(whole("data.test", 0, {0, 1e9}, "test samples"));
  keys.push_back(later(whole("data.validation", 0, {0, 1e9}, "samples held out of training to choose by")));
  KeySpec labels = choice("data.labels", "classes", names(known_labels()), "what the targets are");
  labels = with_default(std::move(labels), name, {"gaussian", "sphere"}, text("sign"));
  keys.push_back(with_default(std::move(labels), name, {"teacher", "power-law"}, text("values")));
  keys.push_back(later(ordered_list("data.classes", Type::wholes, {0, 1e9},
                                    "keep these classes only, numbered anew in this order; empty: all")));
  KeySpec scaling = choice("data.preprocess", "standardise", names(known_preprocessing()),
                           "what is done to the inputs, estimated on the training samples");
  scaling = with_default(std::move(scaling), name, {"csv"}, text("standardise-features"));
  keys.push_back(with_default(std::move(scaling), name, generated, text("none")));
  keys.push_back(later(toggle("data.grayscale", false, "colour images to their luma, before all else")));
  keys.push_back(
      later(whole("data.pca", 0, {0, 1 << 15}, "principal components kept, after data.preprocess; 0: no PCA")));
  keys.push_back(
      unless(toggle("data.whiten", true, "PCA: unit variance in each direction, not on average"), "data.pca", {"0"}));
  keys.push_back(later(choice("data.fit", "train", {"train", "all"},
                              "what means and PCA are estimated on: training samples, or all parts")));
  keys.push_back(later(choice("data.basis", "own", {"own", "span"},
                              "features as they are, or where there are more of them than points in an orthonormal "
                              "basis of the points: the same, under gradient descent, to a first layer of normal "
                              "weights, and faster")));
  keys.push_back(where(whole("data.dimension", 32, {1, 1 << 24}, "features of a generated sample"), name, generated));
  keys.push_back(
      where(whole("data.outputs", 0, {0, 1 << 24}, "outputs of generated data; 0: what the labels give"), name, ruled));
  keys.push_back(where(whole("data.teacher_width", 8, {1, 1 << 20}, "neurons of the teacher"), name, {"teacher"}));
  keys.push_back(
      where(number("data.spectrum_exponent", 1.5, {0, infinity}, "power-law: a, variances k^-a"), name, power));
  keys.push_back(
      where(number("data.target_exponent", 1, {0, infinity}, "power-law: b, strengths lambda_k w_k^2 = k^(-a b - 1)"),
            name, power));
  keys.push_back(
      where(ordered_list("data.target_coefficients", Type::numbers, {}, "power-law: w_1, w_2, ... instead, the rest 0"),
            name, power));
  keys.push_back(
      where(number("data.label_noise", 0, {0, infinity}, "power-law: deviation of noise added to y"), name, power));
  keys.push_back(later(
      optional(whole("data.label_offset", 0, {0, 255}, "IDX files: label of the first class; none: the set's own"))));
  keys.push_back(
      later(choice("data.transpose", "own", {"own", "yes", "no"}, "IDX files: do images lie column by column")));
  add_own_files(keys);
}

void add_flow(Keys& keys) {
  const auto of_flow = [&](KeySpec spec) {
    keys.push_back(where(std::move(spec), "training.optimizer", {"gradient-flow"}));
  };
  keys.push_back(later(choice("training.model", "network", {"network", "tangent-kernel", "linearised"},
                              "what follows the flow: the network, or one whose tangent kernel stays what it is at the "
                              "start, in its samples' dual variables or in the weights")));
  of_flow(optional(number("training.max_dgrad", 1e-4, positive,
                          "a step is accepted while |g - g'|^2 / (|g| |g'|) is below; none: whatever it is")));
  keys.back().standard = {1e-4, 0};
  of_flow(optional(
      number("training.max_dout", 0.1, positive, "and while no trained output moves as far; none: however far")));
  keys.back().standard = {0.1, 0};
  of_flow(number("training.first_step", 1, positive, "dt of the first trial; others follow from it"));
  of_flow(number("training.step_floor", 0, {0, infinity}, "steps that small are taken in any case; 0: never"));
  of_flow(optional(number("training.max_time", 0, positive, "time at which the flow ends")));
  of_flow(number("training.tau", 0, {}, "time of momentum; below 0: a time growing as t / -tau; 0: none"));
  of_flow(number("training.temperature", 0, {0, infinity}, "of the noise of sampling batches; 0: all samples"));
  of_flow(whole("training.least_batch", 1, {1, 1e9}, "with a temperature: samples of a batch at least"));
  of_flow(whole("training.most_batch", 0, {0, 1e9}, "with a temperature: samples of a batch at most; 0: all"));
}

void add_training(Keys& keys) {
  const std::string optimizer = "training.optimizer";
  keys.push_back(choice(optimizer, "sgd", names(known_optimizers()), "the update rule"));
  const std::string loss = "training.loss";
  keys.push_back(choice(loss, "squared", names(known_losses()), "what is minimized"));
  keys.push_back(where(number("training.loss_beta", 20, positive, "of softhinge: its sharpness"), loss, {"softhinge"}));
  keys.push_back(where(number("training.loss_margin", 1, {}, "of hinges and squared-margin: the margin m of y f"), loss,
                       {"hinge", "squared-hinge", "softhinge", "squared-margin"}));
  const std::vector<std::string> flow{"gradient-flow"};
  keys.push_back(
      with_default(required(number("training.learning_rate", 0, positive, "the rate at the reference width")),
                   optimizer, flow, {1.0, 0}));
  keys.push_back(whole("training.batch", 0, {0, 1e9}, "samples a step; 0 for all"));
  keys.push_back(later(unless(choice("training.batch_order", "shuffled", {"shuffled", "fixed"},
                                     "samples by a new permutation each epoch, or in their own order"),
                              "training.batch", {"0"})));
  keys.push_back(with_default(
      required(whole("training.steps", 0, {0, many}, "how many updates; of gradient-flow: accepted steps at most")),
      optimizer, flow, {std::int64_t{1'000'000}, 0}));
  keys.push_back(with_default(
      where(number("training.momentum", 0.9, share, "of momentum; of muon (0.95)"), optimizer, {"momentum", "muon"}),
      optimizer, {"muon"}, {0.95, 0}));
  keys.push_back(
      where(number("training.beta1", 0.9, share, "of Adam: decay of the mean"), optimizer, {"adam", "adamw", "muon"}));
  keys.push_back(
      with_default(where(number("training.beta2", 0.999, share, "of Adam: decay of the square; of rmsprop (0.99)"),
                         optimizer, {"adam", "adamw", "rmsprop", "muon"}),
                   optimizer, {"rmsprop"}, {0.99, 0}));
  keys.push_back(where(number("training.epsilon", 1e-8, {0, infinity}, "of Adam and rmsprop, at the reference width"),
                       optimizer, {"adam", "adamw", "rmsprop", "muon"}));
  keys.push_back(number("training.weight_decay", 0, {0, infinity}, "weight decay at the reference width"));
  keys.push_back(with_default(choice("training.dtype", "float32", {"float32", "float64"}, "precision of the network"),
                              optimizer, flow, text("float64")));
  keys.push_back(optional(number("training.max_seconds", 0, positive, "stop a run after this wall time")));
  keys.push_back(
      number("training.target_loss", 0, {0, infinity}, "stop when the training loss is this small; 0: never"));
  keys.push_back(number("training.divergence_cap", 1e6, positive, "outputs or loss above this count as diverged"));
  keys.push_back(number("training.alpha", 1, {}, "the trained output is alpha f + kappa f_0"));
  keys.push_back(number("training.kappa", 0, {}, "-alpha centres the output at initialization"));
  keys.push_back(later(choice("training.alpha_convention", "none", {"none", "article", "code"},
                              "what is minimized: the loss, that over alpha^2 (article), or over alpha (code: with "
                              "the readout of mean-field, alpha is sqrt(width) times the article's); what is recorded "
                              "stays the loss")));
  add_flow(keys);
  const std::string schedule = "training.schedule";
  keys.push_back(later(choice(schedule, "constant", names(known_schedules()), "how all rates change over the steps")));
  keys.push_back(
      later(whole("training.warmup_steps", 0, {0, many}, "updates in which the rates rise from 0; 0: none")));
  keys.push_back(later(where(number("training.final_rate", 0, {0, infinity}, "of cosine: the last rate over the first"),
                             schedule, {"cosine"})));
  keys.push_back(later(where(whole("training.switch_step", 0, {0, many}, "of step: the first update at another rate"),
                             schedule, {"step"})));
  keys.push_back(later(where(number("training.switch_factor", 0.1, {0, infinity}, "of step: that rate over the first"),
                             schedule, {"step"})));
  keys.push_back(later(where(number("training.epoch_factor", 0.95, {0, infinity},
                                    "of per-epoch: the rates of an epoch over those of the one before"),
                             schedule, {"per-epoch"})));
  keys.push_back(later(optional(number("training.stop_margin", 0, {}, "stop when all margins are this large"))));
  keys.push_back(later(unless(number("training.stop_share", 1, {0, 1, true}, "share of samples that need that margin"),
                              "training.stop_margin", {"none"})));
  keys.push_back(later(whole("training.patience", 0, {0, many},
                             "stop when the training loss has not fallen for so many steps; 0: never")));
  keys.push_back(later(names_or_none("training.save", {},
                                     "states that are saved for other runs to start from: init, end; of "
                                     "gradient-flow also \"loss 0.5\", \"margin 0\"")));
  keys.push_back(later(unless(number("training.min_improvement", 1e-4, {0, 1, false, true},
                                     "a loss must be smaller by this share to have fallen"),
                              "training.patience", {"0"})));
}

// Where a run begins, and what it saves for others to begin at.
void add_start(Keys& keys) {
  const std::string run = "start.run";
  keys.push_back(later(free_text(run, "identity of the recorded run it goes on from; a sweep's start_from sets it")));
  keys.push_back(
      later(unless(choice("start.at", "end", {}, "which of its saved states (training.save)"), run, {"none"})));
  keys.push_back(later(unless(
      toggle("start.recentre", false, "take the state begun at for the initialization, f(theta_0) of kappa included"),
      run, {"none"})));
}

void add_measure(Keys& keys) {
  KeySpec observables;
  observables.key = "measure.observables";
  observables.type = Type::names;
  observables.standard = {ValueList{text("train_loss")}, 0};
  for (const ObservableInfo& row : known_observables()) observables.choices.push_back(row.name);
  observables.sentence = "what is recorded (`widthwise list observables`)";
  keys.push_back(observables);
  keys.push_back(later(whole("measure.kernel_points", 256, {1, 1 << 15}, "samples tangent kernels are measured on")));
  keys.push_back(later(choice("measure.kernel_set", "auto", {"auto", "test", "train"},
                              "which samples those are; auto: of the test set where there is one")));
  keys.push_back(later(choice("measure.kernel_share", "multiplier", {"multiplier", "rate"},
                              "tangent kernels of the trained weights as they are, or with their rates in it")));
  keys.push_back(later(choice("measure.kernel_times", "ends", {"ends", "all"},
                              "tangent kernels are measured at initialization and end, or at all times")));
  keys.push_back(later(optional(number("measure.rank_tolerance", 0, {0, 1, true, true},
                                       "numerical ranks count singular values above this times the largest; none: the "
                                       "longer side times the rounding of training.dtype"))));
  keys.push_back(later(names_or_none("measure.keep", {"test_outputs", "train_outputs", "weights"},
                                     "arrays that are kept of the state a run ends in; outputs are the trained ones")));
  keys.push_back(whole("measure.times.log", 0, {0, 1e6}, "measure at this many log-spaced steps; 0: none"));
  keys.push_back(whole("measure.times.every", 0, {0, many}, "and at every so many steps; 0: none"));
  KeySpec at;
  at.key = "measure.times.at";
  at.type = Type::wholes;
  at.lowest = 0;
  at.highest = many;
  at.standard = {ValueList{}, 0};
  at.sentence = "and at these steps; the first and the last are always measured";
  keys.push_back(at);
  keys.push_back(whole("measure.times.train_points", 1024, {1, 1e9}, "training samples that are measured on, at most"));
}

// What is computed in place of a network.
void add_limit(Keys& keys) {
  const std::string kind = "limit.kind";
  keys.push_back(later(choice(
      kind, "none", {"none", "two-layer", "hpz", "deep-linear", "deep-linear-network", "deep-linear-flow"},
      "a network is trained, or its limit at infinite width is followed: of one hidden layer, or "
      "of mup whose hidden matrices lose their initial part after step 0; or the theory of deep linear "
      "networks where width, samples and inputs grow together, or one such network, or gradient flows of them on "
      "a power law of infinitely many data, by keys of limit alone")));
  keys.push_back(later(where(whole("limit.particles", 1 << 14, {2, 1e9},
                                   "particles of a mean-field limit, an even number; hpz: of a layer, a multiple of 4"),
                             kind, {"two-layer", "hpz"})));
  keys.push_back(later(where(choice("limit.initial_output", "process", {"process", "network"},
                                    "the initial output is drawn from its Gaussian process, or that of the network "
                                    "of this width and seed, scaled"),
                             kind, {"two-layer"})));
  keys.push_back(later(where(
      whole("limit.clouds", 4, {1, 1000}, "independent clouds of particles, whose mean is followed with its error"),
      kind, {"hpz"})));
  keys.push_back(later(where(toggle("limit.revived", false,
                                    "units of relu that were 0 on the first batch may wake up, as those of HP and "
                                    "IP-LLR do"),
                             kind, {"hpz"})));
  keys.push_back(later(
      where(number("limit.first_rate", 1, positive, "a factor on the hidden layers' rates in step 0"), kind, {"hpz"})));
}

KeySpec infinite(KeySpec spec) {
  spec.infinite = true;
  return spec;
}

// Deep linear networks: all they are is said here. Tables within a table come last, as in a file.
void add_deep_linear(Keys& keys) {
  const auto of = [&](KeySpec spec, std::vector<std::string> kinds) {
    keys.push_back(later(where(std::move(spec), "limit.kind", std::move(kinds))));
  };
  const std::vector<std::string> both{"deep-linear", "deep-linear-network"}, flow{"deep-linear-flow"},
      all{"deep-linear", "deep-linear-network", "deep-linear-flow"};
  const double none = infinity;
  of(infinite(
         number("limit.hidden_layers", 1, positive,
                "L, hidden layers, or residual blocks; inf, of residual ones: limit.residual_branch is then beta_0 "
                "of beta_0 / sqrt(L)")),
     all);
  of(optional(number("limit.residual_branch", 0, {}, "beta, of h + beta W h / sqrt(N); none: no shortcuts")), both);
  of(optional(number("limit.learning_rate", 0, positive, "eta; every weight has the rate eta gamma_0^2 N")), all);
  of(number("limit.richness", 1, positive, "gamma_0, of f = sqrt(D) / (gamma_0 N) w . h"), all);
  of(infinite(number("limit.width_ratio", none, positive, "nu = N/D")), both);
  of(ordered_list("limit.width_ratios", Type::numbers, positive,
                  "nu_l of each hidden layer, where they differ; empty: limit.width_ratio"),
     both);
  of(whole("limit.outputs", 1, {1, 64}, "C; losses are summed over them"), both);
  of(number("limit.output_correlation", 0, {-1, 1}, "of the teachers of any two outputs"), both);
  of(infinite(number("limit.sample_ratio", none, positive, "alpha = P/D; of one-pass B/D")), both);
  of(number("limit.noise", 0, {0, infinity}, "sigma, deviation of the labels' noise"), both);
  of(choice("limit.data", "repeated", {"repeated", "one-pass", "population"},
            "the same samples in every step, new ones in each, or all of the distribution"),
     both);
  of(number("limit.momentum", 0, share, "mu, of m <- mu m + update"), both);
  of(toggle("limit.centred", false, "f - f_0 in place of f"), all);
  of(whole("limit.steps", 100, {0, many}, "updates"), both);
  of(whole("limit.dimension", 256, {1, 1 << 20}, "D, inputs of a network; of a power law limit.spectrum.modes"),
     {"deep-linear-network"});
  of(choice("limit.flow", "two-layer", {"two-layer", "balanced", "network"},
            "at infinite width, of one hidden layer from random weights or of balanced matrices; or of a network"),
     flow);
  of(whole("limit.width", 128, {1, 1 << 14}, "N, of limit.flow = network"), flow);
  of(number("limit.floor", 1, positive, "of limit.flow = balanced: what random weights add to m^2 at the start"), flow);
  of(number("limit.last_time", 1e6, {0.1, 1e12, true}, "time of a flow's end"), flow);
  of(whole("limit.per_decade", 12, {1, 1000}, "measured times in a decade, from 0.1 on"), flow);
  of(ordered_list("limit.spectrum.variance", Type::numbers, {0, infinity},
                  "variances lambda of the kinds of inputs; empty: all 1, or a power law"),
     both);
  of(ordered_list("limit.spectrum.target_squared", Type::numbers, {0, infinity}, "squared teacher w^2 of each kind"),
     both);
  of(ordered_list("limit.spectrum.weight", Type::numbers, positive, "shares of the kinds; empty: equal ones"), both);
  of(optional(number("limit.spectrum.exponent", 0, positive,
                     "a power law instead: variances k^-a of limit.spectrum.modes inputs; then f = 1 / (gamma_0 N) w . "
                     "h, x not over sqrt(D), and losses are sums over inputs")),
     all);
  of(number("limit.spectrum.target_exponent", 1, positive, "b, strengths lambda_k w_k^2 = k^(-a b - 1)"), all);
  of(whole("limit.spectrum.modes", 100, {1, many}, "inputs of a power law; of a flow merged where they are alike"),
     all);
  of(whole("limit.spectrum.per_octave", 0, {0, 1000},
           "of a power law: modes beyond the 16th merged in so many bins a doubling; 0: each kept"),
     both);
}

void add_seeds(Keys& keys) {
  keys.push_back(whole("seed.init", 0, {0, many}, "of the initial weights; the replicates of a study"));
  keys.push_back(unless(whole("seed.batch", 0, {0, many}, "of the order of samples"), "training.batch", {"0"}));
  keys.push_back(whole("seed.data", 0, {0, many}, "of the choice or generation of samples"));
}

}  // namespace

const std::vector<KeySpec>& known_keys() {
  static const Keys keys = [] {
    Keys all;
    add_architecture(all);
    add_images(all);
    add_parameterization(all);
    add_data(all);
    add_training(all);
    add_start(all);
    add_limit(all);
    add_deep_linear(all);
    add_measure(all);
    add_seeds(all);
    return all;
  }();
  return keys;
}

}  // namespace widthwise
