//! What can be wrong with the numbers handed in.

/// Why the evidence could not be computed.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// No seed at all.
    #[error("at least one seed is needed")]
    NoSeeds,
    /// The variance over documents needs two of them.
    #[error("at least 2 documents are needed, got {0}")]
    TooFewDocuments(usize),
    /// Two inputs that must describe the same seeds and documents do not.
    #[error("expected {expected} {what}, got {got}")]
    Shape {
        /// What was counted: `seeds`, `documents`, `values`.
        what: &'static str,
        /// How many the first input has.
        expected: usize,
        /// How many the other input has.
        got: usize,
    },
    /// Correctness is a fraction of runs that decided rightly.
    #[error("seed {seed}, document {document}: correctness {value} is not within 0 and 1")]
    NotAFraction {
        /// Row of the offending value.
        seed: usize,
        /// Column of the offending value.
        document: usize,
        /// The value.
        value: f32,
    },
    /// `McNemar`'s test counts documents, so each is right or wrong, not in between.
    #[error("document {document}: McNemar's test needs correctness 0 or 1, got {value}")]
    NotBinary {
        /// Position of the offending value.
        document: usize,
        /// The value.
        value: f32,
    },
    /// A number that must be finite is not.
    #[error("value {index} is not finite")]
    NotFinite {
        /// Position of the offending value.
        index: usize,
    },
    /// A confidence level lies strictly between 0 and 1.
    #[error("confidence level {0} is not strictly between 0 and 1")]
    Level(f64),
    /// A margin is a finite number of points, not negative.
    #[error("margin {0} is not a finite number of points >= 0")]
    Margin(f64),
    /// A percentile needs draws to be taken from.
    #[error("at least one bootstrap draw is needed")]
    NoDraws,
    /// Calibration compares within bins.
    #[error("at least one bin is needed")]
    NoBins,
    /// A confidence is a probability.
    #[error("value {index}: {value} is not a probability")]
    NotAProbability {
        /// Position of the offending value.
        index: usize,
        /// The value.
        value: f64,
    },
}
