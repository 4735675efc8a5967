//! Optimisers as Keras defines them, fused: one pass over weights, gradient and state, in place.

#![allow(clippy::inline_always, reason = "vector instructions are chosen by the caller, into which this must go")]

use std::ops::Range;

use pulp::Arch;
use serde::{Deserialize, Serialize};

use crate::recipe::OptimizerKind;

/// What an optimiser remembers of one parameter, a value a weight; empty before the first step and where it needs none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Moments {
    /// The running mean of the gradient.
    #[serde(with = "crate::floats")]
    first: Vec<f32>,
    /// The running mean of the squared gradient.
    #[serde(with = "crate::floats")]
    second: Vec<f32>,
}

/// An optimiser and what it remembers. It is part of a run's state: with it, a run goes on as if never interrupted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Optimiser {
    kind: OptimizerKind,
    rate: f32,
    steps: u32,
    moments: Vec<Moments>,
}

/// The penalties on a parameter: their gradients, `l1 * sign(w) + 2 * l2 * w`, are added to the data's, which is the same as
/// to have the penalties in the loss. Source: `keras.regularizers`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Penalty {
    pub(super) l1: f32,
    pub(super) l2: f32,
}

/// Source of the rules below: Keras 3, `keras.optimizers.{RMSprop, Adam, SGD}` with their defaults. `RMSprop` is not
/// centred and has no momentum; its epsilon is **inside** the root (burn's own, and torch's, is outside: another
/// experiment). Adam's is outside, after the bias correction of the rate.
const RHO: f32 = 0.9;
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-7;

/// Gradients smaller than this move no weight, and their squares are lost beside epsilon; they are taken as zero. A net that
/// fits every document has them everywhere, and their squares would be subnormal numbers, with which processors are slow.
const NEGLIGIBLE: f32 = 1e-15;

/// `value`, or zero if it is below a limit.
#[inline(always)]
fn unless_below(limit: f32, value: f32) -> f32 {
    if value.abs() < limit { 0.0 } else { value }
}

impl Optimiser {
    /// An optimiser of `parameters` parameters that has not made a step.
    pub(super) fn new(kind: OptimizerKind, rate: f32, parameters: usize) -> Self {
        Self { kind, rate, steps: 0, moments: vec![Moments::default(); parameters] }
    }

    /// Whether it is one of this kind, for so many parameters.
    pub(crate) fn is_of(&self, kind: OptimizerKind, parameters: usize) -> bool {
        self.kind == kind && self.moments.len() == parameters
    }

    /// Begins a step; [`Optimiser::update`] of each parameter follows.
    pub(super) fn begin_step(&mut self) {
        self.steps = self.steps.saturating_add(1);
    }

    /// Updates parameter number `parameter` by its gradient.
    pub(super) fn update(&mut self, parameter: usize, penalty: Penalty, weights: &mut [f32], gradient: &[f32]) {
        self.update_part(parameter, penalty, weights, 0..gradient.len(), gradient);
    }

    /// Updates the part of parameter number `parameter` that lies at `place` by its gradient. A step that updates every part
    /// once is the same as [`Optimiser::update`].
    pub(super) fn update_part(
        &mut self,
        parameter: usize,
        penalty: Penalty,
        weights: &mut [f32],
        place: Range<usize>,
        gradient: &[f32],
    ) {
        let Moments { first, second } = &mut self.moments[parameter];
        let rate = self.rate;
        let all = weights.len();
        let weights = &mut weights[place.clone()];
        match self.kind {
            OptimizerKind::Rmsprop if penalty == Penalty::default() => {
                second.resize(all, 0.0);
                rmsprop_by_lines(rate, weights, gradient, &mut second[place]);
            }
            OptimizerKind::Rmsprop => {
                second.resize(all, 0.0);
                let rule = |w: &mut f32, g: f32, v: &mut f32| rmsprop(rate, w, g, v);
                penalised(penalty, weights, gradient, second[place].iter_mut(), rule);
            }
            OptimizerKind::Adam => {
                first.resize(all, 0.0);
                second.resize(all, 0.0);
                // In f64: 1 - 0.999^t loses half its digits in f32.
                let step = f64::from(self.steps);
                let correction = (1.0 - f64::from(BETA_2).powf(step)).sqrt() / (1.0 - f64::from(BETA_1).powf(step));
                let rate = (f64::from(rate) * correction) as f32;
                let rule = |w: &mut f32, g: f32, (m, v): (&mut f32, &mut f32)| {
                    *m = unless_below(NEGLIGIBLE, *m + (g - *m) * (1.0 - BETA_1));
                    *v = unless_below(NEGLIGIBLE * NEGLIGIBLE, *v + (g * g - *v) * (1.0 - BETA_2));
                    *w -= rate * *m / (v.sqrt() + EPSILON);
                };
                let state = first[place.clone()].iter_mut().zip(&mut second[place]);
                penalised(penalty, weights, gradient, state, rule);
            }
            OptimizerKind::Sgd => {
                let rule = |w: &mut f32, g: f32, ()| *w -= rate * g;
                penalised(penalty, weights, gradient, std::iter::repeat_n((), gradient.len()), rule);
            }
        }
    }
}

