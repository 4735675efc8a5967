//! Evidence: is a technique's gain over the baseline real, and does it survive deployment?
//!
//! Accuracies are fractions; gains, gaps, margins and intervals are percentage points. Every recipe is trained once a
//! seed, and every seed is tested on the same documents, so seeds and documents are *crossed*: two seeds share the luck
//! of the documents, two documents share the luck of the seed. [`Crossed`] estimates both variances, [`bootstrap()`]
//! resamples both, [`judge`] turns three intervals into one [`Verdict`], and [`gains`] does all of it for several
//! techniques against one baseline.
//!
//! The crate knows nothing of training, files or boards: it takes [`Correctness`] and returns plain numbers.

mod bootstrap;
mod calibration;
#[cfg(test)]
mod coverage;
mod crossed;
mod equivalence;
mod error;
mod fidelity;
mod gain;
mod interval;
mod matrix;
mod pair;
mod significance;
mod student;
mod verdict;

pub use bootstrap::{Resampling, bootstrap};
pub use calibration::{CALIBRATION_BINS, expected_calibration_error};
pub use crossed::{Components, Crossed, Needed};
pub use equivalence::Equivalence;
pub use error::Error;
pub use fidelity::{flips, generalisation_gap, rms_ratio};
pub use gain::{BootstrapIntervals, Gain, Recipe, Settings, gains};
pub use interval::Interval;
pub use matrix::{Correctness, Gains};
pub use pair::Pair;
pub use significance::{Discordant, holm, mcnemar};
pub use student::mean_interval;
pub use verdict::{Verdict, judge};
