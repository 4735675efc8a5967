//! Models of numbers, from FORMAT.md alone: single precision by way of double, which has digits enough that rounding twice
//! is rounding once.

use edgefit::format::Input;

use super::{Arena, Layer, Takes, all_fit, file, logits};

/// A model of numbers.
#[derive(Debug, Clone)]
pub(crate) struct NumericNetwork {
    pub(crate) means: Vec<f32>,
    pub(crate) scales: Vec<f32>,
    pub(crate) layers: Vec<Layer>,
}

/// A raw number as an input.
fn input(raw: f32, mean: f32, scale: f32) -> i128 {
    let single = |exact: f64| f64::from(exact as f32);
    let steps = single(single(f64::from(raw) - f64::from(mean)) * f64::from(scale));
    let cut = steps.clamp(-127.0, 127.0);
    if cut < 0.0 { -(single(0.5 - cut).floor() as i128) } else { single(cut + 0.5).floor() as i128 }
}

impl NumericNetwork {
    /// Whether no accumulator can overflow, by the rule of FORMAT.md.
    pub(crate) fn fits(&self) -> bool {
        all_fit(&self.layers, Takes::Numbers)
    }

    /// The inputs of the first layer.
    pub(crate) fn inputs(&self, raw: &[f32]) -> Vec<i128> {
        let standards = self.means.iter().zip(&self.scales);
        raw.iter().zip(standards).map(|(&raw, (&mean, &scale))| input(raw, mean, scale)).collect()
    }

    /// The logits of a vector.
    pub(crate) fn logits(&self, raw: &[f32]) -> Vec<i32> {
        logits(&self.layers, self.inputs(raw))
    }

    /// The model file.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut arena = Arena::default();
        let input = Input::Numbers {
            features: self.means.len() as u32,
            means: arena.put(self.means.iter().map(|mean| mean.to_le_bytes())),
            scales: arena.put(self.scales.iter().map(|scale| scale.to_le_bytes())),
        };
        file(input, &self.layers, false, arena)
    }
}
