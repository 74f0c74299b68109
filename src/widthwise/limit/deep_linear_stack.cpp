#include "widthwise/limit/deep_linear_stack.h"

namespace widthwise::deep_linear_theory {

namespace {

class PlainStack : public HiddenStack {
 public:
  PlainStack(const DeepLinearModel& model, Index outputs)
      : richness_{model.richness},
        readout_in_g_{Matrix<double>::Identity(outputs, outputs)},
        readout_in_h_{readout_in_g_},
        readout_a_{model, outputs},
        readout_r_{model, outputs} {
    for (int l = 1; l <= model.hidden_layers; ++l) {
      layers_.emplace_back(outputs);
      layers_.back().wider =
          l == model.hidden_layers || model.width_ratios.empty() ? 1 : model.layer_ratio(l + 1) / model.layer_ratio(l);
    }
  }

  void backward(const Now& now, const GrowingTriangle& signal_correlation) override {
    for (std::size_t l = layers_.size(); l-- > 0;) {
      Layer& layer = layers_[l];
      const bool top = l + 1 == layers_.size();
      Rows q = now.rows(), from_u = now.rows(), from_r = now.rows();
      if (!top) {
        add(layer.wider, rows_of(now, layers_[l + 1].r_g), now, q);
        add_felt(now, layer.wider * richness_, rows_of(now, layers_[l + 1].c_g), q);
      }
      both(
          now,
          [&] {
            Rows r_g = now.rows();
            if (top)
              add(richness_, readout_a_.at(now, layer.a_h), now, r_g);
            else
              r_g = times(now, q, layer.a_h);
            r_g.append_to(layer.r_g);
            add_congruence(now, 1, r_g, l == 0 ? signal_correlation : layers_[l - 1].c_h, layer.r_g, from_u);
          },
          [&] {
            Rows a_g = now.rows();
            if (top)
              add(richness_, readout_r_.at(now, layer.r_h), now, a_g);
            else
              a_g = times(now, q, layer.r_h);
            add_identity(now, a_g);
            a_g.append_to(layer.a_g);
            if (top) {
              readout_in_g_.take(now, a_g);
              readout_in_g_.add(now, 1, from_r);
            } else {
              add_congruence(now, layer.wider, a_g, layers_[l + 1].c_g, layer.a_g, from_r);
            }
          });
      add(1, from_r, now, from_u);
      from_u.append_to(layer.c_g);
    }
  }

  Rows gradient_correlation(const Now& now) const override { return rows_of(now, layers_.front().c_g); }
  Rows gradient_response(const Now& now) const override { return rows_of(now, layers_.front().r_g); }

  void forward(const Now& now, const GrowingTriangle& signal_correlation, const Rows& signal_response) override {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      Layer& layer = layers_[l];
      const GrowingTriangle& below = l == 0 ? signal_correlation : layers_[l - 1].c_h;
      Rows m = l == 0 ? signal_response : rows_of(now, layers_[l - 1].r_h);
      add_felt(now, richness_, rows_of(now, below), m);
      Rows from_u = now.rows(), from_r = now.rows();
      both(
          now,
          [&] {
            Rows a_h = times(now, m, layer.r_g);
            add_identity(now, a_h);
            a_h.append_to(layer.a_h);
            add_congruence(now, 1, a_h, below, layer.a_h, from_u);
          },
          [&] {
            const Rows r_h = times(now, m, layer.a_g);
            r_h.append_to(layer.r_h);
            if (l + 1 == layers_.size()) {
              readout_in_h_.take(now, r_h);
              readout_in_h_.add(now, 1, from_r);
            } else {
              add_congruence(now, layer.wider, r_h, layers_[l + 1].c_g, layer.r_h, from_r);
            }
          });
      add(1, from_r, now, from_u);
      from_u.append_to(layer.c_h);
    }
  }

 private:
  struct Layer {
    explicit Layer(Index outputs)
        : a_h(outputs), r_h(outputs), c_h(outputs), a_g(outputs), r_g(outputs), c_g(outputs) {}
    GrowingTriangle a_h, r_h, c_h, a_g, r_g, c_g;
    double wider = 1;  // rho_l
  };

  double richness_;
  // Of the top layer, where r = w_0 at all times and each output's own h moves its readout.
  ConstantSource readout_in_g_, readout_in_h_;
  FeltSum readout_a_, readout_r_;
  std::vector<Layer> layers_;
};

class ResidualStack : public HiddenStack {
 public:
  ResidualStack(const DeepLinearModel& model, int states, double branch, double skip, Index outputs)
      : richness_{model.richness}, branch_{branch * branch}, skip_{skip * skip} {
    for (int l = 0; l < states; ++l) states_.emplace_back(outputs);
    for (int l = 1; l < states; ++l) links_.emplace_back(outputs);
  }

  void backward(const Now& now, const GrowingTriangle&) override {
    for (std::size_t l = states_.size(); l-- > 0;) {
      State& state = states_[l];
      Rows g = now.rows(), gamma = now.rows();
      if (l + 1 == states_.size())
        begin_at_readout(now, g, gamma);
      else
        pass_down(now, links_[l], states_[l + 1], state, g, gamma);
      g.append_to(state.g);
      gamma.append_to(state.gamma);
      const Rows k_g = times(now, g, state.d_1);
      Rows d_2 = times(now, k_g, state.f);
      add_identity(now, d_2);
      k_g.append_to(state.k_g);
      d_2.append_to(state.d_2);
      Rows c_g = now.rows(), from_below = now.rows();
      both(
          now, [&] { add_congruence(now, 1, d_2, state.gamma, state.d_2, c_g); },
          [&] { add_congruence(now, 1, k_g, state.phi, state.k_g, from_below); });
      add(1, from_below, now, c_g);
      c_g.append_to(state.c_g);
    }
  }

