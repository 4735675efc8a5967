//! Axes: from values to places, and the ticks between.

/// A linear axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Puts `low` at `from` and `high` at `to`. A range without width gets one.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, from, to }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }
}

/// The least and the largest of the finite values.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// Round values (steps of 1, 2 or 5 times a power of ten) that lie within a range, about `count` of them, and how many
/// decimals they need.
pub(super) fn ticks((low, high): (f64, f64), count: usize) -> (Vec<f64>, usize) {
    let width = (high - low).max(1e-9);
    let least = width / count.max(1) as f64;
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|&step| step >= least * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    ((first..=last).map(|i| i as f64 * step).collect(), decimals)
}

/// A range that ends at ticks, a little wider than the values, from 0 where that is near.
pub(super) fn padded((low, high): (f64, f64)) -> (f64, f64) {
    let low = if low >= 0.0 && low < 0.4 * high { 0.0 } else { low };
    let (values, _) = ticks((low, high), 5);
    let step = values.windows(2).next().map_or((high - low).max(1e-3), |pair| pair[1] - pair[0]);
    ((low / step).floor() * step, (high / step).ceil() * step)
}

/// Moves the places of labels apart, at least `gap` from one to the next, within a range; the order stays, and the squares of
/// the distances moved are as small as they can be.
///
/// Less `gap` for each label before it, a place must not be below the one before: isotonic regression, which pools neighbours
/// that violate this into their mean (Barlow, Bartholomew, Bremner and Brunk, 1972, Statistical Inference under Order
/// Restrictions, chapter 1).
pub(super) fn spread(places: &[f64], gap: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
    // Pools: their mean and how many labels they hold.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let (mut mean, mut count) = (places[index] - gap * rank as f64, 1);
        while let Some((before, others)) = pools.pop_if(|pool| pool.0 > mean) {
            mean = (mean * count as f64 + before * others as f64) / (count + others) as f64;
            count += others;
        }
        pools.push((mean, count));
    }
    let highest = high - gap * places.len().saturating_sub(1) as f64;
    let means = pools.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean.min(highest).max(low), count));
    let mut moved = places.to_vec();
    for ((rank, index), mean) in order.into_iter().enumerate().zip(means) {
        moved[index] = mean + gap * rank as f64;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let (values, decimals) = ticks((0.27, 0.66), 5);
        assert_eq!(decimals, 1);
        assert_eq!(values.iter().map(|v| format!("{v:.1}")).collect::<Vec<_>>(), ["0.3", "0.4", "0.5", "0.6"]);
        assert_eq!(ticks((1.0, 20.0), 5).0, [5.0, 10.0, 15.0, 20.0]);
        assert_eq!(ticks((0.0, 0.0), 5).0.first(), Some(&0.0));
        assert_eq!(padded((0.05, 0.66)), (0.0, 0.8));
        let (low, high) = padded((85.2, 88.9));
        assert!((low - 85.0).abs() < 1e-9 && (high - 89.0).abs() < 1e-9);
    }

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        let moved = spread(&[30.0, 31.0, 90.0, 32.0], 14.0, (0.0, 100.0));
        assert_eq!(moved, [17.0, 31.0, 90.0, 45.0]);
        let at_the_edge = spread(&[10.0, 11.0, 50.0, 12.0], 14.0, (0.0, 60.0));
        assert_eq!(at_the_edge, [0.0, 14.0, 50.0, 28.0]);
        assert_eq!(spread(&[59.0, 58.0], 14.0, (0.0, 60.0)), [60.0, 46.0]);
        assert!(spread(&[], 14.0, (0.0, 60.0)).is_empty());
    }

    #[test]
    fn scales_map_their_ends() {
        let scale = Scale::new((2.0, 4.0), (100.0, 0.0));
        assert!((scale.at(2.0) - 100.0).abs() < 1e-9 && scale.at(4.0).abs() < 1e-9);
        assert!(Scale::new((1.0, 1.0), (0.0, 9.0)).at(1.0).is_finite());
        assert_eq!(range([f64::NAN, 3.0, -1.0].into_iter()), Some((-1.0, 3.0)));
    }
}
