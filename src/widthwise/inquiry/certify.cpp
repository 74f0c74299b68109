#include "widthwise/inquiry/certify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "widthwise/study/table.h"

namespace widthwise {

namespace {

using Mark = CertificateRow::Mark;

// What is wrong with a quantity that grows, and one that falls, where it may not.
const char* complaint(TensorQuantity quantity, bool grows) {
  switch (quantity) {
    case TensorQuantity::contribution:
      return grows ? "grows" : "idle";
    case TensorQuantity::epsilon:
      return "takes over";
    case TensorQuantity::decay:
      return grows ? "takes over" : "vanishes";
    case TensorQuantity::start:
    case TensorQuantity::first:
    case TensorQuantity::update:
      break;
  }
  return grows ? "grows" : "vanishes";
}

// The sentence behind a complaint.
std::string meaning(const Expectation& row, bool grows) {
  const std::string tensor = fmt::format("W_{} ({})", row.layer, row.block);
  const std::string power =
      fmt::format("n^({}){}", to_string(row.exponent),
                  row.without == row.exponent ? "" : ", once epsilon or weight decay has outgrown the gradient");
  switch (row.quantity) {
    case TensorQuantity::start:
      return fmt::format("{} makes its preactivations start at {}.", tensor, power);
    case TensorQuantity::first:
      return fmt::format(
          "After the first update the {} of size {}.",
          row.block == "output" ? std::string("output is") : fmt::format("preactivations of layer {} are", row.layer),
          power);
    case TensorQuantity::update:
      return fmt::format("The update of {} moves its preactivations by {}.", tensor, power);
    case TensorQuantity::contribution:
      return fmt::format("{}he update of {} moves the output by {}.", grows ? "T" : "Wide networks do without: t",
                         tensor, power);
    case TensorQuantity::epsilon:
      return fmt::format("Epsilon over the gradient of {} is {}: it takes over, however small it starts.", tensor,
                         power);
    case TensorQuantity::decay:
      break;
  }
  return fmt::format("Weight decay of {} is {}: {}.", tensor, power,
                     grows ? "it takes over, however small it starts" : "wide networks no longer feel it");
}

Interval allowed(const Expectation& row, double tolerance) {
  Claim claim;
  claim.tolerance = tolerance;
  claim.kind = row.needs_order_one() ? Claim::Kind::near : Claim::Kind::below;
  return claim.band();
}

bool outside(const Interval& measured, const Interval& band) {
  return measured.high < band.low || measured.low > band.high;
}
bool inside(const Interval& measured, const Interval& band) {
  return measured.low >= band.low && measured.high <= band.high;
}

void mark(CertificateRow& row, double tolerance) {
  const Expectation& expected = row.expected;
  const Interval measured{row.judgement.low, row.judgement.high}, band = allowed(expected, tolerance);
  const bool grows = expected.exponent > 0;
  if (grows || (expected.needs_order_one() && expected.exponent < 0)) {
    row.mark = Mark::fails;
    row.word = complaint(expected.quantity, grows);
  } else if (row.judgement.verdict == Verdict::disagrees) {
    row.mark = Mark::fails;
    row.word = outside(measured, band)
                   ? fmt::format("disagrees: {}", complaint(expected.quantity, measured.low > band.high))
                   : "disagrees";
  } else if (row.judgement.verdict == Verdict::agrees || inside(measured, band)) {
    row.mark = Mark::passes;
    row.word = "ok";
  } else {
    row.word = "undecided";
  }
}

// Whether the loss rises in these steps, at the median width and seed.
bool loss_rises(const Study& study, const StoreReader& reader) {
  std::size_t rising = 0;
  const Table table = select(study, "networks", {"initial.train_loss", "final.train_loss"}, reader);
  for (const Row& row : table.rows) rising += !(row.values[1] <= row.values[0]);
  return 2 * rising > table.rows.size();
}

std::vector<std::string> diverged_runs(const Study& study, const StoreReader& reader) {
  const Table table = select(study, "networks", {"final.train_loss"}, reader);
  const auto width = static_cast<std::size_t>(table.axis("architecture.width"));
  std::vector<std::string> out;
  for (const Row& row : table.rows)
    if (row.status == "diverged")
      out.push_back(fmt::format("width {}, {}: {}", to_text(row.axes[width]), table.seed(row), row.reason));
  return out;
}

std::string headline(const CertifyQuestion& question, const Certificate& certificate) {
  const auto of = [&](Mark mark) { return std::ranges::count(certificate.rows, mark, &CertificateRow::mark); };
  return fmt::format(
      "{}: the outcome is {}; {} of {} checks pass, {} fail, {} undecided, at widths {}, after {} step{}, over {} "
      "seeds, to {:g} in the exponent (95 % intervals).",
      certificate.certified ? "Certified" : "Not certified", certificate.outcome.outcome, of(Mark::passes),
      certificate.rows.size(), of(Mark::fails), of(Mark::undecided), fmt::join(question.widths, ", "), question.steps,
      question.steps == 1 ? "" : "s", question.seeds, question.tolerance);
}

// Why it is certified, or what stands against it.
std::string conclusion(const Certificate& certificate) {
  if (certificate.certified)
    return fmt::format("Certified, for the outcome is {}, every row passes and no run diverged.",
                       certificate.outcome.outcome);
  std::vector<std::string> against;
  if (!certificate.outcome.regime) against.push_back(fmt::format("the outcome is {}", certificate.outcome.outcome));
  std::size_t undecided = 0;
  for (const CertificateRow& row : certificate.rows) {
    if (row.mark == Mark::fails) against.push_back(fmt::format("{} {}", row.expected.name(), row.word));
    undecided += row.mark == Mark::undecided;
  }
  if (undecided > 0) against.push_back(fmt::format("{} row{} undecided", undecided, undecided == 1 ? " is" : "s are"));
  if (!certificate.diverged.empty()) against.emplace_back("runs diverged");
  return fmt::format("Not certified, for {}.", fmt::join(against, "; "));
}

void explain(const CertifyQuestion& question, bool first_rates, Certificate& certificate) {
  std::vector<std::string>& out = certificate.sentences;
  out.push_back(headline(question, certificate));
  out.push_back(certificate.outcome.reasons.front());
  out.insert(out.end(), certificate.outcome.start.begin(), certificate.outcome.start.end());
  const bool none_fails = std::ranges::count(certificate.rows, Mark::fails, &CertificateRow::mark) == 0;
  for (const CertificateRow& row : certificate.rows) {
    const bool by_theory = row.mark == Mark::fails && !row.word.starts_with("disagrees");
    if (by_theory) out.push_back(meaning(row.expected, row.expected.exponent > 0));
    if (row.mark == Mark::fails && !by_theory)
      out.push_back(fmt::format("{}: theory says n^({}). {}", row.expected.name(), to_string(row.expected.exponent),
                                row.judgement.explanation));
    if (row.mark == Mark::undecided && none_fails)
      out.push_back(fmt::format("{}: undecided. {}", row.expected.name(), row.judgement.advice));
  }
  const bool all_pass =
      std::ranges::all_of(certificate.rows, [](const CertificateRow& row) { return row.mark == Mark::passes; });
  if (first_rates && !all_pass)
    out.emplace_back(
        "What is of order one after the first update is a product of the moves of all layers before: at small rates it "
        "lies below corrections of n^(-1/2), and larger rates bring these widths nearer to theory.");
  else if (none_fails && !all_pass)
    out.emplace_back(
        "A smaller rate (--set training.learning_rate=...) changes no exponent and brings these widths nearer to "
        "theory.");
  if (!certificate.diverged.empty())
    out.push_back(fmt::format("{} run{} diverged ({}).", certificate.diverged.size(),
                              certificate.diverged.size() == 1 ? "" : "s", certificate.diverged.front()));
}

}  // namespace

Certificate certificate(const CertifyQuestion& question, const Study& study, const StoreReader& reader) {
  Expected expected = certify_expectations(question);
  const bool first_rates = expected.first_rates;
  Certificate out;
  out.outcome = std::move(expected.outcome);
  const std::vector<Judgement> judgements = judge(study, reader);
  for (std::size_t i = 0; i < expected.rows.size(); ++i) {
    CertificateRow row{std::move(expected.rows[i]), judgements.at(i), Mark::undecided, {}};
    mark(row, question.tolerance);
    out.rows.push_back(std::move(row));
  }
  out.diverged = diverged_runs(study, reader);
  out.certified = out.outcome.regime && out.diverged.empty() &&
                  std::ranges::all_of(out.rows, [](const CertificateRow& row) { return row.mark == Mark::passes; });
  explain(question, first_rates, out);
  if (!out.certified && !first_rates && loss_rises(study, reader))
    out.sentences.emplace_back(
        "In most runs the loss rises: the rate is too large for these steps, and exponents measured there say little. "
        "Ask "
        "at a smaller one (--set training.learning_rate=...).");
  out.sentences.push_back(conclusion(out));
  out.notes = certify_notes(question);
  return out;
}

}  // namespace widthwise
