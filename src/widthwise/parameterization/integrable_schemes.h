// Integrable parameterizations and what is compared with them: hidden matrices start at n^-1, the size a layer's sum
// over units needs to converge, and what undoes the vanishing that follows. L hidden layers, an activation of degree p;
// rows are (W_1 | W_2..W_L | W_{L+1}), (a, b, c) = (0 1 1, 0 0 0, -1 -2 -1) of `integrable` but for
//
//   ip-llr           first rates -(1/2+g), -(1+g), -(1/2+g) with g = (1 + p + ... + p^(L-1))/2: one large step
//                    out of f_0 ~ n^-g, preactivations h_l ~ n^-A(l), A(l) = (1 + p + ... + p^(l-2))/2
//   ip-bias          biases start of order one, and first rates -(L+1)/2, -(L-l+4)/2 of W_l, -1
//   ip-non-centered  means of order n^-1 in W_2..W_{L+1}: forward and gradients of order one, but units of one layer
//                    become alike
//   hp, hpz          mup, whose W_2..W_L keep after the first update W_0 / sqrt(n), the size under `integrable`, or
//                    nothing of W_0
//
// First rates of biases are their own and make every bias move by order one: c_first of layer l is -(1 + b(l)) where
// dLoss/dh_l ~ n^-(1+b(l)), that is -(1/2+g-A(l)) under ip-llr and -(L-l+2)/2 under ip-bias, 0 at the output. Later
// biases move with the preactivation, as everywhere.
//
// ip-llr's rule assumes phi(0) = 0 and a degree of homogeneity; with p = 1 for a phi that is linear beside 0 the first
// step moves the output by n^-(L-2)/2 only. First rates are gradient descent's (sgd, momentum).
//
// Source: Hajjar, Chizat and Giraud 2021, arXiv 2110.15596, and its code; degrees other than 1, hp and hpz as derived
// there from the definitions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/parameterization/schemes.h"

namespace widthwise {

/// None for another name. @throws ConfigError (architecture.hidden_layers, parameterization.homogeneity,
/// training.optimizer) where the facts do not do for a scheme, naming what to set.
std::optional<Parameterization> integrable_scheme(std::string_view name, OptimizerKind optimizer,
                                                  const SchemeFacts& facts);
/// Their names, with a sentence each.
std::vector<Named> known_integrable_schemes();

/// Whether a named scheme has first rates that depend on L, or on the degree of the activation too.
bool depends_on_depth(std::string_view scheme);
bool depends_on_degree(std::string_view scheme);

}  // namespace widthwise
