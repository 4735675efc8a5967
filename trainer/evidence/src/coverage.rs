//! Do 95% intervals cover the true gain 95 times in 100?

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{Crossed, Gains, Interval, Resampling, bootstrap};

const TRUE_GAIN: f64 = 0.01;
/// Share of documents on which technique and baseline ever differ.
const CONTESTED: f64 = 0.12;
/// Between contested documents the gain has this standard deviation.
const BETWEEN_DOCUMENTS: f64 = 0.4;

/// A world with a known gain: new seeds and new documents each time.
struct World {
    random: ChaCha8Rng,
    normal: Normal,
    seeds: usize,
    documents: usize,
    seed_deviation: f64,
    /// The standard deviation of the gain between seeds on one contested document.
    within_documents: f64,
}

impl World {
    /// Seeds deviate by so many points.
    fn new(seeds: usize, documents: usize, points: f64) -> Self {
        let normal = Normal::new(0.0, 1.0).unwrap();
        Self {
            random: ChaCha8Rng::seed_from_u64(7),
            normal,
            seeds,
            documents,
            seed_deviation: points / 100.0,
            within_documents: 0.3,
        }
    }

    fn uniform(&mut self) -> f64 {
        (f64::from(self.random.next_u32()) + 0.5) / 2.0_f64.powi(32)
    }

    fn gaussian(&mut self) -> f64 {
        let uniform = self.uniform();
        self.normal.inverse_cdf(uniform)
    }

    /// Most documents gain exactly nothing; the others gain in fifths, as means over five epochs do.
    fn gains(&mut self) -> Gains {
        let seed_effects: Vec<f64> = (0..self.seeds).map(|_| self.seed_deviation * self.gaussian()).collect();
        let mut rows = vec![vec![0.0; self.documents]; self.seeds];
        for document in 0..self.documents {
            if self.uniform() >= CONTESTED {
                continue;
            }
            let document_effect = BETWEEN_DOCUMENTS * self.gaussian();
            for (row, seed_effect) in rows.iter_mut().zip(&seed_effects) {
                let gain =
                    (TRUE_GAIN + seed_effect) / CONTESTED + document_effect + self.within_documents * self.gaussian();
                // Rounds up as often as keeps the mean.
                row[document] = ((5.0 * gain + self.uniform()).floor() / 5.0) as f32;
            }
        }
        Gains::new(&rows).unwrap()
    }

    /// Share of worlds whose interval contains the true gain, percent.
    fn coverage(mut self, worlds: usize, interval: impl Fn(&Gains) -> Interval) -> f64 {
        let covers = |interval: Interval| (interval.low..=interval.high).contains(&(100.0 * TRUE_GAIN));
        let covered = (0..worlds).filter(|_| covers(interval(&self.gains()))).count();
        100.0 * covered as f64 / worlds as f64
    }
}

fn crossed(gains: &Gains) -> Interval {
    Crossed::of(gains).interval(0.95).unwrap()
}

fn percentile(gains: &Gains) -> Interval {
    bootstrap(std::slice::from_ref(gains), Resampling { draws: 200, seed: 0 }, 0.95).unwrap()[0]
}

/// The crossed interval keeps its promise whatever the seeds do; the percentile bootstrap, over the same five seeds of the
/// same worlds, does not, which is why no verdict rests on it.
#[test]
fn crossed_interval_covers_the_true_gain_where_the_percentile_bootstrap_falls_short() {
    let coverages = std::thread::scope(|scope| {
        let workers = [0.2, 0.45, 1.2].map(|points| {
            let world = move || World::new(5, 25_000, points);
            scope.spawn(move || (points, world().coverage(2_000, crossed), world().coverage(500, percentile)))
        });
        workers.map(|worker| worker.join().unwrap())
    });
    println!("true gain covered with 5 seeds x 25,000 documents:  crossed  percentile bootstrap");
    for (points, crossed, bootstrapped) in coverages {
        println!("  seeds deviate by {points:4} points                     {crossed:6.1}%  {bootstrapped:6.1}%");
        assert!((93.0..=97.0).contains(&crossed), "seed deviation {points}: {crossed}%");
        // Where the documents are most of the luck, percentiles lose little; where the seeds are, they lose much.
        let at_most = if points < 0.3 { crossed } else { 92.0 };
        assert!(bootstrapped < at_most, "seed deviation {points}: {bootstrapped}%");
    }
}

/// Where the promise is only nearly kept: three seeds leave Satterthwaite too little to go by, which is why their intervals are
/// marked approximate; a residual that is as large as the rest weighs, since it counts twice, so that the interval is too wide.
#[test]
fn three_seeds_cover_too_seldom_and_a_large_residual_too_often() {
    let three_seeds = World::new(3, 25_000, 1.2).coverage(2_000, crossed);
    let world = World { within_documents: 0.9, ..World::new(5, 2_000, 0.2) };
    let large_residual = world.coverage(2_000, crossed);
    println!("3 seeds x 25,000 documents: {three_seeds:.1}%; a large residual: {large_residual:.1}%");
    assert!((91.0..95.0).contains(&three_seeds), "{three_seeds}%");
    assert!((97.0..99.5).contains(&large_residual), "{large_residual}%");
}