/// The rule of `RMSprop` for one weight.
#[inline(always)]
fn rmsprop(rate: f32, w: &mut f32, g: f32, v: &mut f32) {
    *v = unless_below(NEGLIGIBLE * NEGLIGIBLE, RHO * *v + (1.0 - RHO) * g * g);
    *w -= rate * g / (*v + EPSILON).sqrt();
}

/// As many weights as are looked at together.
const LINE: usize = 32;

/// Applies [`rmsprop`] to each weight. Where a line of gradients is zero, that of a word that no document of the batch has, its
/// weights stay as they are, without their roots and divisions, and without being read.
fn rmsprop_by_lines(rate: f32, weights: &mut [f32], gradient: &[f32], means: &mut [f32]) {
    Arch::new().dispatch(
        #[inline(always)]
        move || {
            // What a closure moves out makes it one that is called once; else a shim calls it, which is not compiled for the vectors.
            let (weights, means) = (weights, means);
            let ((weights, last_weights), (gradient, last_gradient)) =
                (weights.as_chunks_mut::<LINE>(), gradient.as_chunks::<LINE>());
            let (means, last_means) = means.as_chunks_mut::<LINE>();
            for ((weights, gradient), means) in weights.iter_mut().zip(gradient).zip(means) {
                if gradient.iter().fold(0, |all, g| all | g.to_bits() << 1) == 0 {
                    for v in means {
                        *v = unless_below(NEGLIGIBLE * NEGLIGIBLE, RHO * *v);
                    }
                    continue;
                }
                for ((w, &g), v) in weights.iter_mut().zip(gradient).zip(means) {
                    rmsprop(rate, w, unless_below(NEGLIGIBLE, g), v);
                }
            }
            for ((w, &g), v) in last_weights.iter_mut().zip(last_gradient).zip(last_means) {
                rmsprop(rate, w, unless_below(NEGLIGIBLE, g), v);
            }
        },
    );
}