  Rows gradient_correlation(const Now& now) const override { return rows_of(now, states_.front().c_g); }
  Rows gradient_response(const Now& now) const override { return rows_of(now, states_.front().k_g); }

  void forward(const Now& now, const GrowingTriangle& signal_correlation, const Rows& signal_response) override {
    for (std::size_t l = 0; l < states_.size(); ++l) {
      State& state = states_[l];
      Rows f = now.rows(), phi = now.rows();
      if (l == 0) {
        f = signal_response;
        phi = rows_of(now, signal_correlation);
        add_felt(now, richness_, phi, f);
      } else {
        pass_up(now, links_[l - 1], states_[l - 1], state, f, phi);
      }
      f.append_to(state.f);
      phi.append_to(state.phi);
      Rows d_1 = times(now, f, state.k_g);
      add_identity(now, d_1);
      const Rows k_f = times(now, f, state.d_2);
      d_1.append_to(state.d_1);
      k_f.append_to(state.k_f);
      Rows c_h = now.rows(), from_above = now.rows();
      both(
          now, [&] { add_congruence(now, 1, d_1, state.phi, state.d_1, c_h); },
          [&] { add_congruence(now, 1, k_f, state.gamma, state.k_f, from_above); });
      add(1, from_above, now, c_h);
      c_h.append_to(state.c_h);
    }
  }

 private:
  struct State {
    explicit State(Index outputs) {
      for (GrowingTriangle* matrix : {&f, &g, &phi, &gamma, &d_1, &d_2, &k_f, &k_g, &c_h, &c_g})
        *matrix = GrowingTriangle(outputs);
    }
    GrowingTriangle f, g, phi, gamma, d_1, d_2, k_f, k_g, c_h, c_g;
  };
  struct Link {
    explicit Link(Index outputs) {
      for (GrowingTriangle* matrix : {&m, &q, &x, &e, &e_2, &z, &y, &s}) *matrix = GrowingTriangle(outputs);
    }
    GrowingTriangle m, q, x, e, e_2, z, y, s;
  };

  void begin_at_readout(const Now& now, Rows& g, Rows& gamma) const {
    for (Index c = 0; c < now.outputs; ++c) {
      for (Index i = c; i < now.first(); i += now.outputs) g[c][i] = richness_ * now.felt[i];
      for (Index i = c; i < now.end(); i += now.outputs) gamma[c][i] = 1;
    }
  }

  void pass_down(const Now& now, Link& link, const State& above, const State& below, Rows& g, Rows& gamma) const {
    const Rows c_g = rows_of(now, above.c_g);
    Rows q = now.rows();
    add(branch_, rows_of(now, above.k_g), now, q);
    add_felt(now, branch_ * richness_, c_g, q);
    q.append_to(link.q);
    const Rows x = times(now, rows_of(now, above.g), link.e);
    Rows e_2 = times(now, x, link.m);
    add_identity(now, e_2);
    x.append_to(link.x);
    e_2.append_to(link.e_2);
    add(skip_, x, now, g);
    add(1, q, now, g);
    add(branch_, c_g, now, gamma);
    if (skip_ == 0) return;
    Rows from_below = now.rows();
    both(
        now, [&] { add_congruence(now, skip_, e_2, above.gamma, link.e_2, gamma); },
        [&] { add_congruence(now, skip_ * branch_, x, below.c_h, link.x, from_below); });
    add(1, from_below, now, gamma);
  }

  void pass_up(const Now& now, Link& link, const State& below, const State& above, Rows& f, Rows& phi) const {
    const Rows c_h = rows_of(now, below.c_h);
    Rows m = now.rows();
    add(branch_, rows_of(now, below.k_f), now, m);
    add_felt(now, branch_ * richness_, c_h, m);
    m.append_to(link.m);
    Rows e = times(now, m, link.x);
    add_identity(now, e);
    e.append_to(link.e);
    Rows z = times(now, rows_of(now, link.q), link.y);
    add_identity(now, z);
    z.append_to(link.z);
    const Rows y = times(now, rows_of(now, below.f), link.z);
    Rows s = times(now, y, link.q);
    add_identity(now, s);
    y.append_to(link.y);
    s.append_to(link.s);
    add(skip_, y, now, f);
    add(1, m, now, f);
    add(branch_, c_h, now, phi);
    if (skip_ == 0) return;
    Rows from_above = now.rows();
    both(
        now, [&] { add_congruence(now, skip_, s, below.phi, link.s, phi); },
        [&] { add_congruence(now, skip_ * branch_, y, above.c_g, link.y, from_above); });
    add(1, from_above, now, phi);
  }

  double richness_, branch_, skip_;  // gamma_0, beta^2, a^2
  std::vector<State> states_;
  std::vector<Link> links_;  // entry l-1 is between h^l and h^{l+1}
};

}  // namespace

std::unique_ptr<HiddenStack> make_plain_stack(const DeepLinearModel& model, Index outputs) {
  return std::make_unique<PlainStack>(model, outputs);
}

std::unique_ptr<HiddenStack> make_residual_stack(const DeepLinearModel& model, int states, double branch, double skip,
                                                 Index outputs) {
  return std::make_unique<ResidualStack>(model, states, branch, skip, outputs);
}

}  // namespace widthwise::deep_linear_theory
