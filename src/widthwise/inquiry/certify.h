// Whether a configuration scales: the certificate read off the records of its study (certify_study.h).
//
//   passes      theory meets the requirement, and the measured exponent agrees with theory's (the verdict rule,
//               numerics/verdict.h), or its interval decides by itself that the requirement is met
//   fails       theory does not meet the requirement, or the measurement disagrees with theory
//   undecided   neither, with what would decide it
//
// It is certified where every row passes, no run has diverged, and the outcome is kernel or feature.
#pragma once

#include <string>
#include <vector>

#include "widthwise/inquiry/certify_study.h"
#include "widthwise/study/prediction.h"

namespace widthwise {

class StoreReader;

struct CertificateRow {
  enum class Mark { passes, fails, undecided };
  Expectation expected;
  Judgement judgement;
  Mark mark = Mark::undecided;
  /// "ok", "undecided", "disagrees", "disagrees: grows" where the measurement breaks the requirement, or what theory
  /// says is wrong: "idle", "grows", "vanishes", "takes over".
  std::string word;
};

struct Certificate {
  Outcome outcome;
  std::vector<CertificateRow> rows;  // by layer
  bool certified = false;
  std::vector<std::string> sentences;  // the answer, what it rests on, and what is wrong
  std::vector<std::string> diverged;   // runs, "architecture.width = 128, seed.init = 0: ..."
  std::vector<std::string> notes;      // certify_notes
};

/// @param question the one whose certify_study is `study`. @throws what judge throws.
Certificate certificate(const CertifyQuestion& question, const Study& study, const StoreReader& reader);

}  // namespace widthwise
