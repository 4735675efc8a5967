//! `RMSprop` as Keras 3 defines it, fused and in place.

use burn::{
    backend::Flex,
    optim::{LearningRate, Optimizer, RecordState},
    tensor::{Device, Tensor},
};

/// `v = rho * v + (1 - rho) * g^2`, `w -= rate * g / sqrt(v + epsilon)`: epsilon **inside** the root.
///
/// The penalties' gradients, `l1 * sign(w) + 2 * l2 * w`, are added to `g` first, which is the same as to have the
/// penalties in the loss. Source: Keras 3, `keras.optimizers.RMSprop` (rho 0.9, epsilon 1e-7, no momentum, not
/// centred) and `keras.regularizers`; burn's own `RmsProp` differs in every default and in the place of epsilon.
#[derive(Debug, Clone)]
pub(super) struct KerasRmsProp {
    pub(super) l1: f32,
    pub(super) l2: f32,
}

const RHO: f32 = 0.9;
const EPSILON: f32 = 1e-7;

/// The running mean of the squared gradient, one value a weight.
#[derive(RecordState, Clone)]
pub(super) struct MeanSquare<const D: usize> {
    velocity: Tensor<D>,
}

impl KerasRmsProp {
    /// One step over slices of equal length.
    fn update(&self, rate: f32, weights: &mut [f32], gradients: &[f32], velocities: &mut [f32]) {
        let Self { l1, l2 } = *self;
        if l1 == 0.0 && l2 == 0.0 {
            step(rate, weights, gradients, velocities, |_| 0.0);
        } else {
            // `signum` of 0 is 1 in Rust, and 0 in Keras.
            step(rate, weights, gradients, velocities, |w| {
                l1 * (f32::from(w > 0.0) - f32::from(w < 0.0)) + 2.0 * l2 * w
            });
        }
    }
}

#[inline]
fn step(rate: f32, weights: &mut [f32], gradients: &[f32], velocities: &mut [f32], penalty: impl Fn(f32) -> f32) {
    for ((w, &g), v) in weights.iter_mut().zip(gradients).zip(velocities) {
        let g = g + penalty(*w);
        *v = RHO * *v + (1.0 - RHO) * g * g;
        *w -= rate * g / (*v + EPSILON).sqrt();
    }
}

impl Optimizer for KerasRmsProp {
    type State<const D: usize> = MeanSquare<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let velocity = state.map_or_else(|| weights.zeros_like(), |state| state.velocity);
        let flex = |tensor: Tensor<D>| {
            tensor.try_into_primitive::<Flex>().expect("training runs on flex, outside autodiff").to_contiguous()
        };
        let (mut w, g, mut v) = (flex(weights), flex(gradient), flex(velocity));
        // `storage_mut` copies only what somebody else still holds: here, nothing.
        self.update(rate as f32, w.storage_mut(), g.storage(), v.storage_mut());
        let velocity = Tensor::from_primitive::<Flex>(v);
        (Tensor::from_primitive::<Flex>(w), Some(MeanSquare { velocity }))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        MeanSquare { velocity: state.velocity.to_device(device) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same rule in f64, written from the formula with the penalties as finite differences of their sums.
    #[test]
    fn a_few_steps_agree_with_the_formula_in_f64() {
        let optimiser = KerasRmsProp { l1: 3e-4, l2: 1e-3 };
        let (mut w, mut v) = ([0.5f32, -0.25, 0.0, 1e-4], [0f32; 4]);
        let (mut w64, mut v64) = (w.map(f64::from), [0f64; 4]);
        for step in 0..5u8 {
            let g = [0.1f32, -0.02, 1e-5, f32::from(step) - 2.0];
            optimiser.update(1e-3, &mut w, &g, &mut v);
            for i in 0..4 {
                let penalty = |x: f64| 3e-4 * x.abs() + 1e-3 * x * x;
                let slope = (penalty(w64[i] + 1e-9) - penalty(w64[i] - 1e-9)) / 2e-9;
                let gradient = f64::from(g[i]) + slope;
                v64[i] = 0.9 * v64[i] + 0.1 * gradient.powi(2);
                w64[i] -= 1e-3 * gradient / (v64[i] + 1e-7).sqrt();
                assert!((f64::from(w[i]) - w64[i]).abs() < 1e-6, "step {step}, weight {i}: {} {}", w[i], w64[i]);
            }
        }
    }
}