/// Applies a rule to each weight with its gradient, penalties added, and its state; with the machine's widest vectors.
#[inline(always)]
fn penalised<S>(
    Penalty { l1, l2 }: Penalty,
    weights: &mut [f32],
    gradient: &[f32],
    state: impl Iterator<Item = S>,
    rule: impl Fn(&mut f32, f32, S),
) {
    Arch::new().dispatch(
        #[inline(always)]
        move || {
            let all = weights.iter_mut().zip(gradient).zip(state);
            if l1 == 0.0 && l2 == 0.0 {
                for ((w, &g), s) in all {
                    rule(w, unless_below(NEGLIGIBLE, g), s);
                }
            } else {
                for ((w, &g), s) in all {
                    // `signum` of 0 is 1 in Rust, and 0 in Keras.
                    let sign = f32::from(*w > 0.0) - f32::from(*w < 0.0);
                    let g = g + l1 * sign + 2.0 * l2 * *w;
                    rule(w, unless_below(NEGLIGIBLE, g), s);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some steps of an optimiser on four weights, and the same by `rule` in f64 (weight, gradient, moments, step), with the
    /// penalties' slopes taken as finite differences of the penalties.
    fn agrees(kind: OptimizerKind, rate: f64, rule: impl Fn(&mut f64, f64, &mut [f64; 2], i32)) {
        let penalty = Penalty { l1: 3e-4, l2: 1e-3 };
        let mut optimiser = Optimiser::new(kind, rate as f32, 2);
        let mut w = [0.5f32, -0.25, 0.0, 1e-4];
        let (mut w64, mut moments) = (w.map(f64::from), [[0f64; 2]; 4]);
        for step in 1..=6u8 {
            let g = [0.1f32, -0.02, 1e-5, f32::from(step) - 2.0];
            optimiser.begin_step();
            optimiser.update(1, penalty, &mut w, &g);
            for i in 0..4 {
                let value = |x: f64| 3e-4 * x.abs() + 1e-3 * x * x;
                let slope = (value(w64[i] + 1e-9) - value(w64[i] - 1e-9)) / 2e-9;
                rule(&mut w64[i], f64::from(g[i]) + slope, &mut moments[i], step.into());
                assert!((f64::from(w[i]) - w64[i]).abs() < 2e-6, "step {step}, weight {i}: {} {}", w[i], w64[i]);
            }
        }
    }

    #[test]
    fn rmsprop_agrees_with_its_formula_in_f64() {
        agrees(OptimizerKind::Rmsprop, 1e-3, |w, g, [v, _], _| {
            *v = 0.9 * *v + 0.1 * g * g;
            *w -= 1e-3 * g / (*v + 1e-7).sqrt();
        });
    }

    #[test]
    fn adam_agrees_with_its_formula_in_f64() {
        // Kingma and Ba, algorithm 1, with epsilon where Keras has it: relative to the uncorrected root.
        agrees(OptimizerKind::Adam, 1e-3, |w, g, [m, v], t| {
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            let (corrected_m, corrected_v) = (*m / (1.0 - 0.9f64.powi(t)), *v / (1.0 - 0.999f64.powi(t)));
            *w -= 1e-3 * corrected_m / (corrected_v.sqrt() + 1e-7 / (1.0 - 0.999f64.powi(t)).sqrt());
        });
    }

    #[test]
    fn sgd_follows_the_gradient() {
        agrees(OptimizerKind::Sgd, 1e-2, |w, g, _, _| *w -= 1e-2 * g);
    }

    #[test]
    fn lines_without_a_gradient_come_out_as_one_weight_after_the_other() {
        let len = 5 * LINE + 3;
        let mut optimiser = Optimiser::new(OptimizerKind::Rmsprop, 1e-3, 1);
        let mut weights: Vec<f32> = (0..len).map(|i| (i as f32).sin()).collect();
        let (mut expected, mut means) = (weights.clone(), vec![0f32; len]);
        for step in 0..8usize {
            // In turn a line of zeros, one with a single gradient, one of zeros of either sign.
            let gradient = |i: usize| match (i / LINE + step) % 4 {
                0 => 0.0,
                1 if i % LINE == 7 => 0.3,
                1 | 2 => [0.0, -0.0][i % 2],
                _ => (i as f32 * 0.7).cos(),
            };
            let gradient: Vec<f32> = (0..len).map(gradient).collect();
            optimiser.begin_step();
            optimiser.update(0, Penalty::default(), &mut weights, &gradient);
            for ((w, &g), v) in expected.iter_mut().zip(&gradient).zip(&mut means) {
                rmsprop(1e-3, w, g, v);
            }
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
            assert_eq!(bits(&weights), bits(&expected), "step {step}");
            assert_eq!(bits(&optimiser.moments[0].second), bits(&means), "step {step}");
        }
    }

    #[test]
    fn nothing_is_remembered_as_a_subnormal_number() {
        for kind in [OptimizerKind::Rmsprop, OptimizerKind::Adam] {
            let mut optimiser = Optimiser::new(kind, 1e-3, 1);
            let mut w = [0.5f32; 4];
            for step in 0..2_000 {
                // The second shrinks until it is none; the others are small from the start, or vanish.
                let shrinking = 0.95f32.powi(step);
                let g = [1e-21, shrinking, if step == 0 { 1.0 } else { 0.0 }, -1e-13];
                optimiser.begin_step();
                optimiser.update(0, Penalty::default(), &mut w, &g);
                let Moments { first, second } = &optimiser.moments[0];
                assert!(first.iter().chain(second).all(|m| !m.is_subnormal()), "{kind:?}, step {step}: {optimiser:?}");
            }
            assert!(optimiser.moments[0].second[3] > 0.0, "what is small but counts is kept");
        }
    }

    #[test]
    fn what_is_remembered_comes_back_from_bytes() {
        let mut optimiser = Optimiser::new(OptimizerKind::Adam, 1e-3, 1);
        let mut w = [1.0f32, 2.0];
        optimiser.begin_step();
        optimiser.update(0, Penalty::default(), &mut w, &[0.3, -0.4]);
        let bytes = postcard::to_stdvec(&optimiser).unwrap();
        let mut again: Optimiser = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(again, optimiser);
        let mut w2 = w;
        for (optimiser, w) in [(&mut optimiser, &mut w), (&mut again, &mut w2)] {
            optimiser.begin_step();
            optimiser.update(0, Penalty::default(), w, &[-0.1, 0.2]);
        }
        assert_eq!(w.map(f32::to_bits), w2.map(f32::to_bits));
    }
}
