// The inequality form of the tensor-program classification (Yang and Hu 2021, IV and IVb), in effective exponents
// s_l = a_l + b_l and q_l = 2a_l + c_l (Adam: a_l + c_l; Muon's hidden: a_l + c_l + 1, so that r_l = a_l + c_l):
//
//   G = min(s_{L+1}, q_{L+1})                              df/dh_l ~ n^-G
//   r_l = G + q_l - 1 + [l=1]   (Adam: q_l - 1 + [l=1])    dW_l x_{l-1} ~ n^-r_l,  r = min over l <= L
//   stable    s_1 = 0, s_l = 1/2 (hidden), s_{L+1} >= 1/2, r >= 0, q_{L+1} >= 1, s_{L+1} + r >= 1
//   trivial   unless q_{L+1} = 1 or s_{L+1} + r = 1;  feature learning where then r = 0, kernel regime where r > 0
//
// It presupposes the first two equalities; propagate.h does not. Here it serves to explain. Internal to this room.
#pragma once

#include <string>
#include <vector>

#include "widthwise/parameterization/propagate.h"

namespace widthwise {

struct Inequalities {
  Rational G;                          // 0 for Adam, whose updates do not see the gradient's size
  std::vector<Rational> r_per_layer;   // entry l-1, l = 1..L+1; the last is q_{L+1} - 1
  Rational r;                          // min over l <= L
  bool initially_of_order_one = true;  // s_1 = 0, s_l = 1/2
};
Inequalities inequalities(const EffectiveNetwork& network);

/// A sentence for each inequality, with its numbers.
std::vector<std::string> explain(const EffectiveNetwork& network, const Inequalities& values);

}  // namespace widthwise
